"""A deferred release for the case that the function returns an error, instead of one in front of each of many exits."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import ExitKind, Unreleased
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.deferral import naming
from caulk_codefixes.layout import insert_statement

MIN_EXITS = 3


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, Unreleased)
    error, place = evidence.error, evidence.defer_at
    if error is None or place is None or len(evidence.exits) < MIN_EXITS or not evidence.succeeds:
        return
    if evidence.explicit_release or evidence.in_loop or evidence.rebound or evidence.spawned or evidence.late_defer:
        return
    if not evidence.transferred or not all(
        exit_.kind is ExitKind.RETURN and exit_.fails and not exit_.maybe_released for exit_ in evidence.exits
    ):
        return
    call = evidence.release.call
    lines = ["defer func() {", f"\tif {error.name} != nil {{", f"\t\t{call}", "\t}", "}()"]
    edit = insert_statement(source, place, lines)
    if edit is not None:
        title = f"Call `{call}` whenever an error is returned"
        yield Fix("release-on-error", title, (*naming(error), edit), Applicability.UNSAFE)


FIX = CodeFix("release-on-error", Unreleased, _offer)
