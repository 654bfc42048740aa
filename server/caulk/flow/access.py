"""Access paths: which variable, and which field behind it, an expression stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from caulk.ir import nodes as ir
from caulk.ir.visit import expressions

Path: TypeAlias = tuple[str, ...]

DERIVED = "~"
"""First element of the path of a *derived* value (``bufio.NewReader(f)``): it does not release what it was made from, but
where it goes, that goes too."""


ELEMENT = "[]"
"""The element of a path that stands for any element of a slice, an array or a map."""

DEPENDENT: Path = (DERIVED, "^")
"""The path of a value that lives on another one (a channel of a connection, the rows of a handle): releasing it does not
release what it lives on, but where it goes, that must stay."""


class Place(NamedTuple):
    """A variable and the fields from it to a value: ``resp.Body`` is ``(resp, ("Body",))``."""

    symbol: ir.Symbol
    path: Path


IsConversion: TypeAlias = Callable[[ir.Call], bool]


def place_of(expr: ir.Expr, is_conversion: IsConversion, *, elements: bool = False) -> Place | None:
    """The place that ``expr`` denotes, seen through ``&``, ``*``, assertions and conversions; None for anything else.

    ``elements``: ``xs[i]`` and ``xs[i:j]`` are places too, all elements being one."""
    match expr:
        case ir.Name(symbol=ir.Symbol() as symbol):
            return Place(symbol, ())
        case ir.Selector():
            base = place_of(expr.base, is_conversion, elements=elements)
            return Place(base.symbol, (*base.path, expr.field)) if base else None
        case ir.Unary(op="&" | "*"):
            return place_of(expr.operand, is_conversion, elements=elements)
        case ir.Assertion():
            return place_of(expr.base, is_conversion, elements=elements)
        case ir.Call(args=(arg,)) if is_conversion(expr):
            return place_of(arg, is_conversion, elements=elements)
        case ir.Index() if elements:
            base = place_of(expr.base, is_conversion, elements=True)
            return Place(base.symbol, (*base.path, ELEMENT)) if base else None
        case ir.SliceExpr() if elements:
            return place_of(expr.base, is_conversion, elements=True)
        case _:
            return None


def held(aliases: Iterable[Place], place: Place | None) -> list[Path]:
    """The paths from ``place`` on to the value that ``aliases`` stand for; the empty path is the value itself."""
    if place is None:
        return []
    symbol, path = place
    depth = len(path)
    return [alias.path[depth:] for alias in aliases if alias.symbol is symbol and alias.path[:depth] == path]


def mentions(expr: ir.Expr, symbols: frozenset[ir.Symbol]) -> bool:
    """Whether the value of ``expr`` is made from one of ``symbols`` (function literals inside do not count)."""
    return any(isinstance(part, ir.Name) and part.symbol in symbols for part in expressions(expr))


def captured_symbols(function: ir.Function) -> frozenset[ir.Symbol]:
    """The variables of enclosing functions that a literal (with the literals inside it) uses."""
    if function.body is None:
        return frozenset()
    inside = {id(inner) for inner in function.walk()}
    return frozenset(
        part.symbol
        for part in expressions(function.body, literals=True)
        if isinstance(part, ir.Name) and part.symbol is not None and id(part.symbol.function) not in inside
    )
