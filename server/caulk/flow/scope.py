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


def meaning(unit: FunctionUnit, node: ir.Node, name: str) -> ir.Symbol | None:
    """What ``name`` means for a statement in front of ``node``; None for a name of the package, an import or the universe.
    For a :class:`ir.Block` it is what the name means at its end."""
    if isinstance(node, ir.Block):
        declared = _named(_declared_in_all(node), name)
        if declared is not None:
            return declared
    child: ir.Node = node
    parent = unit.uses.parent(child)
    while parent is not None:
        declared = _named(_scope(parent, child), name)
        if declared is not None:
            return declared
        child, parent = parent, unit.uses.parent(parent)
    return _named(_all_parameters(unit.function), name)


def _named(symbols: Iterator[ir.Symbol], name: str) -> ir.Symbol | None:
    return next((symbol for symbol in symbols if symbol.name == name), None)


def _scope(parent: ir.Node, child: ir.Node) -> Iterator[ir.Symbol]:
    """What ``parent`` declares that can be seen at its part ``child``."""
    match parent:
        case ir.Block():
            yield from _declared_in(parent, child)
        case ir.If() | ir.For() | ir.Switch() | ir.TypeSwitch() if parent.init is not child:
            if isinstance(parent.init, ir.Assign):
                yield from (symbol for symbol in parent.init.new if symbol is not None)
        case ir.Range(define=True) if child is parent.body:
            for part in (parent.key, parent.value):
                if isinstance(part, ir.Name) and part.symbol is not None:
                    yield part.symbol
        case ir.TypeCase() if parent.symbol is not None:
            yield parent.symbol
        case ir.CommCase(comm=ir.Assign() as comm) if comm is not child:
            yield from (symbol for symbol in comm.new if symbol is not None)
        case ir.FuncLit():
            yield from _all_parameters(parent.function)
        case _:
            pass


def _declared_in_all(block: ir.Block) -> Iterator[ir.Symbol]:
    for statement in reversed(block.statements):
        if isinstance(statement, ir.Assign):
            yield from (symbol for symbol in statement.new if symbol is not None)


def _all_parameters(function: ir.Function) -> Iterator[ir.Symbol]:
    yield from _parameters(function)
    yield from (result.symbol for result in function.results if result.symbol is not None)
