"""Goroutines whose loop has no way out."""

import re
from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.frequency import Frequency
from caulk.flow.program import FunctionUnit
from caulk.rules.endless import ignored_context, piles_up, start_finding
from caulk.rules.rule import Rule, words

_STARTS = re.compile(rb"\bgo\s|\.(?:Try)?Go\(")


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if not _STARTS.search(unit.text):
        return
    for start in unit.endless_starts:
        if start.endless.ticker is not None or start.endless.inner_breaks or piles_up(start):
            continue
        if start.frequency is Frequency.REQUEST or ignored_context(unit, start.endless) is None:
            yield start_finding(start, "goroutine-never-exits", "no path leaves its loop")


RULE = Rule(
    module=__name__,
    code="goroutine-never-exits",
    tier=Tier.CORE,
    summary="a goroutine runs a loop that no path leaves",
    check_function=_check,
    gate=words("go", "Go", "TryGo"),
    fix="unsafe",
    tests_too=False,
)
