"""An existing defer that comes too late moves up behind the check of the error."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from caulk.findings.evidence import Unreleased
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement, remove_statement, starts_line, with_comment


def can_hoist(evidence: Unreleased) -> bool:
    """Whether the one late defer is all that is wrong: no other release, owner or value is involved."""
    return (
        evidence.late_defer is not None
        and evidence.defer_at is not None
        and not (
            evidence.explicit_release
            or evidence.transferred
            or evidence.in_loop
            or evidence.rebound
            or evidence.spawned
        )
    )


def statement_lines(source: SourceFile, start: int, end: int) -> list[str] | None:
    """The lines of a statement without their common indent; None when raw strings could be changed by moving it."""
    text = source.text(source.line_start(start), end)
    if "`" in text:
        return None
    return textwrap.dedent(text.replace("\r\n", "\n")).split("\n")


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, Unreleased)
    if not can_hoist(evidence) or evidence.late_defer is None or evidence.defer_at is None:
        return
    start, end = evidence.late_defer[0], with_comment(source, evidence.late_defer[1])
    lines = statement_lines(source, start, end) if starts_line(source, start) else None
    removal = remove_statement(source, start, end)
    if lines is None or removal is None:
        return
    insertion = insert_statement(source, evidence.defer_at, lines)
    if insertion is None or insertion.start >= removal.start:
        return
    yield Fix("hoist-defer", "Move the defer up behind the error check", (insertion, removal), Applicability.SAFE)


FIX = CodeFix("hoist-defer", Unreleased, _offer)
