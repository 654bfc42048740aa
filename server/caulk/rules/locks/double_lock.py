"""Locks that are locked again by who holds them."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.lock_calls import Held, LockCall, Mode
from caulk.flow.locks import LockUse, holder, locks_again
from caulk.flow.program import FunctionUnit
from caulk.rules.locks.lock_text import lock_name
from caulk.rules.report import finding_at, related_at
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for use in unit.locks.all:
        for call in use.calls:
            if call.locks and id(call.call) in use.nodes:
                yield from _again(unit, use, call)
        yield from _through_callees(unit, use)


def _again(unit: FunctionUnit, use: LockUse, call: LockCall) -> Iterator[Finding]:
    for held in use.locked_before(call.call):
        if excludes(held, (call.path, call.mode)) and use.is_own(call.path):
            first = holder(use, held, call)
            name = lock_name(unit, call)
            yield finding_at(
                unit,
                call.call,
                code=RULE.code,
                tier=Tier.CORE,
                message=f"{name} is locked already{_where(unit, first)}: {name}.{call.mode.value} waits for ever",
                related=[related_at(unit, first.call, "locked here")] if first is not None else (),
            )


def _through_callees(unit: FunctionUnit, use: LockUse) -> Iterator[Finding]:
    for call, held, reached in locks_again(unit, use):
        if not excludes(held, reached.held):
            continue
        first = holder(use, held)
        if first is None or not use.is_own(held[0]):
            continue
        name = lock_name(unit, first)
        yield finding_at(
            unit,
            call,
            code=RULE.code,
            tier=Tier.CORE,
            message=f"{name} is locked already{_where(unit, first)}, and {reached.unit.qualified} locks it again: "
            "that waits for ever",
            related=(
                related_at(unit, first.call, "locked here"),
                related_at(reached.unit, reached.call, "locked again here", unit),
            ),
        )


def excludes(held: Held, wanted: Held) -> bool:
    """Whether the lock that is held keeps the wanted one away, by whatever mode."""
    return held[0] == wanted[0] and (held[1] is Mode.WRITE or wanted[1] is Mode.WRITE)


def _where(unit: FunctionUnit, first: LockCall | None) -> str:
    return f" (line {unit.line(first.call.start)})" if first is not None else ""


RULE = Rule(
    module=__name__,
    code="double-lock",
    tier=Tier.CORE,
    summary="a lock is locked again by the function that holds it",
    check_function=_check,
    gate=words("Lock", "RLock"),
)
