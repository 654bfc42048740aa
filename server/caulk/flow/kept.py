"""Whether a value that a function makes outlives the call: it is kept in a field, a package variable, a map or a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caulk.ir import nodes as ir

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

KEEPERS = frozenset({"Store", "LoadOrStore", "Set", "Add", "Put", "SetDefault", "Register"})
"""Methods of what keeps values."""

MAX_DEPTH = 4
"""How many variables a value is followed through."""


def is_kept(unit: FunctionUnit, value: ir.Expr, depth: int = MAX_DEPTH) -> bool:
    """Whether ``value``, or what is built around it, ends in something that outlives the call. A struct of this function that
    is given it in a field is followed in its place."""
    child: ir.Node = value
    parent = unit.uses.parent(child)
    while isinstance(parent, ir.Unary | ir.Composite):
        child, parent = parent, unit.uses.parent(parent)
    match parent:
        case ir.Assign() if any(part is child for part in parent.right):
            return any(_keeps(unit, target, depth) for target in _targets(parent, child))
        case ir.Call(func=func) if func is not child:
            return (isinstance(func, ir.Selector) and func.field in KEEPERS) or _is_appended(unit, parent, depth)
        case ir.Send():
            return True
        case _:
            return False


def _targets(assign: ir.Assign, value: ir.Node) -> tuple[ir.Expr, ...]:
    if len(assign.left) != len(assign.right):
        return assign.left[:1]
    return tuple(target for target, part in zip(assign.left, assign.right, strict=True) if part is value)


def _is_appended(unit: FunctionUnit, call: ir.Call, depth: int) -> bool:
    return isinstance(call.func, ir.Name) and call.func.name == "append" and bool(depth)


def _keeps(unit: FunctionUnit, target: ir.Expr, depth: int) -> bool:
    match target:
        case ir.Name(symbol=None):
            return target.name != "_"
        case ir.Name(symbol=ir.Symbol() as symbol):
            return _is_kept_variable(unit, symbol, depth)
        case ir.Selector(base=ir.Name(symbol=ir.Symbol(kind=ir.SymbolKind.LOCAL) as symbol)):
            return _is_kept_variable(unit, symbol, depth)
        case _:
            return True


def _is_kept_variable(unit: FunctionUnit, symbol: ir.Symbol, depth: int) -> bool:
    """Whether the variable's value goes on to something lasting, or is captured by who knows whom."""
    if not depth:
        return True
    return any(is_kept(unit, name, depth - 1) for name in unit.uses.names.get(symbol, ()))
