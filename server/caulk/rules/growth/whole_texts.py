"""Buffers that hold all of a file or of a stream."""

from __future__ import annotations

from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.semantics.model import CalleeKind

READS_WHOLE = frozenset({"io.ReadAll", "io/ioutil.ReadAll", "os.ReadFile", "io/ioutil.ReadFile", "io/fs.ReadFile"})


def only_value(symbol: ir.Symbol | None) -> ir.Expr | None:
    """What a variable is given when it is declared, and only then."""
    if symbol is None or symbol.assigned or symbol.definition is None or symbol.definition.index:
        return None
    return symbol.definition.expr


def is_whole(unit: FunctionUnit, expr: ir.Expr) -> bool:
    """Whether the value of an expression is such a buffer, or the string of one."""
    match expr:
        case ir.Name(symbol=ir.Symbol() as symbol):
            value = only_value(symbol)
            return value is not None and is_whole(unit, value)
        case ir.Call(args=(arg,)):
            callee = unit.typer.callee(expr)
            return callee.name in READS_WHOLE or (callee.kind is CalleeKind.CONVERSION and is_whole(unit, arg))
        case ir.Call():
            return unit.typer.callee(expr).name in READS_WHOLE
        case _:
            return False
