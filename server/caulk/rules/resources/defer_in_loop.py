"""Deferred releases that pile up in a loop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from caulk.findings.finding import Finding, Tier
from caulk.flow.cfg import items
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.leak_evidence import deferred_in
from caulk.rules.report import finding_at
from caulk.rules.rule import everywhere
from caulk.rules.unreleased import leak_findings, unreleased

_CODE = "defer-in-loop"
_UNLOCKS = {"Unlock": "Lock", "RUnlock": "RLock"}
_LOCKS = frozenset({"sync.Mutex", "sync.RWMutex", "sync.Locker"})
_INDENTED = re.compile(rb"\n(?:\t\t+|  {3,})defer [\w.]+\.R?Unlock\(\)")


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    yield from leak_findings(_CODE, Tier.CORE, None, unit)
    if b"for" in unit.words and _INDENTED.search(unit.text):
        yield from _kept_locks(unit)


def _kept_locks(unit: FunctionUnit) -> Iterator[Finding]:
    """``mu.Lock(); defer mu.Unlock()`` in a loop, of one lock for all rounds: the second round waits for ever."""
    for function in unit.function.walk():
        graph = unit.cfg(function) if function.body is not None else None
        for block, _, item in items(graph) if graph is not None else ():
            loop = unit.placement(function).loop_around(item) if isinstance(item, ir.Defer) else None
            if graph is None or loop is None or not isinstance(item, ir.Defer) or not graph.reaches(block, block):
                continue
            lock = _unlocked(unit, item)
            if lock is not None and _is_of_all_rounds(lock.base, loop) and _locks(unit, lock, loop):
                name = unit.source_text(lock.base)
                then = "waits for ever" if lock.field == "Unlock" else "keeps writers out for longer"
                yield finding_at(
                    unit,
                    item,
                    code=_CODE,
                    tier=Tier.CORE,
                    message=f"{name} is unlocked only when the function returns: the next round of the loop locks it again and {then}",
                    evidence=deferred_in(unit, item, loop),
                )


def _unlocked(unit: FunctionUnit, item: ir.Defer) -> ir.Selector | None:
    func = item.call.func if isinstance(item.call, ir.Call) else None
    if not isinstance(func, ir.Selector) or func.field not in _UNLOCKS or not isinstance(item.call, ir.Call):
        return None
    callee = unit.typer.callee(item.call)
    return func if callee.declared_name.rpartition(".")[0] in _LOCKS else None


def _is_of_all_rounds(lock: ir.Expr, loop: ir.For | ir.Range) -> bool:
    """Whether it is the same lock in each round: nothing that the loop declares, no element, no result of a call."""
    return all(
        isinstance(part, ir.Selector | ir.Unary)
        or (isinstance(part, ir.Name) and (part.symbol is None or part.symbol.start < loop.start))
        for part in expressions(lock)
    )


def _locks(unit: FunctionUnit, unlock: ir.Selector, loop: ir.For | ir.Range) -> bool:
    wanted = f"{unit.source_text(unlock.base)}.{_UNLOCKS[unlock.field]}"
    return any(isinstance(part, ir.Call) and unit.source_text(part.func) == wanted for part in expressions(loop.body))


RULE = replace(
    unreleased(
        __name__,
        code=_CODE,
        summary="a release is deferred in a loop and waits for the function to end",
        fix="safe",
    ),
    check_function=_check,
    gate=everywhere,
)
