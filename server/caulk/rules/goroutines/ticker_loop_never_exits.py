"""Goroutines that range over a ticker."""

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.rules.endless import start_finding
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b"range" not in unit.text and b"go" not in unit.text:
        return
    for start in unit.endless_starts:
        if start.endless.ticker is not None:
            channel = start.endless.unit.source_text(start.endless.ticker.subject)
            yield start_finding(start, "ticker-loop-never-exits", f"Stop does not close {channel}")


RULE = Rule(
    module=__name__,
    code="ticker-loop-never-exits",
    tier=Tier.CORE,
    summary="a goroutine ranges over the channel of a ticker, which is never closed",
    check_function=_check,
    gate=words("range go", "range Go", "range TryGo"),
    needs=("time",),
    fix="unsafe",
    tests_too=False,
)
