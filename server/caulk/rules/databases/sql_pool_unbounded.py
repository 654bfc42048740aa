"""Database handles on which nobody sets limits."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_requests import UnboundedPool
from caulk.findings.finding import Finding, Span, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements, walk
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
_IMPORTS = ("database/sql", "github.com/jmoiron/sqlx", "gorm.io/gorm")
_LIMIT = b"SetMaxOpenConns"
_HELPS_TESTS = re.compile(r"(?i)test(?:s|ing|util|utils|helper|helpers|data|suite|db|kit)?$|^mocks?$|^examples?$")
"""Directories whose databases live as long as a test."""

MAX_FILES = 3000
"""How many files of a module are searched for limits; in a larger one the rule is silent."""


def _check(program: Program) -> Iterator[Finding]:
    if any(_LIMIT in file.source.data for file in program.files):
        return
    if any(_HELPS_TESTS.search(part) for part in program.package.path.split("/")[1:]):
        return
    found = [finding for unit in program.functions if _may_open(unit) for finding in _in_function(unit)]
    if found and not _is_limited_elsewhere(program):
        yield from found


def _may_open(unit: FunctionUnit) -> bool:
    if unit.file.is_test or unit.file.is_generated or not unit.file.imports(*_IMPORTS):
        return False
    return any(word in unit.text for word in (b"Open", b"Connect", b".DB()"))


def _is_limited_elsewhere(program: Program) -> bool:
    """Whether another package of the module sets limits: handles are often opened in one and set up in another."""
    module = program.package.module
    if module is None or not module.path:
        return False
    known = program.world.cache
    key = "sets database limits", module.directory
    if key not in known:
        known[key] = any(_LIMIT in text for text in _texts(program, module.directory))
    return bool(known[key])


def _texts(program: Program, directory: str) -> Iterator[bytes]:
    """The Go files of a module, tests and what it vendors left out. One that is too large answers with a limit."""
    count = 0
    todo = [directory]
    while todo:
        current = todo.pop()
        names = program.world.names(current)
        if "go.mod" in names and current != directory:
            continue  # a module of its own
        for name in names:
            path = os.path.join(current, name)
            if "." not in name and name not in ("vendor", "testdata", "node_modules"):
                todo.append(path)
            elif name.endswith(".go") and not name.endswith("_test.go"):
                count += 1
                if count > MAX_FILES:
                    yield _LIMIT
                    return
                yield _text(program, path)


def _text(program: Program, path: str) -> bytes:
    try:
        return program.world.read(path)
    except OSError:
        return b""


def _in_function(unit: FunctionUnit) -> Iterator[Finding]:
    for function in unit.function.walk():
        if function.body is None:
            continue
        for node in walk(function.body):
            if isinstance(node, ir.Call) and unit.typer.callee(node).name in _OPENERS and not _is_sqlite(node):
                finding = _finding(unit, function, node)
                if not _is_closed(function, finding.evidence) and not _is_lost(unit, node):
                    yield finding


def _is_lost(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether nobody keeps the handle: a fault of its own, which limits do not mend."""
    return any(leak.acquire.call is call and leak.code == "client-per-request" for leak in unit.leaks)


def _is_closed(function: ir.Function, evidence: Evidence) -> bool:
    """Whether the function that opens the handle closes it: a try of the connection, a command of its own."""
    assert isinstance(evidence, UnboundedPool) and function.body is not None
    return any(
        isinstance(part, ir.Selector)
        and part.field == "Close"
        and isinstance(part.base, ir.Name)
        and part.base.name == evidence.name
        for part in expressions(function.body, literals=True)
    )


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
        message="nothing in the module limits the connections of this database: under load it opens as many as there are requests, and keeps only two idle",
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
