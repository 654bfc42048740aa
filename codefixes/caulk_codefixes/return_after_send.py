"""The ``return`` that is missing behind a send."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_goroutines import BlockedSend
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, BlockedSend)
    if evidence.return_after is None:
        return
    edit = insert_statement(source, Place(Where.AFTER, evidence.return_after), ["return"])
    if edit is not None:
        line = source.lines.line_of(evidence.return_after) + 1
        yield Fix("return-after-send", f"Return after the send of line {line}", (edit,), Applicability.UNSAFE)


FIX = CodeFix("return-after-send", BlockedSend, _offer)
