"""``defer resp.Body.Close()`` behind the check of the error."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Release, Unreleased
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement


def deferred(release: Release, settings: FixSettings) -> list[str]:
    """The lines of a deferred release in the style that the user chose."""
    if release.returns_error and settings.defer_style != "plain":
        return [f"defer func() {{ _ = {release.call} }}()"]
    return [f"defer {release.call}"]


def guarded(release: Release, lines: list[str]) -> list[str]:
    """The lines, inside a test for nil where the value may be missing."""
    if not release.nil_guard:
        return lines
    return [f"if {release.nil_guard} != nil {{", *("\t" + line for line in lines), "}"]


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, Unreleased)
    place = evidence.defer_at
    if place is None or evidence.late_defer or evidence.explicit_release or evidence.transferred or evidence.rebound:
        return
    if evidence.in_loop or evidence.spawned:
        return  # a defer in a loop is the next finding
    lines = guarded(evidence.release, deferred(evidence.release, settings))
    edit = insert_statement(source, place, lines)
    if edit is not None:
        yield Fix("defer-release", f"Add `defer {evidence.release.call}`", (edit,), Applicability.SAFE)


FIX = CodeFix("defer-release", Unreleased, _offer)
