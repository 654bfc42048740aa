"""Database handles that live long: where they are opened, and what the rest of the module says about them."""

from __future__ import annotations

import os
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

MAX_FILES = 3000
"""How many files of a module are searched for a word; in a larger one it counts as found."""


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


def opened_handles(program: Program) -> Iterator[Opened]:
    """The handles that the package opens and keeps. SQLite is left out: a file has one writer, its pool is another matter."""
    if is_for_tests(program):
        return
    for unit in program.functions:
        if _may_open(unit):
            yield from _in_function(unit)


def _may_open(unit: FunctionUnit) -> bool:
    if unit.file.is_test or unit.file.is_generated or not unit.file.imports(*_IMPORTS):
        return False
    return any(word in unit.text for word in (b"Open", b"Connect", b".DB()"))


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


# -- the rest of the module


def module_mentions(program: Program, words: re.Pattern[bytes]) -> bool:
    """Whether the package, or another one of its module, has one of the words: handles are often opened in one package and
    looked after in another."""
    if any(words.search(file.source.data) for file in program.files):
        return True
    module = program.package.module
    if module is None or not module.path:
        return False
    known = program.world.cache
    key = "mentions", module.directory, words.pattern
    if key not in known:
        known[key] = any(text is None or words.search(text) for text in _texts(program, module.directory))
    return bool(known[key])


def _texts(program: Program, directory: str) -> Iterator[bytes | None]:
    """The Go files of a module, tests, examples and what it vendors left out. One that is too large ends with None."""
    count = 0
    todo = [directory]
    while todo:
        current = todo.pop()
        names = program.world.names(current)
        if "go.mod" in names and current != directory:
            continue  # a module of its own
        for name in names:
            path = os.path.join(current, name)
            if "." not in name and name not in ("vendor", "testdata", "node_modules", "examples", "example"):
                todo.append(path)
            elif name.endswith(".go") and not name.endswith("_test.go"):
                count += 1
                if count > MAX_FILES:
                    yield None
                    return
                yield _text(program, path)


def _text(program: Program, path: str) -> bytes:
    try:
        return program.world.read(path)
    except OSError:
        return b""
