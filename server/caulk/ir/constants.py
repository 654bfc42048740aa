"""Values of constant expressions, as far as their text alone tells."""

from __future__ import annotations

from caulk.ir import nodes as ir


def constant_integer(expr: ir.Expr) -> int | None:
    """The value of a constant integer expression as people write sizes (``64 << 10``, ``4 * 1024``); None for others."""
    match expr:
        case ir.Literal(kind="int"):
            try:
                return int(expr.text.replace("_", ""), 0)
            except ValueError:
                return None
        case ir.Binary(op="<<" | "*" | "+"):
            left, right = constant_integer(expr.left), constant_integer(expr.right)
            if left is None or right is None or (expr.op == "<<" and right > 62):
                return None
            return left << right if expr.op == "<<" else left * right if expr.op == "*" else left + right
        case _:
            return None
