"""What can be named at a place of a function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from caulk.ir import nodes as ir
from caulk.semantics.model import Named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit


def visible(unit: FunctionUnit, node: ir.Node) -> Iterator[ir.Symbol]:
    """The parameters and variables of the function, and of the functions around it, that can be named at ``node``: innermost
    first, each name once. A name that is declared again on the way is left out where that is not certain."""
    seen: set[str] = set()
    for symbol in _declared_before(unit, node):
        if symbol.name not in seen:
            seen.add(symbol.name)
            if not _is_doubtful(unit, symbol, node):
                yield symbol


def _declared_before(unit: FunctionUnit, node: ir.Node) -> Iterator[ir.Symbol]:
    uses = unit.uses
    child: ir.Node = node
    parent = uses.parent(child)
    while parent is not None:
        match parent:
            case ir.Block():
                yield from _declared_in(parent, child)
            case ir.If() | ir.For() | ir.Switch() if isinstance(parent.init, ir.Assign) and parent.init is not child:
                yield from (symbol for symbol in parent.init.new if symbol is not None)
            case ir.FuncLit():
                yield from _parameters(parent.function)
            case _:
                pass
        child, parent = parent, uses.parent(parent)
    if isinstance(child, ir.Block):
        yield from _parameters(unit.function)


def _declared_in(block: ir.Block, before: ir.Node) -> Iterator[ir.Symbol]:
    number = next((n for n, statement in enumerate(block.statements) if statement is before), 0)
    for statement in reversed(block.statements[:number]):
        if isinstance(statement, ir.Assign):
            yield from (symbol for symbol in statement.new if symbol is not None)


def _parameters(function: ir.Function) -> Iterator[ir.Symbol]:
    params = (*function.params, *((function.receiver,) if function.receiver is not None else ()))
    yield from (param.symbol for param in params if param.symbol is not None)


def _is_doubtful(unit: FunctionUnit, symbol: ir.Symbol, node: ir.Node) -> bool:
    """Whether another variable of that name is declared between the two: it may hide this one."""
    return any(
        other.name == symbol.name and other is not symbol and symbol.start < other.start < node.start
        for other in unit.function.symbols
    )


def is_context(unit: FunctionUnit, symbol: ir.Symbol) -> bool:
    type_ = unit.typer.symbol_type(symbol)
    return isinstance(type_, Named) and type_.qualified == "context.Context"


def context_at(unit: FunctionUnit, node: ir.Node) -> ir.Symbol | None:
    """The nearest ``context.Context`` that can be named at ``node``."""
    return next((symbol for symbol in visible(unit, node) if is_context(unit, symbol)), None)
