"""Read locks that are taken again by who holds them, while writers wait in between."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Related, Tier
from caulk.flow.lock_calls import LockCall, Mode, class_of
from caulk.flow.locks import LockUse, holder, locks_again
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.locks.lock_text import lock_name
from caulk.rules.report import finding_at, related_at
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for use in unit.locks.all:
        for call in use.calls:
            held = (call.path, Mode.READ)
            if call.locks and call.mode is Mode.READ and held in use.locked_before(call.call):
                yield from _finding(unit, use, holder(use, held, call), call.call)
        for node, held, reached in locks_again(unit, use):
            if held[1] is Mode.READ and reached.held[1] is Mode.READ:
                again = related_at(reached.unit, reached.call, "locked again here", unit)
                yield from _finding(unit, use, holder(use, held), node, again)


def _finding(
    unit: FunctionUnit, use: LockUse, first: LockCall | None, node: ir.Node, *more: Related
) -> Iterator[Finding]:
    if first is None or first.path in use.handed or not _has_writer(unit, first):
        return
    name = lock_name(unit, first)
    yield finding_at(
        unit,
        node,
        code=RULE.code,
        tier=Tier.EXTENDED,
        message=f"{name} is locked for reading already (line {unit.line(first.call.start)}): "
        "when a writer waits in between, both wait for ever",
        related=(related_at(unit, first.call, "locked here"), *more),
    )


def _has_writer(unit: FunctionUnit, lock: LockCall) -> bool:
    """Whether somebody in the package locks it for writing."""
    wanted = class_of(unit, lock.name.base)
    for other in unit.program.mentioning(b"Lock"):
        for use in other.locks.all:
            for call in use.calls:
                if call.locks and call.mode is Mode.WRITE and class_of(other, call.name.base) == wanted:
                    return bool(wanted) or other is unit
    return False


RULE = Rule(
    module=__name__,
    code="recursive-read-lock",
    tier=Tier.EXTENDED,
    summary="a read lock is taken again by the function that holds it, and there are writers",
    check_function=_check,
    gate=words("RLock"),
    tests_too=False,
)
