"""Contexts that are wrapped in themselves again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from caulk.flow.access import mentions
from caulk.flow.cfg import Block, Graph, items
from caulk.ir import nodes as ir
from caulk.ir.visit import statements

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

VALUE = "context.WithValue"
_DERIVES = frozenset(
    {
        *("context.WithCancel", "context.WithCancelCause", "context.WithTimeout", "context.WithTimeoutCause"),
        *("context.WithDeadline", "context.WithDeadlineCause", VALUE),
    }
)


class Growth(Enum):
    ROUND = "round of the loop"
    REQUEST = "request"


@dataclass(frozen=True, slots=True, eq=False)
class Growing:
    """An assignment that makes a context from itself each time it runs."""

    unit: FunctionUnit
    function: ir.Function
    item: ir.Assign
    symbol: ir.Symbol
    per: Growth


def growing(unit: FunctionUnit) -> Iterator[Growing]:
    """The contexts that grow in a top-level function or a literal in it."""
    for function in unit.function.walk():
        if function.body is None:
            continue
        for statement in statements(function.body):
            symbol = _wrapped(unit, statement)
            if symbol is None or not isinstance(statement, ir.Assign):
                continue
            if _grows_in_loop(unit, function, statement, symbol):
                yield Growing(unit, function, statement, symbol, Growth.ROUND)
            elif _grows_by_request(unit, function, symbol):
                yield Growing(unit, function, statement, symbol, Growth.REQUEST)


def _wrapped(unit: FunctionUnit, statement: ir.Stmt) -> ir.Symbol | None:
    """The variable that ``ctx = context.With…(ctx, …)`` gives a context made from its own."""
    match statement:
        case ir.Assign(
            op="=",
            left=(ir.Name(symbol=ir.Symbol() as symbol), *_),
            right=(ir.Call(args=(ir.Name() as parent, *_)) as call,),
        ) if parent.symbol is symbol and unit.typer.callee(call).name in _DERIVES:
            return symbol
        case _:
            return None


def _grows_in_loop(unit: FunctionUnit, function: ir.Function, item: ir.Assign, symbol: ir.Symbol) -> bool:
    loop = unit.placement(function).loop_around(item)
    if loop is None or not _runs_again(unit.cfg(function), item, symbol):
        return False
    return unit.typer.callee(_call(item)).name != VALUE or _is_same_key(unit, function, item, loop)


def _call(item: ir.Assign) -> ir.Call:
    call = item.right[0]
    assert isinstance(call, ir.Call)
    return call


def _is_same_key(unit: FunctionUnit, function: ir.Function, item: ir.Assign, loop: ir.For | ir.Range) -> bool:
    """Whether every round sets the same key: other keys, and keys that are set now and then, build one context up."""
    position = unit.placement(function).of(item)
    if position is None or position.block is not loop.body:
        return False
    changing = frozenset(symbol for symbol in unit.function.symbols if symbol.start >= loop.start or symbol.assigned)
    return not mentions(_call(item).args[1], changing)


def _runs_again(graph: Graph, item: ir.Assign, symbol: ir.Symbol) -> bool:
    """Whether control can come from the assignment to itself while the variable keeps what it got."""
    todo: list[tuple[Block, int]] = [(b, n + 1) for b, n, found in items(graph) if found is item]
    seen: set[int] = set()
    while todo:
        block, index = todo.pop()
        for found in block.items[index:]:
            if found is item:
                return True
            if isinstance(found, ir.Assign) and _resets(found, symbol):
                break
        else:
            fresh = [edge.target for edge in block.edges if edge.target.index not in seen]
            seen.update(target.index for target in fresh)
            todo += [(target, 0) for target in fresh]
    return False


def _resets(assign: ir.Assign, symbol: ir.Symbol) -> bool:
    """Whether the variable gets something that is not made from what it holds, or begins anew."""
    gets = any(isinstance(target, ir.Name) and target.symbol is symbol for target in assign.left)
    if not gets:
        return False
    return symbol in assign.new or not any(mentions(value, frozenset([symbol])) for value in assign.right)


def _grows_by_request(unit: FunctionUnit, function: ir.Function, symbol: ir.Symbol) -> bool:
    """Whether the variable belongs to what makes a handler, and the handler changes it."""
    current: ir.Function | None = function
    handles = False
    while current is not None and current is not symbol.function:
        code = unit.program.requests.of(current)
        handles = handles or (code is not None and code.is_handler)
        current = current.parent
    if not handles or function.body is None:
        return False
    return not any(isinstance(s, ir.Assign) and _resets(s, symbol) for s in statements(function.body))
