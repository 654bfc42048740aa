"""Goroutines that nothing ends: bodies without a way out, and who starts them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from caulk.flow.cfg import Block, FunctionEnd, Item
from caulk.flow.channels import STARTER_NAMES, Body, body_of, is_starter
from caulk.flow.frequency import CallSite, Frequency, frequency, is_guarded
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.semantics.model import named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

Loop: TypeAlias = ir.For | ir.Range


@dataclass(frozen=True, slots=True, eq=False)
class Endless:
    """A body that control never leaves."""

    unit: FunctionUnit
    function: ir.Function
    loop: Loop | None
    """The loop that it stays in; None when that is in a function it calls, or there is only an empty select."""

    @property
    def ticker(self) -> ir.Range | None:
        """The loop when it ranges over the channel of a ticker, which Stop does not close."""
        return self.loop if isinstance(self.loop, ir.Range) else None

    @property
    def inner_breaks(self) -> list[ir.Branch]:
        """The breaks that were meant to leave the loop, and only leave a select in it."""
        return list(inner_breaks(self.unit, self.loop)) if isinstance(self.loop, ir.For) else []


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A goroutine that never ends."""

    unit: FunctionUnit
    statement: ir.Node
    """The ``go`` statement, or the call that starts it."""
    function: ir.Function
    """The function or literal that starts it."""
    endless: Endless
    frequency: Frequency


class EndlessBodies:
    """The endless bodies of a package, found on demand."""

    def __init__(self) -> None:
        self._found: dict[FunctionUnit, dict[ir.Function, Endless | None]] = {}

    def forget(self, units: Iterable[FunctionUnit]) -> None:
        """These functions are looked at anew."""
        for unit in units:
            self._found.pop(unit, None)

    def of(self, unit: FunctionUnit, function: ir.Function) -> Endless | None:
        found = self._found.setdefault(unit, {})
        if function not in found:
            found[function] = None  # recursion: it ends as far as we know
            found[function] = unit.program.reads.about(unit, lambda: _find_endless(unit, function))
        return found[function]


def starts_in(unit: FunctionUnit) -> Iterator[Start]:
    """The goroutines without an end that a function starts."""
    if b"go" not in unit.words and STARTER_NAMES.isdisjoint(unit.words):
        return
    for node in walk(unit.function.body, literals=True) if unit.function.body is not None else ():
        for call, body in _started(unit, node):
            found = unit.program.endless.of(*body)
            if found is None:
                continue
            function = unit.uses.function_of(node)
            often = frequency(unit, function)
            if is_guarded(CallSite(unit, call)):
                often = Frequency.ONCE
            yield Start(unit, node, function, found, often)


def _started(unit: FunctionUnit, node: ir.Node) -> Iterator[tuple[ir.Call, Body]]:
    if isinstance(node, ir.Go) and isinstance(node.call, ir.Call):
        body = body_of(unit, unit.typer.callee(node.call))
        if body is not None:
            yield node.call, body
    elif isinstance(node, ir.Call) and is_starter(unit, node):
        for arg in node.args:
            if isinstance(arg, ir.FuncLit):
                yield node, (unit, arg.function)


def _find_endless(unit: FunctionUnit, function: ir.Function) -> Endless | None:
    """The body as an endless one; None when some path leaves it, by a return, a panic or the end of the process."""
    code = unit.code[function.start : function.end]
    if function.body is None or (b"return" in code and code.count(b"func") == 1):
        return None
    graph = unit.cfg(function)
    seen = {graph.entry.index}
    todo = [graph.entry]
    inside: list[ir.Node] = []
    while todo:
        block = todo.pop()
        inside += [item for item in block.items if isinstance(item, ir.Node)]
        if any(isinstance(item, ir.Return | FunctionEnd) for item in block.items):
            return None
        if not block.edges and not _stays(unit, block):
            return None
        for edge in block.edges:
            if edge.target.index not in seen and not _never_closed(unit, block, edge.target):
                seen.add(edge.target.index)
                todo.append(edge.target)
    return Endless(unit, function, _loop_of(unit, function, inside))


def _stays(unit: FunctionUnit, block: Block) -> bool:
    """Whether a block without a way on is an empty select, or a call of a function that is endless itself."""
    last = block.items[-1] if block.items else None
    if not isinstance(last, ir.ExprStmt):
        return last is None
    assert isinstance(last.expr, ir.Call)
    body = body_of(unit, unit.typer.callee(last.expr))
    return body is not None and unit.program.endless.of(*body) is not None


def _never_closed(unit: FunctionUnit, head: Block, target: Block) -> bool:
    """Whether the edge leaves a range over the channel of a ticker."""
    if target.items and isinstance(target.items[0], ir.Range):
        return False
    for edge in head.edges:
        first = edge.target.items[0] if edge.target.items else None
        if isinstance(first, ir.Range) and edge.cond is None and len(head.edges) == 2:
            return is_ticker(unit, first.subject)
    return False


def is_ticker(unit: FunctionUnit, channel: ir.Expr) -> bool:
    """Whether the channel is that of a ticker or timer: nobody ever closes it."""
    match channel:
        case ir.Selector(field="C"):
            owner = named(unit.typer.type_of(channel.base))
            return owner is not None and owner.qualified in ("time.Ticker", "time.Timer")
        case ir.Call():
            return unit.typer.callee(channel).name in ("time.Tick", "time.After")
        case ir.Name(symbol=ir.Symbol(assigned=0, definition=ir.Definition(origin=ir.From.VALUE, expr=value))):
            return is_ticker(unit, value)
        case _:
            return False


def _loop_of(unit: FunctionUnit, function: ir.Function, inside: list[ir.Node]) -> Loop | None:
    """The outermost loop that control reaches and nothing leaves by its own condition."""
    assert function.body is not None
    for node in walk(function.body):
        forever = isinstance(node, ir.For) and (node.cond is None or _is_true(node.cond))
        if not forever and not (isinstance(node, ir.Range) and is_ticker(unit, node.subject)):
            continue
        assert isinstance(node, ir.For | ir.Range)
        if any(node.start <= item.start and item.end <= node.end for item in inside):
            return node
    return None


def _is_true(cond: ir.Expr) -> bool:
    return isinstance(cond, ir.Name) and cond.symbol is None and cond.name == "true"


# -- breaks that leave too little

_STOPS = re.compile(r"(?i)done|quit|stop|exit|clos|shutdown|term|cancel|kill|finish")


def endless_loops(unit: FunctionUnit, function: ir.Function) -> Iterator[ir.For]:
    """The loops without a condition that nothing leaves, whatever stands around them."""
    if function.body is None:
        return
    graph = unit.cfg(function)
    for node in walk(function.body):
        if isinstance(node, ir.For) and (node.cond is None or _is_true(node.cond)):
            entries = [block for block in graph.reachable() if any(_lies_in(item, node.body) for item in block.items)]
            if entries and not _leaves(unit, entries, node):
                yield node


def _leaves(unit: FunctionUnit, entries: list[Block], loop: ir.For) -> bool:
    """Whether a way leads out of the loop."""
    seen = {block.index for block in entries}
    todo = list(entries)
    for block in todo:
        for item in block.items:
            if isinstance(item, ir.Return | FunctionEnd) or not _lies_in(item, loop):
                return True
        if not block.edges and not _stays(unit, block):
            return True
        for edge in block.edges:
            if edge.target.index not in seen:
                seen.add(edge.target.index)
                todo.append(edge.target)
    return False


def _lies_in(item: Item, node: ir.Node) -> bool:
    return node.start <= item.start and item.end <= node.end


def inner_breaks(unit: FunctionUnit, loop: ir.For) -> Iterator[ir.Branch]:
    """Breaks of the selects that stand directly in the loop. One that ends a clause as a habit, or that skips the rest of a
    clause, is not meant to leave the loop."""
    for statement in loop.body.statements:
        if not isinstance(statement, ir.Select):
            continue
        for case in statement.cases:
            if not case.body.statements:
                continue
            last = case.body.statements[-1]
            if isinstance(last, ir.Branch):
                if _is_plain_break(last) and _means_stop(unit, case):
                    yield last
            elif isinstance(last, ir.If):
                yield from _conditional_breaks(last)


def _is_plain_break(statement: ir.Stmt) -> bool:
    return isinstance(statement, ir.Branch) and statement.keyword == "break" and not statement.label


def _means_stop(unit: FunctionUnit, case: ir.CommCase) -> bool:
    """Whether the clause receives from what tells to stop."""
    if case.comm is None:
        return False
    for node in walk(case.comm):
        if isinstance(node, ir.Unary) and node.op == "<-":
            return bool(_STOPS.search(unit.source_text(node.operand)))
    return False


def _conditional_breaks(statement: ir.If | ir.Block) -> Iterator[ir.Branch]:
    """The breaks that end a branch of the statement."""
    if isinstance(statement, ir.If):
        yield from _conditional_breaks(statement.then)
        if statement.orelse is not None:
            yield from _conditional_breaks(statement.orelse)
    elif statement.statements:
        last = statement.statements[-1]
        if isinstance(last, ir.Branch) and _is_plain_break(last):
            yield last
