"""Deferred calls that never run: the function does not return."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caulk.flow.cfg import Block, FunctionEnd, Graph, items
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

_EXITS = frozenset({"os.Exit", "syscall.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln"})
_FATAL = frozenset({"Fatal", "Fatalf", "Fatalln", "Fatalw", "Exit", "Exitf"})
_OUTLASTS = re.compile(r"(?i)flush|sync$|clean_?up|tear_?down|stopcpuprofile|writeheapprofile|remove|restore")
"""Names of what does something that outlasts the process."""
_WRITERS = frozenset({"os.Create", "os.OpenFile"})


@dataclass(frozen=True, slots=True, eq=False)
class Unreached:
    """A defer statement whose call is not made."""

    unit: FunctionUnit
    statement: ir.Defer
    exit: ir.Call | None
    """What ends the process instead; None for a loop without an end."""


def unreached(unit: FunctionUnit) -> Iterator[Unreached]:
    """The deferred calls of a top-level function and its literals that do not run, on some way at least."""
    for function in unit.function.walk():
        graph = unit.cfg(function) if function.body is not None else None
        for block, index, item in items(graph) if graph is not None else ():
            if not isinstance(item, ir.Defer) or graph is None:
                continue
            if _loops_for_ever(unit, graph, block, item, function):
                yield Unreached(unit, item, None)
            elif _matters(unit, item):
                exit_ = _exit_behind(unit, block, index)
                if exit_ is not None:
                    yield Unreached(unit, item, exit_)


def _loops_for_ever(unit: FunctionUnit, graph: Graph, block: Block, item: ir.Defer, function: ir.Function) -> bool:
    """Whether the statement stands in a loop that no way leaves."""
    if unit.placement(function).loop_around(item) is None or not graph.reaches(block, block):
        return False
    reached = _reachable(block)
    if any(isinstance(found, ir.Return | FunctionEnd) for other in reached for found in other.items):
        return False
    return all(other.edges for other in reached)  # a panic runs what was deferred


def _reachable(block: Block) -> list[Block]:
    seen = {block.index}
    found = [block]
    for current in found:
        for edge in current.edges:
            if edge.target.index not in seen:
                seen.add(edge.target.index)
                found.append(edge.target)
    return found


def _exit_behind(unit: FunctionUnit, block: Block, index: int) -> ir.Call | None:
    """The first call on a way on from the defer that ends the process."""
    for number, current in enumerate(_reachable(block)):
        for item in current.items[index + 1 if number == 0 else 0 :]:
            call = item.expr if isinstance(item, ir.ExprStmt) else None
            if isinstance(call, ir.Call) and _exits(unit, call):
                return call
    return None


def _exits(unit: FunctionUnit, call: ir.Call) -> bool:
    callee = unit.typer.callee(call)
    if callee.name in _EXITS:
        return True
    return callee.short in _FATAL and not callee.name.startswith("testing.") and not unit.file.is_test


def _matters(unit: FunctionUnit, statement: ir.Defer) -> bool:
    """Whether the call does something that outlasts the process: removes a file, flushes, writes."""
    call = statement.call
    if not isinstance(call, ir.Call):
        return False
    calls = [call]
    if isinstance(call.func, ir.FuncLit) and call.func.function.body is not None:
        calls = [part for part in expressions(call.func.function.body) if isinstance(part, ir.Call)]
    return any(_outlasts(unit, part) for part in calls)


def _outlasts(unit: FunctionUnit, call: ir.Call) -> bool:
    callee = unit.typer.callee(call)
    if callee.name in ("os.Remove", "os.RemoveAll"):
        return True
    func = call.func
    name = func.field if isinstance(func, ir.Selector) else func.name if isinstance(func, ir.Name) else ""
    if _OUTLASTS.match(name):
        return True
    base = func.base if isinstance(func, ir.Selector) else None
    if name != "Close" or not isinstance(base, ir.Name) or base.symbol is None or base.symbol.definition is None:
        return False
    made = base.symbol.definition.expr
    return isinstance(made, ir.Call) and unit.typer.callee(made).name in _WRITERS
