"""A ``strings.Builder`` for a string that grows in a loop."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_builders import GrownString
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import insert_statement, replace_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, GrownString)
    declared = replace_statement(source, *evidence.declaration, [evidence.declared])
    result = insert_statement(source, evidence.behind, [evidence.result])
    if declared is not None and result is not None:
        writes = tuple(Edit(start, end, text.encode()) for start, end, text in evidence.edits)
        edits = (declared, *writes, result)
        yield Fix("build-string", "Build it with a strings.Builder", edits, Applicability.SAFE, frozenset({"strings"}))


FIX = CodeFix("build-string", GrownString, _offer)
