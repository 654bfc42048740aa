"""Texts that fiber lends to a handler: they lie in buffers of the request, which the next request overwrites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caulk.flow.requests import Framework
from caulk.ir import nodes as ir
from caulk.ir.nodes import From

if TYPE_CHECKING:
    from caulk.flow.requests import RequestCode

COPIERS = {
    **dict.fromkeys(("Params", "Query", "Get", "Cookies", "FormValue", "OriginalURL", "Path"), "strings.Clone"),
    **dict.fromkeys(("Hostname", "Host", "BaseURL"), "strings.Clone"),
    **dict.fromkeys(("Body", "BodyRaw"), "bytes.Clone"),
}
"""Methods of a fiber context whose result lies in such a buffer, and what copies it."""
_PARTS = frozenset(
    f"strings.{name}" for name in ("TrimSpace", "Trim", "TrimPrefix", "TrimSuffix", "TrimLeft", "TrimRight")
)
"""Functions whose result is a part of their first argument."""


def lent(code: RequestCode, expr: ir.Expr) -> ir.Call | None:
    """The call that lent what is in a value: the value itself, a part of it, a local variable or a literal with it."""
    if code.framework is not Framework.FIBER or code.context is None:
        return None
    match expr:
        case ir.Call(func=ir.Selector(base=ir.Name(symbol=symbol), field=name)) if symbol is code.context:
            return expr if name in COPIERS else None
        case ir.Name(symbol=ir.Symbol() as symbol):
            made = symbol.definition
            held = made is not None and made.origin is From.VALUE and made.count == 1 and symbol.assigned == 0
            return lent(code, made.expr) if held and made is not None else None
        case ir.SliceExpr():
            return lent(code, expr.base)
        case ir.Unary(op="&"):
            return lent(code, expr.operand)
        case ir.Composite():
            parts = tuple(element.value for element in expr.elements)
        case ir.Call(spread=False, func=ir.Name(name="append", symbol=None)):
            parts = expr.args[1:]
        case ir.Call() if code.unit.typer.callee(expr).name in _PARTS:
            parts = expr.args[:1]
        case _:
            return None
    return next((found for part in parts if (found := lent(code, part)) is not None), None)
