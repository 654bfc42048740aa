"""Whether a function waits for a goroutine on every way out: only then does what it captures not outlive the function.

A receive counts only on a channel that the goroutine itself sends on or closes, and every way is looked at on its own: of a
select with a timer and the goroutine's channel, the timer's arm leaves without having waited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from caulk.flow.access import Place, place_of
from caulk.flow.cfg import Block, FunctionEnd, Graph
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements, walk
from caulk.semantics.model import CalleeKind

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

MAX_DEPTH = 2
"""How many calls a wait is looked for in callees."""


def is_joined(unit: FunctionUnit, function: ir.Function, start: ir.Stmt, body: ir.Node) -> bool:
    """Whether every path from the statement ``start`` (that starts a goroutine running ``body``) waits for it."""
    ends = _ends_told(unit, function, body) | _receiver_places(start)
    waits = _Waits(unit, ends, MAX_DEPTH)
    graph = unit.cfg(function)
    if any(waits.in_item(statement) for statement in graph.defers if statement.start < start.start):
        return True
    place = _place(graph, start)
    return place is not None and waits.on_all_paths(graph, *place)


def _place(graph: Graph, start: ir.Stmt) -> tuple[Block, int] | None:
    for block in graph.blocks:
        for index, item in enumerate(block.items):
            if item is start:
                return block, index + 1
    return None


def _receiver_places(start: ir.Stmt) -> set[Place]:
    """``g.Go(func…)``: the group itself."""
    call = start.expr if isinstance(start, ir.ExprStmt) else None
    place = _of(call.func.base) if isinstance(call, ir.Call) and isinstance(call.func, ir.Selector) else None
    return {place} if place is not None else set()


def _of(expr: ir.Expr) -> Place | None:
    return place_of(expr, lambda _: False)


def _of_item(item: ir.Node) -> Place | None:
    return _of(item) if isinstance(item, ir.Name | ir.Selector) else None


def _told(body: ir.Node) -> set[Place]:
    """What tells others that ``body`` has come so far: channels that it sends on or closes, whatever it calls or hands on. A
    channel that it only receives from tells nothing."""
    received: set[int] = set()
    found: set[Place] = set()
    for node in walk(body, literals=True):
        match node:
            case ir.Unary(op="<-"):
                received.add(id(node.operand))
            case ir.Range():
                received.add(id(node.subject))
            case ir.Name() | ir.Selector() if id(node) not in received:
                place = _of(node)
                if place is not None:
                    found.add(place)
            case _:
                pass
    return found


def _ends_told(unit: FunctionUnit, function: ir.Function, body: ir.Node) -> set[Place]:
    """What ``body`` tells, and what other goroutines of the function tell when they have waited for it (``go func() {
    wg.Wait(); close(done) }()``)."""
    found = _told(body)
    if function.body is None:
        return found
    for statement in statements(function.body):
        other = statement.call if isinstance(statement, ir.Go) else None
        if other is not None and other is not body and _Waits(unit, found, 0).in_body(other):
            found |= _told(other)
    return found


class _Waits:
    """The waits for any of some ends."""

    def __init__(self, unit: FunctionUnit, ends: set[Place], depth: int) -> None:
        self._unit = unit
        self._ends = ends
        self._depth = depth

    def on_all_paths(self, graph: Graph, block: Block, index: int) -> bool:
        """Whether no way from that place leaves the function without a wait."""
        ranged = {id(item.subject) for block in graph.blocks for item in block.items if isinstance(item, ir.Range)}
        seen: set[int] = set()
        todo = [(block, index)]
        while todo:
            block, index = todo.pop()
            joined = False
            for item in block.items[index:]:
                if self.in_item(item) or (id(item) in ranged and _of_item(item) in self._ends):
                    joined = True
                    break
                if isinstance(item, ir.Return | FunctionEnd):
                    return False
            if not joined:
                fresh = [edge.target for edge in block.edges if edge.target.index not in seen]
                seen.update(target.index for target in fresh)
                todo += [(target, 0) for target in fresh]
        return True

    def in_item(self, item: ir.Node) -> bool:
        """Whether an item of a block waits: itself, in a deferred literal, or (returned) by the function that it hands out."""
        if isinstance(item, ir.Go):
            return False
        if any(self._waits(part) for part in expressions(item)):
            return True
        parts: Iterable[ir.Expr] = ()
        if isinstance(item, ir.Defer) and isinstance(item.call, ir.Call):
            parts = (item.call.func,)
        elif isinstance(item, ir.Return):
            parts = item.values
        elif isinstance(item, ir.ExprStmt) and isinstance(item.expr, ir.Call):
            parts = (item.expr.func,)
        return any(self.in_body(literal) for literal in _literals(parts))

    def in_body(self, node: ir.Node) -> bool:
        """Whether something in ``node``, its literals included, waits."""
        return any(
            (isinstance(part, ir.Range) and _of(part.subject) in self._ends)
            or (isinstance(part, ir.Unary | ir.Call) and self._waits(part))
            for part in walk(node, literals=True)
        )

    def _waits(self, part: ir.Expr) -> bool:
        match part:
            case ir.Unary(op="<-"):
                return _of(part.operand) in self._ends
            case ir.Call(func=ir.Selector(field="Wait") as method):
                return _of(method.base) in self._ends
            case ir.Call():
                return self._depth > 0 and self._callee_waits(part)
            case _:
                return False

    def _callee_waits(self, call: ir.Call) -> bool:
        """``collect(ch)``: a function of the package that waits for what it is given on all its ways."""
        numbers = [number for number, arg in enumerate(call.args) if _of(arg) in self._ends]
        if not numbers:
            return False
        callee = self._unit.typer.callee(call)
        if callee.kind not in (CalleeKind.FUNCTION, CalleeKind.METHOD):
            return False
        unit = self._unit.program.own_unit_of_callee(callee)
        if unit is None or unit.function.body is None:
            return False
        params = unit.function.params
        symbols = [params[number].symbol for number in numbers if number < len(params)]
        given = {Place(symbol, ()) for symbol in symbols if symbol is not None}
        return bool(given) and _Waits(unit, given, self._depth - 1).on_all_paths(unit.cfg(), unit.cfg().entry, 0)


def _literals(parts: Iterable[ir.Expr]) -> Iterator[ir.Node]:
    """The bodies of function literals among ``parts``, on the spot or by the variable that holds nothing else."""
    for part in parts:
        literal = part if isinstance(part, ir.FuncLit) else None
        if isinstance(part, ir.Name) and part.symbol is not None:
            literal = part.symbol.literal
        if literal is not None and literal.function.body is not None:
            yield literal.function.body
