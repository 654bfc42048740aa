"""Two locks that are taken in one order here and in the other there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caulk.findings.finding import Finding, Tier
from caulk.flow.lock_calls import Held, Mode, class_of, lock_path
from caulk.flow.locks import LockUse, holder, locks_below
from caulk.flow.program import FunctionUnit, Program
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.report import finding_at, related_at
from caulk.rules.rule import Rule

_LOCKS = re.compile(rb"\bR?Lock\b")


@dataclass(frozen=True, slots=True)
class _Order:
    """``second`` is taken while ``first`` is held."""

    unit: FunctionUnit
    node: ir.Call
    first: str
    second: str
    modes: tuple[Mode, Mode]
    others: frozenset[str]
    """What else is held."""


def _check(program: Program) -> Iterator[Finding]:
    orders: dict[tuple[str, str], list[_Order]] = {}
    for unit in program.matching(_LOCKS):
        if not unit.file.is_test:
            for use in unit.locks.all:
                for order in _orders(unit, use):
                    orders.setdefault((order.first, order.second), []).append(order)
    for (first, second), here in orders.items():
        if first < second:
            there = orders.get((second, first), [])
            pair = next(((a, b) for a in here for b in there if _may_meet(a, b)), None)
            if pair is not None:
                yield _finding(*pair)


def _orders(unit: FunctionUnit, use: LockUse) -> Iterator[_Order]:
    for call in use.calls:
        held = use.locked_before(call.call)
        if call.locks and held:
            yield from _with_held(unit, use, call.call, held, class_of(unit, call.name.base), call.mode)
    for node, _, reached in locks_below(unit, use):
        func = reached.call.func
        second = class_of(reached.unit, func.base) if isinstance(func, ir.Selector) else ""
        yield from _with_held(unit, use, node, use.locked_before(node), second, reached.held[1])


def _with_held(
    unit: FunctionUnit, use: LockUse, node: ir.Call, held: frozenset[Held], second: str, mode: Mode
) -> Iterator[_Order]:
    takers = [taker for one in held if (taker := holder(use, one)) is not None]
    names = {class_of(unit, taker.name.base): taker.mode for taker in takers}
    for first, first_mode in names.items():
        if first and second and second not in names:
            yield _Order(unit, node, first, second, (first_mode, mode), frozenset(names) - {first})


def _may_meet(here: _Order, there: _Order) -> bool:
    """Whether two goroutines may wait for each other: no lock around both keeps them apart, and somebody writes."""
    if here.unit is there.unit or here.others & there.others or _is_taken_out(here) or _is_taken_out(there):
        return False
    return Mode.WRITE in (here.modes[0], there.modes[1]) and Mode.WRITE in (here.modes[1], there.modes[0])


def _is_taken_out(order: _Order) -> bool:
    """Whether the function deletes from a map beside the second lock: who holds that one no longer finds what has the first."""
    body, func = order.unit.function.body, order.node.func
    lock = lock_path(func.base) if isinstance(func, ir.Selector) else None
    if lock is None or body is None or b"delete" not in order.unit.words:
        return False
    for node in walk(body):
        match node:
            case ir.Call(func=ir.Name(name="delete", symbol=None), args=(ir.Selector(base=owner), _)):
                path = lock_path(owner)
                if path is not None and lock.begins_with(path):
                    return True
            case _:
                pass
    return False


def _finding(here: _Order, there: _Order) -> Finding:
    first, second = (name.rpartition("/")[2].partition(".")[2] for name in (here.first, here.second))
    return finding_at(
        here.unit,
        here.node,
        code=RULE.code,
        tier=Tier.EXTENDED,
        message=f"{second} is locked while {first} is held; {there.unit.qualified} does it the other way round: "
        "the two can wait for each other for ever",
        related=(related_at(there.unit, there.node, f"locks {first} while {second} is held", here.unit),),
    )


RULE = Rule(
    module=__name__,
    code="lock-order-inversion",
    tier=Tier.EXTENDED,
    summary="two locks are taken in one order here and in the other there",
    check_package=_check,
    tests_too=False,
)
