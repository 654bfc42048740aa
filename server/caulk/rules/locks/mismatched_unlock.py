"""Read locks that are unlocked as write locks, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.lock_calls import LockCall, Mode
from caulk.flow.locks import LockUse
from caulk.flow.program import FunctionUnit
from caulk.rules.locks.lock_text import lock_name, meant
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for use in unit.locks.all:
        deferred = {id(call.call): statement for statement, call in use.deferred.items()}
        for call in use.calls:
            if not call.locks:
                yield from _mismatch(unit, use, call, deferred.get(id(call.call), id(call.call)))


def _mismatch(unit: FunctionUnit, use: LockUse, call: LockCall, node: int) -> Iterator[Finding]:
    held = {mode for path, mode in use.before.get(node, ()) if path == call.path}
    if len(held) != 1 or call.mode in held or _is_taken(unit, call):
        return
    (mode,) = held
    name = lock_name(unit, call)
    yield finding_at(
        unit,
        call.call,
        code=RULE.code,
        tier=Tier.CORE,
        message=f"{name} was locked by {mode.value}: {name}.{call.mode.unlock} of it ends the process with a fatal error",
        evidence=meant(unit, call, mode.unlock),
    )


def _is_taken(unit: FunctionUnit, call: LockCall) -> bool:
    """Whether the function takes the lock somewhere in the mode that the call unlocks."""
    return any(
        other.locks and other.path == call.path and other.mode is call.mode
        for use in unit.locks.all
        for other in use.calls
    )


RULE = Rule(
    module=__name__,
    code="mismatched-unlock",
    tier=Tier.CORE,
    summary="a read lock is unlocked as a write lock, or the other way round",
    check_function=_check,
    gate=words(f"{Mode.READ.value} {Mode.WRITE.unlock}", f"{Mode.WRITE.value} {Mode.READ.unlock}"),
    fix="safe",
)
