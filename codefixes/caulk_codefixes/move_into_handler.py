"""A variable that only a handler uses moves into it: every request gets its own."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_requests import SharedState
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import remove_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, SharedState)
    if evidence.declaration is None or not evidence.only_in_handler:
        return
    removal = remove_statement(source, *evidence.declaration)
    if removal is None:
        return
    define = Edit(*evidence.operator, b":=")
    yield Fix("move-into-handler", f"Give every request its own {evidence.name}", (removal, define), Applicability.SAFE)


FIX = CodeFix("move-into-handler", SharedState, _offer)
