"""Temporary files and folders, and what becomes of their paths.

A path is a string and may go anywhere, so this is no walk of ways: if anybody at all removes, renames or keeps the file or
something that was made of its path, it is somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from caulk.ir import nodes as ir
from caulk.ir.visit import statements
from caulk.semantics.model import Callee, CalleeKind, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

MAX_DEPTH = 3
"""How many calls a path is followed."""

_FILES = frozenset({"os.CreateTemp", "io/ioutil.TempFile"})
_FOLDERS = frozenset({"os.MkdirTemp", "io/ioutil.TempDir"})
_DISPOSES = re.compile(r"(?i)remove|rename|unlink|delete|clean|move|replace|destroy|purge|discard|teardown|rollback")
"""Functions of these names remove what they are given, or put it in its place."""
_HOLDS = frozenset({"os.File.Name", "os.Open", "os.Create", "os.OpenFile", "os.CreateTemp", "os.MkdirTemp"})
"""Calls whose result leads back to the path that they were given."""
_PATH_PACKAGES = frozenset({"path", "path/filepath", "strings", "fmt"})
_KEEPS = frozenset({"os.Setenv", "os.Chdir", "os.NewFile", "net/http.FileServer", "net/http.Dir", "os.DirFS"})
_TELLS = re.compile(r"(?:fmt\.F?Print|log\.(?:Print|Logger\.Print)).*")
"""Who prints the path tells a person where to look."""
_WRITES = frozenset({"Write", "WriteString", "WriteByte", "Encode"})
"""Whose content the path is may read it there later."""
_MOVES = frozenset({'"rm"', '"mv"', '"sudo"', '"sh"', '"bash"', '"tar"'})


class Fate(IntEnum):
    """What becomes of a path; the higher one counts."""

    BORROWED = 0
    ENDED = 1
    """Removed, renamed, handed over, or named to a person."""


@dataclass(frozen=True, slots=True, eq=False)
class Temporary:
    """A temporary file or folder that stays."""

    unit: FunctionUnit
    function: ir.Function
    item: ir.Assign
    call: ir.Call
    symbol: ir.Symbol
    error: ir.Symbol | None
    is_folder: bool


def left_behind(unit: FunctionUnit) -> Iterator[Temporary]:
    """The temporary files and folders that a top-level function or a literal in it makes, and nobody removes."""
    for function in unit.function.walk():
        for statement in statements(function.body) if function.body is not None else ():
            if isinstance(statement, ir.Assign):
                made = _made(unit, function, statement)
                if made is not None and _Paths(unit, MAX_DEPTH).fate({made.symbol}) is Fate.BORROWED:
                    yield made


def _made(unit: FunctionUnit, function: ir.Function, item: ir.Assign) -> Temporary | None:
    call = item.right[0] if len(item.right) == 1 else None
    target = item.left[0]
    if not isinstance(call, ir.Call) or not isinstance(target, ir.Name) or len(item.left) != 2:
        return None
    name = unit.typer.callee(call).name
    if name not in _FILES | _FOLDERS or not call.args or not _is_default_folder(unit, call.args[0]):
        return None
    symbol, error = target.symbol, item.left[1]
    if symbol is None or symbol.function is not function or symbol.kind is not ir.SymbolKind.LOCAL:
        return None
    error_symbol = error.symbol if isinstance(error, ir.Name) else None
    return Temporary(unit, function, item, call, symbol, error_symbol, name in _FOLDERS)


def _is_default_folder(unit: FunctionUnit, arg: ir.Expr) -> bool:
    """Whether the file lies in the system's folder for such; another folder may be removed as a whole."""
    if isinstance(arg, ir.Literal):
        return arg.text in ('""', "``")
    return isinstance(arg, ir.Call) and unit.typer.callee(arg).name == "os.TempDir"


class _Paths:
    """Follows what carries a path through one top-level function."""

    def __init__(self, unit: FunctionUnit, depth: int) -> None:
        self._unit = unit
        self._depth = depth

    def fate(self, carriers: set[ir.Symbol]) -> Fate:
        todo = list(carriers)
        while todo:
            for name in self._unit.uses.names.get(todo.pop(), ()):
                if self._use(name, carriers, todo) is Fate.ENDED:
                    return Fate.ENDED
        return Fate.BORROWED

    def _use(self, name: ir.Name, carriers: set[ir.Symbol], todo: list[ir.Symbol]) -> Fate:
        """Go up from a name as long as the expression still carries the path."""
        node: ir.Node = name
        while True:
            parent = self._unit.uses.parent(node)
            match parent:
                case ir.Assign():
                    return self._assigned(parent, node, carriers, todo)
                case ir.Call() if node is parent.func:
                    if not self._is_carried_by_result(parent):
                        return Fate.BORROWED
                case ir.Call():
                    if self._given(parent, node) is Fate.ENDED:
                        return Fate.ENDED
                    if not self._is_carried_by_result(parent):
                        return Fate.BORROWED
                case ir.Selector() if not self._selects_path(parent):
                    return self._member(parent)
                case ir.Return() | ir.Send():
                    return Fate.ENDED
                case ir.Selector() | ir.Binary(op="+") | ir.Composite() | ir.Unary() | ir.SliceExpr() | ir.Assertion():
                    pass
                case _:
                    return Fate.BORROWED
            assert parent is not None
            node = parent

    def _assigned(self, assign: ir.Assign, node: ir.Node, carriers: set[ir.Symbol], todo: list[ir.Symbol]) -> Fate:
        number = next((n for n, value in enumerate(assign.right) if value is node), None)
        if number is None:
            return Fate.BORROWED  # it is what is assigned
        target = assign.left[number] if number < len(assign.left) else assign.left[0]
        symbol = target.symbol if isinstance(target, ir.Name) else None
        if isinstance(target, ir.Name) and target.name == "_":
            return Fate.BORROWED
        if symbol is None or symbol.kind is not ir.SymbolKind.LOCAL:
            return Fate.BORROWED if self._is_field_of_command(target) else Fate.ENDED
        if symbol not in carriers:
            carriers.add(symbol)
            todo.append(symbol)
        return Fate.BORROWED

    def _is_field_of_command(self, target: ir.Expr) -> bool:
        """``cmd.Dir = dir``, ``cmd.Stdout = f``."""
        owner = named(self._unit.typer.type_of(target.base)) if isinstance(target, ir.Selector) else None
        return owner is not None and owner.qualified == "os/exec.Cmd"

    def _selects_path(self, selector: ir.Selector) -> bool:
        """``f.Name()``: the method that gives the path."""
        return selector.field == "Name"

    def _member(self, selector: ir.Selector) -> Fate:
        """A method of the file reads it; one of a struct that holds the path may do anything."""
        parent = self._unit.uses.parent(selector)
        if not isinstance(parent, ir.Call) or parent.func is not selector:
            return Fate.BORROWED
        callee = self._unit.typer.callee(parent)
        return Fate.BORROWED if callee.name.startswith("os.File.") else Fate.ENDED

    def _is_carried_by_result(self, call: ir.Call) -> bool:
        """``f.Name()``, ``filepath.Join(dir, x)``, ``string(p)``: what comes out is the path, or holds it."""
        callee = self._unit.typer.callee(call)
        if callee.kind is CalleeKind.CONVERSION or callee.name in _HOLDS:
            return True
        return callee.package in _PATH_PACKAGES and not callee.short.startswith("Errorf")

    def _given(self, call: ir.Call, node: ir.Node) -> Fate:
        callee = self._unit.typer.callee(call)
        if callee.kind is CalleeKind.CONVERSION:
            return Fate.BORROWED
        if callee.kind is CalleeKind.BUILTIN:
            return Fate.ENDED if callee.name == "append" else Fate.BORROWED
        if _DISPOSES.search(callee.short) and callee.package not in ("strings", "regexp"):
            return Fate.ENDED
        target = self._unit.program.unit_of_callee(callee)
        if callee.literal is not None or target is not None:
            return self._parameter(call, callee, target, node)
        return self._foreign(call, callee)

    def _parameter(self, call: ir.Call, callee: Callee, target: FunctionUnit | None, node: ir.Node) -> Fate:
        """A function with a body at hand is followed."""
        unit = target or self._unit
        function = target.function if target is not None else callee.literal
        number = next(n for n, arg in enumerate(call.args) if arg is node)
        if function is None or not self._depth or number >= len(function.params) or function.params[number].variadic:
            return Fate.ENDED
        symbol = function.params[number].symbol
        return _Paths(unit, self._depth - 1).fate({symbol}) if symbol is not None else Fate.BORROWED

    def _foreign(self, call: ir.Call, callee: Callee) -> Fate:
        program = self._unit.program
        if program.is_std(callee.package):
            if callee.name in _KEEPS or _TELLS.fullmatch(callee.name) or callee.short in _WRITES:
                return Fate.ENDED
            moves = any(isinstance(arg, ir.Literal) and arg.text in _MOVES for arg in call.args)
            return Fate.ENDED if moves and callee.package == "os/exec" else Fate.BORROWED
        borrows = callee.package.startswith(program.contracts.ownership.borrowing_packages)
        return Fate.BORROWED if borrows else Fate.ENDED
