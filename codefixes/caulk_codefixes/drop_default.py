"""A select without its empty default waits instead of polling."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_goroutines import EmptyDefault
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import remove_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, EmptyDefault)
    if b"//" in source.data[evidence.start : evidence.end]:
        return
    edit = remove_statement(source, evidence.start, evidence.end)
    if edit is not None:
        yield Fix("drop-default", "Remove the empty default: wait for the other clauses", (edit,), Applicability.UNSAFE)


FIX = CodeFix("drop-default", EmptyDefault, _offer)
