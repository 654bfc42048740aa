"""What the rules of timers look at alike."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.flow.cfg import FunctionEnd
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.constants import constant_integer
from caulk.ir.visit import walk

COLLECTED = (1, 23)
"""The Go version from which timers that nobody refers to are collected, whether they were stopped or not."""
ALWAYS_COLLECTED = (1, 27)
"""The toolchain that has no switch for the old behaviour any more."""


def lives_on(unit: FunctionUnit) -> bool:
    """Whether a timer of the module lives until it fires, and a ticker for ever. Not where no go.mod tells the version."""
    version = unit.program.version
    return version.is_before(COLLECTED) and (version.toolchain is None or version.toolchain < ALWAYS_COLLECTED)


def runs_once(unit: FunctionUnit, function: ir.Function) -> bool:
    """Whether the function runs once a process."""
    return function is unit.function and not unit.receiver and unit.name in ("main", "init")


def calls_of(unit: FunctionUnit, name: str) -> Iterator[ir.Call]:
    """The calls of a function of package time."""
    for node in walk(unit.function.body, literals=True) if unit.function.body is not None else ():
        match node:
            case ir.Call(func=ir.Selector(field=field)) if (
                field == name and unit.typer.callee(node).name == f"time.{name}"
            ):
                yield node
            case _:
                pass


def returns_behind(unit: FunctionUnit, function: ir.Function, start: int) -> bool:
    """Whether the function can be left behind an offset. The end of a channel that nobody closes is no way out."""
    graph = unit.cfg(function)
    seen = {graph.entry.index}
    todo = [graph.entry]
    for block in todo:
        if any(isinstance(item, ir.Return | FunctionEnd) and item.start >= start for item in block.items):
            return True
        for edge in block.edges:
            if edge.target.index not in seen and not _is_end_of_ticks(edge.exhausted):
                seen.add(edge.target.index)
                todo.append(edge.target)
    return False


def _is_end_of_ticks(subject: ir.Expr | None) -> bool:
    match subject:
        case ir.Selector(field="C") | ir.Call(func=ir.Selector(field="Tick" | "After")):
            return True
        case _:
            return False


_SECONDS = {"Nanosecond": 1e-9, "Microsecond": 1e-6, "Millisecond": 1e-3, "Second": 1.0, "Minute": 60.0, "Hour": 3600.0}
UNITS = frozenset(_SECONDS)
"""The constants of package time by which durations are written."""
SHORT = 10.0
"""Seconds; timers of less are gone before many of them come together."""


def is_short(durations: tuple[ir.Expr, ...]) -> bool:
    """Whether the duration is a constant of a few seconds."""
    match durations:
        case (ir.Selector(field=name),):
            return _SECONDS.get(name, SHORT) < SHORT
        case (ir.Binary(op="*", left=left, right=right),):
            number, scale = (left, right) if isinstance(right, ir.Selector) else (right, left)
            count = constant_integer(number)
            return (
                count is not None
                and isinstance(scale, ir.Selector)
                and count * _SECONDS.get(scale.field, SHORT) < SHORT
            )
        case _:
            return False


def statement_around(unit: FunctionUnit, node: ir.Node) -> ir.Node | None:
    """The statement, directly in a block, that the node stands in."""
    last: ir.Node = node
    for above in unit.uses.around(node):
        if isinstance(above, ir.Block):
            return last
        last = above
    return None
