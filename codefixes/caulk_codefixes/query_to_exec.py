"""``Exec`` for a statement that gives no rows."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_databases import QueryForExec
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import remove_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, QueryForExec)
    edits = [Edit(*evidence.method, evidence.replacement.encode())]
    if evidence.rows is not None:
        edits.append(Edit(*evidence.rows, b"_"))
    if evidence.assign is not None:
        edits.append(Edit(*evidence.assign, b"="))
    for start, end in evidence.closes:
        removal = remove_statement(source, start, end)
        if removal is None:
            return
        edits.append(removal)
    yield Fix("query-to-exec", f"Call {evidence.replacement}", tuple(edits), Applicability.UNSAFE)


FIX = CodeFix("query-to-exec", QueryForExec, _offer)
