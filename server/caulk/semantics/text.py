"""Values of constant strings."""

from __future__ import annotations

import ast

from caulk.ir import nodes as ir
from caulk.semantics.typer import Typer

MAX_DEPTH = 8
"""How many constants are looked up on the way to a text."""


def constant_text(typer: Typer, expr: ir.Expr, depth: int = MAX_DEPTH) -> str | None:
    """The value of a constant string expression: literals, their sums, constants of the function or a package. None for
    anything else."""
    match expr:
        case ir.Literal(kind="string"):
            return literal_text(expr)
        case ir.Binary(op="+"):
            left, right = constant_text(typer, expr.left, depth), constant_text(typer, expr.right, depth)
            return left + right if left is not None and right is not None else None
        case ir.Name(symbol=ir.Symbol(kind=ir.SymbolKind.CONST, definition=ir.Definition(count=1) as definition)):
            return constant_text(typer, definition.expr, depth - 1) if depth else None
        case ir.Name(symbol=None) | ir.Selector():
            return _package_constant(typer, expr)
        case _:
            return None


def _package_constant(typer: Typer, expr: ir.Expr) -> str | None:
    declared = typer.package_symbol(expr)
    node = declared.node if declared is not None else None
    if declared is None or not isinstance(node, ir.ValueDecl) or not node.const:
        return None
    for name, value in zip(node.names, node.values, strict=False):
        if name.name == declared.name and isinstance(value, ir.Literal) and value.kind == "string":
            return literal_text(value)
    return None


def literal_text(literal: ir.Literal) -> str | None:
    """The value of a string literal, None for one that does not read."""
    text = literal.text
    if text.startswith("`"):
        return text[1:-1].replace("\r", "")
    try:
        value = ast.literal_eval(text)  # the escapes of Go are those of Python
    except (ValueError, SyntaxError):
        return None
    return value if isinstance(value, str) else None
