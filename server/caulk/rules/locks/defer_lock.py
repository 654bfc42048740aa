"""``defer mu.Lock()`` where ``defer mu.Unlock()`` is meant."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.locks import LockUse
from caulk.flow.program import FunctionUnit
from caulk.rules.locks.lock_text import lock_name, meant
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for use in unit.locks.all:
        yield from _in(unit, use)


def _in(unit: FunctionUnit, use: LockUse) -> Iterator[Finding]:
    for statement, call in use.deferred.items():
        unlocked = any(not other.locks and other.path == call.path for other in use.calls)
        if call.locks and not unlocked and (call.path, call.mode) in use.before.get(statement, ()):
            name = lock_name(unit, call)
            yield finding_at(
                unit,
                call.call,
                code=RULE.code,
                tier=Tier.CORE,
                message=f"{name} is locked already: the deferred {call.mode.value} waits for ever",
                evidence=meant(unit, call, call.mode.unlock),
            )


RULE = Rule(
    module=__name__,
    code="defer-lock",
    tier=Tier.CORE,
    summary="Lock is deferred where Unlock is meant",
    check_function=_check,
    gate=words("defer Lock", "defer RLock"),
    fix="safe",
)
