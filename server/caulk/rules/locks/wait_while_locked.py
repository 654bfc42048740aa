"""Waits for goroutines that need a lock which the waiting one holds."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.locked_waits import group_waits
from caulk.flow.program import FunctionUnit
from caulk.rules.locks.lock_text import locked_wait
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for wait in group_waits(unit):
        yield locked_wait(wait, RULE.code, f"waits for {unit.source_text(wait.subject)}", "calls Done")


RULE = Rule(
    module=__name__,
    code="wait-while-locked",
    tier=Tier.CORE,
    summary="a function waits for goroutines that need a lock which it holds",
    check_function=_check,
    gate=words("Lock Wait", "RLock Wait"),
)
