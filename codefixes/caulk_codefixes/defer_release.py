"""``defer resp.Body.Close()`` behind the check of the error."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Unreleased
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.deferral import deferral, guarded
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, Unreleased)
    place = evidence.defer_at
    if place is None or evidence.late_defer or evidence.explicit_release or evidence.transferred or evidence.rebound:
        return
    if evidence.in_loop or evidence.spawned or evidence.context_kept:
        return  # a defer in a loop is the next finding
    made = deferral(evidence.release, settings, evidence.error)
    edit = insert_statement(source, place, guarded(evidence.release, made.lines))
    if edit is not None:
        title = f"Add `defer {evidence.release.call}`"
        yield Fix("defer-release", title, (*made.edits, edit), Applicability.SAFE, made.imports)


FIX = CodeFix("defer-release", Unreleased, _offer)
