"""What can be made once for the whole package instead of on every call."""

from __future__ import annotations

from caulk.findings.evidence_clients import Hoist
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.naming import free_name
from caulk.semantics.model import Named, Pointer, Tuple, Type


def hoistable_call(unit: FunctionUnit, call: ir.Call, name: str) -> Hoist | None:
    """A constructor call all of whose arguments mean the same outside the function; None for another one."""
    if not isinstance(call.func, ir.Selector) or not is_independent(call):
        return None
    type_ = unit.typer.type_of(call)
    items = type_.items if isinstance(type_, Tuple) else (type_,)
    client = _written(unit, call, items[0]) if items else None
    if client is None or len(items) > 2:
        return None
    fallible = len(items) == 2
    if fallible and items[1] != Named("", "error"):
        return None
    results = f"({client}, error)" if fallible else client
    return hoist_of(unit, call, name, results, fallible=fallible, lazy=True)


def hoist_of(
    unit: FunctionUnit, expr: ir.Expr, name: str, results: str, *, fallible: bool = False, lazy: bool = False
) -> Hoist:
    """The hoist of an expression that was found independent."""
    return Hoist(
        *unit.span(expr),
        text=unit.source_text(expr),
        name=free_name(unit, name, package_level=True),
        results=results,
        fallible=fallible,
        lazy=lazy,
        function_end=unit.chunk.end,
    )


def is_independent(expr: ir.Expr) -> bool:
    """Whether nothing of the function around stands in the expression."""
    return not any(
        isinstance(part, ir.FuncLit | ir.BadExpr) or (isinstance(part, ir.Name) and part.symbol is not None)
        for part in expressions(expr)
    )


def _written(unit: FunctionUnit, call: ir.Call, type_: Type | None) -> str | None:
    """How a type of the called package is written in this file."""
    star = ""
    if isinstance(type_, Pointer):
        star, type_ = "*", type_.elem
    if not isinstance(type_, Named) or type_.args or type_.path != unit.typer.callee(call).package:
        return None
    assert isinstance(call.func, ir.Selector)
    return f"{star}{unit.source_text(call.func.base)}.{type_.name}"
