"""The zero values that a return hands back beside an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caulk.ir import nodes as ir
from caulk.semantics.model import (
    Array,
    Basic,
    Chan,
    Interface,
    Map,
    Named,
    Pointer,
    Signature,
    Slice,
    Struct,
    Type,
)

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit


def returned_with(unit: FunctionUnit, function: ir.Function, error: str) -> str | None:
    """The operands of a return of ``function`` that hands on ``error`` and the zero values of all else (``nil, err``). None
    when its last result is no plain error, or a zero value cannot be written."""
    if not function.results or unit.typer.resolve(function.results[-1].type) != Named("", "error"):
        return None
    values = [zero_value(unit, result.type) for result in function.results[:-1]]
    if any(value is None for value in values):
        return None
    return ", ".join([*(value for value in values if value is not None), error])


def zero_value(unit: FunctionUnit, written: ir.TypeExpr) -> str | None:
    """How the zero value of a type is written in ``unit``; None when the type is not known well enough."""
    type_ = unit.typer.resolve(written)
    match unit.typer.underlying(type_) if isinstance(type_, Named) else type_:
        case Basic(name="string"):
            return '""'
        case Basic(name="bool"):
            return "false"
        case Basic(name=name) if name.startswith(("int", "uint", "float", "complex", "byte", "rune")):
            return "0"
        case Struct() | Array():
            return unit.source_text(written) + "{}"
        case Pointer() | Slice() | Map() | Chan() | Signature():
            return "nil"
        case Interface():
            return "nil"
        case _:
            return "nil" if _is_predeclared_interface(type_) else None


def _is_predeclared_interface(type_: Type | None) -> bool:
    return type_ in (Named("", "error"), Named("", "any"))
