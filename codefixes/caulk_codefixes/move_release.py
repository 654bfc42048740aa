"""A deferred release that comes before the check of its error moves below it."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import PrematureRelease
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.hoist_defer import statement_lines
from caulk_codefixes.layout import insert_statement, remove_statement, starts_line, with_comment


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, PrematureRelease)
    start, end = evidence.statement_start, with_comment(source, evidence.statement_end)
    if evidence.move_to is None or not starts_line(source, start):
        return
    lines = statement_lines(source, start, end)
    removal = remove_statement(source, start, end)
    insertion = insert_statement(source, evidence.move_to, lines) if lines is not None else None
    if removal is None or insertion is None or insertion.start < removal.end:
        return
    yield Fix("move-release", "Move it below the error check", (removal, insertion), Applicability.SAFE)


FIX = CodeFix("move-release", PrematureRelease, _offer)
