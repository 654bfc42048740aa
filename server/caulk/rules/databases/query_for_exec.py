"""Queries whose statement gives no rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_databases import QueryForExec
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule
from caulk.semantics.text import constant_text

_EXEC = {
    "Query": "Exec",
    "QueryContext": "ExecContext",
    "Queryx": "Exec",
    "QueryxContext": "ExecContext",
}
_PACKAGES = ("database/sql", "github.com/jmoiron/sqlx", "github.com/jackc/pgx")
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.S)
_NO_ROWS = re.compile(r"\s*(?:insert|update|delete|replace|create|drop|alter|truncate|grant|revoke)\b", re.I)
_GIVES_ROWS = re.compile(r"\b(?:returning|output|on\s+cluster)\b|;\s*\S", re.I)
"""Words with which such a statement gives rows after all, and a second statement behind it."""


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b".Query" not in unit.text or unit.function.body is None:
        return
    for call in expressions(unit.function.body, literals=True):
        if isinstance(call, ir.Call) and _is_query(unit, call) and _gives_no_rows(unit, call):
            yield _finding(unit, call)


def _is_query(unit: FunctionUnit, call: ir.Call) -> bool:
    if not isinstance(call.func, ir.Selector) or call.func.field not in _EXEC:
        return False
    callee = unit.typer.callee(call)
    return callee.package.startswith(_PACKAGES) and "Stmt" not in callee.name and "Batch" not in callee.name


def _gives_no_rows(unit: FunctionUnit, call: ir.Call) -> bool:
    for arg in call.args[:2]:
        text = constant_text(unit.typer, arg)
        if text is not None:
            text = _COMMENTS.sub(" ", text)
            return bool(_NO_ROWS.match(text)) and not _GIVES_ROWS.search(text)
    return False


def _finding(unit: FunctionUnit, call: ir.Call) -> Finding:
    assert isinstance(call.func, ir.Selector)
    called, better = call.func.field, _exec(unit, call)
    return finding_at(
        unit,
        call,
        code="query-for-exec",
        tier=Tier.EXTENDED,
        message=f"this statement gives no rows: {called} keeps a connection until somebody closes them, {better} gives it back at once",
        evidence=_evidence(unit, call),
    )


def _exec(unit: FunctionUnit, call: ir.Call) -> str:
    """pgx has one method, which takes a context."""
    assert isinstance(call.func, ir.Selector)
    is_pgx = unit.typer.callee(call).package.startswith("github.com/jackc/pgx")
    return "Exec" if is_pgx else _EXEC[call.func.field]


def _evidence(unit: FunctionUnit, call: ir.Call) -> Evidence:
    assert isinstance(call.func, ir.Selector)
    name = call.func.field_start
    method = unit.offset(name), unit.offset(name + len(call.func.field))
    match unit.uses.parent(call):
        case ir.ExprStmt():
            return QueryForExec(method, _exec(unit, call))
        case ir.Assign(left=(ir.Name() as rows, _)) as assign if rows.symbol is None and rows.name == "_":
            return QueryForExec(method, _exec(unit, call), unit.span(rows)) if assign.op != "var" else Evidence()
        case ir.Assign(left=(ir.Name(symbol=ir.Symbol() as symbol) as rows, _), op=":=") as assign:
            closes = _closes(unit, symbol, rows, assign)
            if closes is None:
                return Evidence()
            operator = (
                None if any(new is not None and new is not symbol for new in assign.new) else _operator(unit, assign)
            )
            return QueryForExec(method, _exec(unit, call), unit.span(rows), operator, tuple(map(unit.span, closes)))
        case _:
            return Evidence()


def _closes(unit: FunctionUnit, symbol: ir.Symbol, declared: ir.Name, assign: ir.Assign) -> list[ir.Node] | None:
    """The statements that close the rows, beside the query; None when anything else is done with them."""
    found: list[ir.Node] = []
    block = unit.uses.parent(assign)
    for name in unit.uses.names.get(symbol, ()):
        if name is declared:
            continue
        selector = unit.uses.parent(name)
        call = unit.uses.parent(selector) if isinstance(selector, ir.Selector) and selector.field == "Close" else None
        statement = unit.uses.parent(call) if isinstance(call, ir.Call) else None
        if not isinstance(statement, ir.ExprStmt | ir.Defer) or unit.uses.parent(statement) is not block:
            return None
        found.append(statement)
    return found


def _operator(unit: FunctionUnit, assign: ir.Assign) -> tuple[int, int]:
    start = unit.text.index(b":=", assign.left[-1].end)
    return unit.offset(start), unit.offset(start + len(b":="))


RULE = Rule(
    module=__name__,
    code="query-for-exec",
    tier=Tier.EXTENDED,
    summary="a statement that gives no rows is run with Query",
    check_function=_check,
    fix="unsafe",
    tests_too=False,
)
