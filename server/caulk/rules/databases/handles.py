"""Database handles that live long: where they are opened, and what the rest of the module says about them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caulk.flow.program import FunctionUnit, Program
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements, walk
from caulk.rules.surroundings import is_for_tests

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


@dataclass(frozen=True, slots=True)
class Opened:
    """A call that gives a database handle which lives on. Offsets are absolute."""

    unit: FunctionUnit
    call: ir.Call
    name: str
    """The variable that holds it, empty when it has none."""
    after: int
    """Offset of the end of the statement behind which it is surely there; -1 for nowhere."""
    block_start: bool
    """Whether ``after`` is the brace that opens a block instead."""
    is_sqlx: bool


_OPENS = re.compile(rb"Open|Connect|\.DB\(\)")


def opened_handles(program: Program) -> Iterator[Opened]:
    """The handles that the package opens and keeps. SQLite is left out: a file has one writer, its pool is another matter."""
    if is_for_tests(program):
        return
    for unit in program.matching(_OPENS):
        if not unit.file.is_test and not unit.file.is_generated and unit.file.imports(*_IMPORTS):
            yield from _in_function(unit)


def _in_function(unit: FunctionUnit) -> Iterator[Opened]:
    for function in unit.function.walk():
        if function.body is None:
            continue
        for node in walk(function.body):
            if isinstance(node, ir.Call) and unit.typer.callee(node).name in _OPENERS and not _is_sqlite(node):
                handle = _opened(unit, function, node)
                if not _is_closed(function, handle.name) and not _is_lost(unit, node):
                    yield handle


def _is_sqlite(call: ir.Call) -> bool:
    driver = call.args[0] if call.args else None
    return isinstance(driver, ir.Literal) and "sqlite" in driver.text


def _is_closed(function: ir.Function, name: str) -> bool:
    """Whether the function that opens the handle closes it: a try of the connection, a command of its own."""
    assert function.body is not None
    return any(
        isinstance(part, ir.Selector)
        and part.field == "Close"
        and isinstance(part.base, ir.Name)
        and part.base.name == name
        for part in expressions(function.body, literals=True)
    )


def _is_lost(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether nobody keeps the handle: a fault of its own."""
    return any(leak.acquire.call is call and leak.code == "client-per-request" for leak in unit.leaks)


def _opened(unit: FunctionUnit, function: ir.Function, call: ir.Call) -> Opened:
    assert function.body is not None
    is_sqlx = unit.typer.callee(call).package == "github.com/jmoiron/sqlx"
    for statement in statements(function.body):
        if isinstance(statement, ir.Assign) and statement.right == (call,) and statement.left:
            target = statement.left[0]
            error = statement.left[1] if len(statement.left) > 1 else None
            symbol = error.symbol if isinstance(error, ir.Name) else None
            place = unit.placement(function).after_check(statement, symbol, None)
            if isinstance(target, ir.Name | ir.Selector) and unit.source_text(target) != "_" and place is not None:
                start = place.where == "block start"
                return Opened(unit, call, unit.source_text(target), unit.offset(place.offset), start, is_sqlx)
    return Opened(unit, call, "", -1, False, is_sqlx)
