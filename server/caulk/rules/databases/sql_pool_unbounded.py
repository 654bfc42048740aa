"""Database handles on which nobody sets limits."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_requests import UnboundedPool
from caulk.findings.finding import Finding, Span, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.ir import nodes as ir
from caulk.ir.visit import statements, walk
from caulk.rules.rule import Rule

_OPENERS = frozenset(
    {
        *(
            "database/sql.Open",
            "database/sql.OpenDB",
            "github.com/jmoiron/sqlx.Open",
            "github.com/jmoiron/sqlx.Connect",
        ),
        *("github.com/jmoiron/sqlx.MustConnect", "github.com/jmoiron/sqlx.MustOpen", "gorm.io/gorm.DB.DB"),
    }
)
_LIMIT = b"SetMaxOpenConns"


def _check(program: Program) -> Iterator[Finding]:
    if any(_LIMIT in file.source.data for file in program.files):
        return
    for unit in program.functions:
        if (
            unit.file.is_test
            or unit.file.is_generated
            or not unit.file.imports("database/sql", "github.com/jmoiron/sqlx", "gorm.io/gorm")
        ):
            continue
        if any(word in unit.text for word in (b"Open", b"Connect", b".DB()")):
            yield from _in_function(unit)


def _in_function(unit: FunctionUnit) -> Iterator[Finding]:
    for function in unit.function.walk():
        if function.body is None:
            continue
        for node in walk(function.body):
            if isinstance(node, ir.Call) and unit.typer.callee(node).name in _OPENERS and not _is_sqlite(node):
                yield _finding(unit, function, node)


def _is_sqlite(call: ir.Call) -> bool:
    """A file has one writer: its pool is another matter."""
    driver = call.args[0] if call.args else None
    return isinstance(driver, ir.Literal) and "sqlite" in driver.text


def _finding(unit: FunctionUnit, function: ir.Function, call: ir.Call) -> Finding:
    name, after, block_start = _where(unit, function, call)
    return Finding(
        code="sql-pool-unbounded",
        path=unit.file.path,
        span=Span(*unit.span(call)),
        message="nothing in the package limits the connections of this database: under load it opens as many as there are requests, and keeps only two idle",
        evidence=UnboundedPool(name=name, after=after, block_start=block_start),
        tier=Tier.EXTENDED,
        severity=Tier.EXTENDED.severity,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


def _where(unit: FunctionUnit, function: ir.Function, call: ir.Call) -> tuple[str, int, bool]:
    """The variable that gets the handle, and where the limits fit: behind the check of the error."""
    assert function.body is not None
    for statement in statements(function.body):
        if isinstance(statement, ir.Assign) and statement.right == (call,) and statement.left:
            target = statement.left[0]
            error = statement.left[1] if len(statement.left) > 1 else None
            symbol = error.symbol if isinstance(error, ir.Name) else None
            place = unit.placement(function).after_check(statement, symbol, None)
            if isinstance(target, ir.Name | ir.Selector) and unit.source_text(target) != "_" and place is not None:
                return unit.source_text(target), unit.offset(place.offset), place.where == "block start"
    return "", -1, False


RULE = Rule(
    module=__name__,
    code="sql-pool-unbounded",
    tier=Tier.EXTENDED,
    summary="the connections of a database handle are not limited",
    check_package=_check,
    fix="unsafe",
)
