"""Keys that have few values: constants, enumerations, remainders, and those that were looked up before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.flow.cfg import Block, Graph
from caulk.flow.containers import Insert
from caulk.flow.dominators import immediate_dominators
from caulk.flow.program import FunctionUnit
from caulk.flow.shapes import is_nil, last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import statements, walk
from caulk.semantics.model import Basic, Type, named

_SMALL = frozenset({"bool", "int8", "uint8"})
_ROUTES = frozenset({"FullPath", "HandlerName", "Route", "Pattern"})
"""What names the route of a request: there are as many as the program registers."""
_KNOWS = re.compile(
    r"(?:[cC]ontains|[hH]as|[eE]xists|[iI]ncludes|[kK]nown|[sS]upport(?:s|ed)|[aA]llow(?:s|ed)|[vV]alid)(?![a-z])"
)
"""Functions of these names say whether what they are given is one of those that are known."""
_OF_TEXT = frozenset({"strings", "bytes", "utf8"})
"""Packages whose functions of such names look into what they are given."""


def is_bounded(insert: Insert) -> bool:
    """Whether the key has few values, or one that has an entry already."""
    unit = insert.code.unit
    parts = [insert.key, *_definition(insert.key)]
    if any(_is_constant(unit, part) or _is_remainder(part) or last_name(_called(part)) in _ROUTES for part in parts):
        return True
    type_ = unit.typer.type_of(insert.key)
    return _is_small(type_) or _is_enumeration(insert, type_) or _is_chosen(insert) or _is_known(insert)


def _definition(key: ir.Expr) -> Iterator[ir.Expr]:
    """What the only assignment of a variable gives it."""
    symbol = key.symbol if isinstance(key, ir.Name) else None
    if symbol is not None and symbol.definition is not None and not symbol.assigned and symbol.definition.count == 1:
        yield symbol.definition.expr


def _called(expr: ir.Expr) -> ir.Expr:
    return expr.func if isinstance(expr, ir.Call) else expr


def _is_constant(unit: FunctionUnit, expr: ir.Expr) -> bool:
    if isinstance(expr, ir.Literal):
        return True
    declared = unit.typer.package_symbol(expr) if isinstance(expr, ir.Name | ir.Selector) else None
    return declared is not None and isinstance(declared.node, ir.ValueDecl) and declared.node.const


def _is_remainder(expr: ir.Expr) -> bool:
    """``n % 64``, ``n & 63``, also converted."""
    if isinstance(expr, ir.Call) and isinstance(expr.func, ir.Name) and len(expr.args) == 1:
        return _is_remainder(expr.args[0])
    return isinstance(expr, ir.Binary) and expr.op in ("%", "&")


def _is_small(type_: Type | None) -> bool:
    return isinstance(type_, Basic) and type_.name in _SMALL


def _is_enumeration(insert: Insert, type_: Type | None) -> bool:
    """A named integer or string type with constants of its own: a kind, a state, a role. An unknown one may be that."""
    owner = named(type_)
    if owner is None or not owner.path:
        return False
    program = insert.code.unit.program
    if not isinstance(insert.code.unit.typer.underlying(owner), Basic):
        return False
    package = program.world.import_package(owner.path, program.package)
    return package is None or any(
        node.const and isinstance(node.type, ir.NamedType) and node.type.name == owner.name
        for file in package.files
        for node in file.decls.values
    )


def _is_chosen(insert: Insert) -> bool:
    """Whether all that the variable is ever given is constant, or a switch gives it a constant where it is none of its own."""
    unit, symbol = insert.code.unit, insert.key.symbol if isinstance(insert.key, ir.Name) else None
    if symbol is None or not symbol.assigned or symbol.function.body is None:
        return False
    given = [value for statement in statements(symbol.function.body) for value in _given(statement, symbol)]
    if given and all(_is_constant(unit, value) for value in given):
        return True
    return any(
        isinstance(statement, ir.Switch) and _is_name_of(statement.tag, symbol) and _decides(unit, statement, symbol)
        for statement in statements(symbol.function.body)
    )


def _given(statement: ir.Stmt, symbol: ir.Symbol) -> Iterator[ir.Expr]:
    if isinstance(statement, ir.Assign):
        paired = len(statement.left) == len(statement.right)
        for number, target in enumerate(statement.left):
            if _is_name_of(target, symbol) and statement.right:
                yield statement.right[number if paired else 0]


def _is_name_of(expr: ir.Expr | None, symbol: ir.Symbol) -> bool:
    return isinstance(expr, ir.Name) and expr.symbol is symbol


def _decides(unit: FunctionUnit, switch: ir.Switch, symbol: ir.Symbol) -> bool:
    default = next((case for case in switch.cases if case.default), None)
    cases = all(_is_constant(unit, value) for case in switch.cases for value in case.values)
    given = [value for s in statements(default.body) for value in _given(s, symbol)] if default is not None else []
    leaves = default is not None and any(isinstance(s, ir.Return) for s in default.body.statements)
    return cases and (leaves or (bool(given) and all(_is_constant(unit, value) for value in given)))


# -- what was asked before


def _is_known(insert: Insert) -> bool:
    """Whether all ways to the insert lead by a test that the key is known: it is in a table, or in the map itself."""
    unit = insert.code.unit
    graph = unit.cfg(insert.code.function)
    place = next(
        (block for block in graph.reachable() for item in block.items if any(n is insert.node for n in walk(item))),
        None,
    )
    wanted = unit.source_text(insert.key)
    return place is not None and any(_says_known(unit, cond, value, wanted) for cond, value in _tested(graph, place))


def _tested(graph: Graph, block: Block) -> Iterator[tuple[ir.Expr, bool]]:
    """The conditions that decide on all ways to a block, with their outcome."""
    dominators = immediate_dominators(graph)
    current: Block | None = block
    while current is not None:
        if len(current.sources) == 1 and (edge := current.sources[0][1]).cond is not None:
            yield edge.cond, edge.value
        above = dominators.get(current.index)
        current = above if above is not current else None


def _says_known(unit: FunctionUnit, cond: ir.Expr, value: bool, key: str) -> bool:
    match cond:
        case ir.Index():
            return value and _looks_up(unit, cond, key)
        case ir.Name(symbol=ir.Symbol() as symbol):
            return value and symbol.definition is not None and _looks_up(unit, symbol.definition.expr, key)
        case ir.Call(args=args):
            return value and _asks_for_known(cond.func) and any(unit.source_text(arg) == key for arg in args)
        case ir.Binary(op="==" | "!=" as op, left=ir.Name(symbol=ir.Symbol() as symbol), right=right) if is_nil(right):
            known = symbol.definition is not None and _looks_up(unit, symbol.definition.expr, key)
            return known and value == (op == "!=")
        case _:
            return False


def _asks_for_known(func: ir.Expr) -> bool:
    base = func.base if isinstance(func, ir.Selector) else None
    return _KNOWS.search(last_name(func)) is not None and not (isinstance(base, ir.Name) and base.name in _OF_TEXT)


def _looks_up(unit: FunctionUnit, expr: ir.Expr, key: str) -> bool:
    """``table[key]``."""
    return isinstance(expr, ir.Index) and any(unit.source_text(index) == key for index in expr.indices)
