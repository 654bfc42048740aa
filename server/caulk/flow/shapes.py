"""Syntactic shapes that the walk of an obligation knows: tests for nil, closures, assertions of tests."""

from __future__ import annotations

import re

from caulk.ir import nodes as ir

EXPRESSIONS = (
    *(ir.Name, ir.Literal, ir.Selector, ir.Call, ir.Index, ir.SliceExpr, ir.Unary, ir.Binary, ir.Assertion),
    *(ir.Composite, ir.FuncLit, ir.TypeOperand, ir.BadExpr),
)


MAKES_ERROR = frozenset({"Errorf", "New", "Error", "Newf"})
"""Functions of these names whose result is an error: it is never nil (``errors.New``, ``fmt.Errorf``, ``status.Error``)."""


def asserts_no_error(call: ir.Call) -> bool:
    """``require.NoError(t, err)``, ``must.NoError``, ``assert.Nil(t, err)`` and the like, which stop the test."""
    return bool(
        re.fullmatch(r"(?:Must)?(?:NoErrorf?|NotError|Nilf?|NilError|CheckErr|AssertNoError)", last_name(call.func))
    )


def closure_of(expr: ir.Expr) -> ir.Function | None:
    """The literal that ``expr`` is, or that its variable only ever holds."""
    if isinstance(expr, ir.FuncLit):
        return expr.function
    if isinstance(expr, ir.Name) and expr.symbol is not None and expr.symbol.literal is not None:
        return expr.symbol.literal.function
    return None


def is_switching_protocols(cond: ir.Binary) -> bool:
    """Whether a side is ``http.StatusSwitchingProtocols`` or 101."""
    return any(
        (isinstance(side, ir.Selector) and side.field == "StatusSwitchingProtocols")
        or (isinstance(side, ir.Literal) and side.text == "101")
        for side in (cond.left, cond.right)
    )


def tested_for_nil(cond: ir.Binary) -> ir.Expr | None:
    if is_nil(cond.right):
        return cond.left
    return cond.right if is_nil(cond.left) else None


def is_nil(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Name) and expr.symbol is None and expr.name == "nil"


def bool_constant(expr: ir.Expr) -> bool | None:
    if isinstance(expr, ir.Name) and expr.symbol is None and expr.name in ("true", "false"):
        return expr.name == "true"
    return None


def called_name(call: ir.Call) -> str:
    """The last name of what a call calls, a generic function's without its arguments."""
    return last_name(call.func.base if isinstance(call.func, ir.Index) else call.func)


def last_name(func: ir.Expr) -> str:
    match func:
        case ir.Selector():
            return func.field
        case ir.Name():
            return func.name
        case _:
            return ""
