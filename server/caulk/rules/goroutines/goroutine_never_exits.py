"""Goroutines whose loop has no way out."""

import re
from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.rules.endless import start_finding
from caulk.rules.rule import Rule

_STARTS = re.compile(rb"\bgo\s|\.(?:Try)?Go\(")


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if not _STARTS.search(unit.text):
        return
    for start in unit.endless_starts:
        if start.endless.ticker is None and not start.endless.inner_breaks:
            yield start_finding(start, "goroutine-never-exits", "no path leaves its loop")


RULE = Rule(
    module=__name__,
    code="goroutine-never-exits",
    tier=Tier.CORE,
    summary="a goroutine runs a loop that no path leaves",
    check_function=_check,
    fix="unsafe",
    tests_too=False,
)
