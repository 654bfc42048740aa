"""Deferred calls that never run."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.flow.unreached import Unreached, unreached
from caulk.rules.report import finding_at, related_at
from caulk.rules.rule import Rule

_ENDS = frozenset({b"for", b"Exit", b"Fatal", b"Fatalf", b"Fatalln", b"Fatalw", b"Exitf"})


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b"defer" in unit.words and not _ENDS.isdisjoint(unit.words):
        for found in unreached(unit):
            yield _finding(found)


def _finding(found: Unreached) -> Finding:
    unit = found.unit
    if found.exit is None:
        message = "this deferred call never runs, and one more is kept every round: the loop has no end, so the function does not return"
    else:
        line, name = unit.line(found.exit.start), unit.source_text(found.exit.func)
        message = f"this deferred call does not run when {name} at line {line} ends the process"
    return finding_at(
        unit,
        found.statement,
        code="defer-unreached",
        tier=Tier.EXPERIMENTAL,
        message=message,
        related=() if found.exit is None else (related_at(unit, found.exit, "the process ends here"),),
    )


RULE = Rule(
    module=__name__,
    code="defer-unreached",
    tier=Tier.EXPERIMENTAL,
    summary="a deferred call is not reached: the loop has no end, or the process is ended",
    check_function=_check,
    tests_too=False,
    duplicates=("gocritic: exitAfterDefer",),
)
