"""Loops over rows that end early without anybody noticing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_databases import UncheckedRows
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.flow.zero import returned_with
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule

_NEXT = frozenset(
    {
        "database/sql.Rows.Next",
        "github.com/jmoiron/sqlx.Rows.Next",
        "github.com/jackc/pgx/v4.Rows.Next",
        "github.com/jackc/pgx/v5.Rows.Next",
        "go.mongodb.org/mongo-driver/mongo.Cursor.Next",
        "go.mongodb.org/mongo-driver/v2/mongo.Cursor.Next",
    }
)

_READS = re.compile(rb"(?i)scan|decode|values")
MAX_DEPTH = 3
"""How many calls the rows are followed down."""


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b".Next(" not in unit.text or not _READS.search(unit.text):
        return
    for function in unit.function.walk():
        if function.body is None:
            continue
        for loop in statements(function.body):
            call = _advance(loop)
            if call is not None and isinstance(loop, ir.For):
                yield from _loop(unit, function, loop, call)


def _advance(loop: ir.Stmt) -> ir.Call | None:
    """The ``rows.Next()`` in the condition of a loop."""
    if not isinstance(loop, ir.For) or loop.cond is None:
        return None
    for part in expressions(loop.cond):
        if isinstance(part, ir.Call) and isinstance(part.func, ir.Selector) and part.func.field == "Next":
            return part
    return None


def _loop(unit: FunctionUnit, function: ir.Function, loop: ir.For, call: ir.Call) -> Iterator[Finding]:
    base = call.func.base if isinstance(call.func, ir.Selector) else None
    symbol = base.symbol if isinstance(base, ir.Name) else None
    if symbol is None or symbol.kind is not ir.SymbolKind.LOCAL:
        return
    callee = unit.typer.callee(call)
    if not {callee.name, callee.declared_name} & _NEXT or not _stays(unit, symbol):
        return
    yield finding_at(
        unit,
        call,
        code="rows-error-unchecked",
        tier=Tier.EXTENDED,
        message=f"nobody asks {symbol.name}.Err() after this loop: it ends just the same when the connection breaks or the context ends, "
        "and half a result looks whole",
        evidence=_evidence(unit, function, loop, symbol),
    )


def _stays(unit: FunctionUnit, symbol: ir.Symbol, depth: int = MAX_DEPTH) -> bool:
    """Whether the rows are only used here, and never asked for their error."""
    for name in unit.uses.names.get(symbol, ()):
        parent = unit.uses.parent(name)
        match parent:
            case ir.Selector():
                if parent.field == "Err" or not isinstance(unit.uses.parent(parent), ir.Call):
                    return False
            case ir.Assign() if any(target is name for target in parent.left):
                pass
            case ir.Binary():
                pass
            case ir.Call() if not _only_reads(unit, parent, name, depth):
                return False
            case ir.Call():
                pass
            case _:
                return False
    return True


def _only_reads(unit: FunctionUnit, call: ir.Call, name: ir.Name, depth: int) -> bool:
    """Whether the rows are an argument of a function of the module that only calls methods of theirs, and never ``Err``."""
    callee = unit.program.unit_of_callee(unit.typer.callee(call))
    number = next((n for n, arg in enumerate(call.args) if arg is name), None)
    if not depth or callee is None or number is None or number >= len(callee.function.params):
        return False
    param = callee.function.params[number]
    return param.symbol is not None and not param.variadic and _stays(callee, param.symbol, depth - 1)


def _evidence(unit: FunctionUnit, function: ir.Function, loop: ir.For, symbol: ir.Symbol) -> Evidence:
    """An early return may leave the rows open where nobody has deferred their close."""
    closed = any(
        isinstance(name, ir.Name) and name.symbol is symbol
        for statement in unit.cfg(function).defers
        for name in expressions(statement.call, literals=True)
    )
    returned = returned_with(unit, function, "err")
    if not closed or returned is None:
        return Evidence()
    return UncheckedRows(rows=symbol.name, loop_end=unit.offset(loop.end), returned=returned)


RULE = Rule(
    module=__name__,
    code="rows-error-unchecked",
    tier=Tier.EXTENDED,
    summary="a loop over rows is not followed by a check of rows.Err",
    check_function=_check,
    fix="unsafe",
    tests_too=False,
    duplicates=("rowserrcheck",),
)
