"""How often a function runs: for each request, once in the life of the process, or nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from caulk.flow.importers import importers_naming
from caulk.flow.mentions import is_called
from caulk.flow.shapes import called_name
from caulk.ir import nodes as ir
from caulk.ir.visit import walk

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit, Program

MAX_DEPTH = 4
"""How many calls a caller is looked for."""

_COMMANDS = (
    ("github.com/spf13/cobra", "Command"),
    ("github.com/urfave/cli", "Context"),
    ("github.com/minio/cli", "Context"),
    ("testing", "M"),
)
"""Parameters of what a process runs once."""

_COMMAND = re.compile(rb"Command\{")
_STARTS = re.compile(
    r"^(?:New|Must|Open|Start|Run|Serve|Listen|Launch|Init|Setup|Set[Uu]p|Boot|Begin|Watch|Monitor|Spawn|Make|Create|Connect"
    r"|Dial|Register|Enable|Install|Attach|Loop|Daemon|Background|Schedule|Poll|Main|Execute)",
    re.IGNORECASE,
)
"""Names of functions that start something that is meant to last."""


class Frequency(Enum):
    REQUEST = "for each request"
    ONCE = "once in a process"
    STARTS = "once for what it starts"
    """By its name the function makes or starts something that lasts."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CallSite:
    unit: FunctionUnit
    call: ir.Expr


def frequency(unit: FunctionUnit, function: ir.Function) -> Frequency:
    """How often ``function``, the top-level function of ``unit`` or a literal in it, runs."""
    current: ir.Function | None = function
    while current is not None:
        if handles_request(unit, current):
            return Frequency.REQUEST
        current = current.parent
    if runs_once(unit):
        return Frequency.ONCE
    if _STARTS.match(unit.name):
        return Frequency.STARTS
    return Frequency.REQUEST if _is_reached_from_request(unit, MAX_DEPTH, set()) else Frequency.UNKNOWN


def handles_request(unit: FunctionUnit, function: ir.Function) -> bool:
    """Whether the parameters are those of a request handler."""
    code = unit.program.requests.of(function)
    return code is not None and code.is_handler


def runs_once(unit: FunctionUnit, depth: int = MAX_DEPTH) -> bool:
    """Whether the function runs once at most in the life of a process: ``main``, ``init``, a command, or only called there."""
    if unit.name == "init" and not unit.receiver:
        return True
    if is_command(unit, unit.function) or _is_registered_command(unit):
        return True
    is_main = unit.program.package.name == "main"
    if not is_main and unit.name[:1].isupper():
        return False
    if is_main and unit.name == "main" and not unit.receiver:
        return True
    sites = callers(unit)
    if not depth or not sites:
        return False
    return all(not _is_repeated(site) and runs_once(site.unit, depth - 1) for site in sites)


def _is_registered_command(unit: FunctionUnit) -> bool:
    """Whether the function is what a command runs: ``Command{Run: f}``, ``command.Run = f``, ``command.RunE = wrap(f)``."""
    if unit.receiver:
        return False
    runs = re.compile(
        rb"\b(?:Run|RunE|Func|Action|Exec|Main)\s*[:=]\s*(?:[\w.]+\()?" + unit.name.encode() + rb"\b(?!\()"
    )
    return unit.program.says(_COMMAND) and unit.program.says(runs)


def is_command(unit: FunctionUnit, function: ir.Function) -> bool:
    """Whether the parameters are those of what a process runs once."""
    return any(_is_of(type_, known) for type_ in _parameter_types(unit, function) for known in _COMMANDS)


def _is_repeated(site: CallSite) -> bool:
    """Whether the call stands in a loop or in a literal."""
    uses = site.unit.uses
    if uses.function_of(site.call) is not site.unit.function:
        return True
    return any(isinstance(node, ir.For | ir.Range) for node in uses.around(site.call))


def _is_reached_from_request(unit: FunctionUnit, depth: int, seen: set[FunctionUnit]) -> bool:
    """Whether request code of the module calls the function, not by way of something that starts or caches."""
    if unit in seen or not depth:
        return False
    seen.add(unit)
    for site in (*callers(unit), *_callers_abroad(unit)):
        inside = site.unit.uses.function_of(site.call)
        if is_guarded(site):
            continue
        current: ir.Function | None = inside
        while current is not None:
            if handles_request(site.unit, current):
                return True
            current = current.parent
        if not _STARTS.match(site.unit.name) and _is_reached_from_request(site.unit, depth - 1, seen):
            return True
    return False


class Guard(Enum):
    """What keeps a call from running each time."""

    ONCE = "once for all"
    """A ``sync.Once``, or ``if s.conn == nil``, ``if !s.started``."""
    KEYED = "once for each key"
    """A test of what a variable was just given: ``if conn == nil``, ``if !found``."""


def is_guarded(site: CallSite) -> bool:
    """Whether the call runs once only: see :class:`Guard`."""
    return guard_of(site) is not None


def guard_of(site: CallSite) -> Guard | None:
    """The innermost guard around a call."""
    uses = site.unit.uses
    node: ir.Node | None = site.call
    while node is not None:
        parent = uses.parent(node)
        match parent:
            case ir.Call() if isinstance(node, ir.FuncLit) and site.unit.typer.callee(parent).name == "sync.Once.Do":
                return Guard.ONCE
            case ir.If(
                cond=ir.Binary(op="==", left=tested, right=ir.Name(name="nil")) | ir.Unary(op="!", operand=tested)
            ) if node is parent.then:
                is_local = isinstance(tested, ir.Name) and tested.symbol is not None and not tested.symbol.captured
                return Guard.KEYED if is_local else Guard.ONCE
            case _:
                node = parent
    return None


def callers(unit: FunctionUnit) -> list[CallSite]:
    """The calls of the function in its package, tests left out."""
    return [site for site in _calls_in(unit.program, unit) if site.unit is not unit]


def _callers_abroad(unit: FunctionUnit) -> Iterator[CallSite]:
    """The calls of the function in the packages of the module that import its own."""
    if unit.name[:1].isupper() and unit.program.package.name != "main":
        for importer in importers_naming(unit.program, unit.name):
            yield from _calls_in(importer, unit)


def _calls_in(program: Program, unit: FunctionUnit) -> Iterator[CallSite]:
    name = unit.name.encode()
    place = unit.file.path, unit.head.start
    for other in program.mentioning(name):
        if other.file.is_test:
            continue
        if not is_called(name, other.code, len(other.head.text)) or other.function.body is None:
            continue
        for node in walk(other.function.body, literals=True):
            if isinstance(node, ir.Call) and called_name(node) == unit.name:
                called = program.unit_of_callee(other.typer.callee(node))
                if called is not None and (called.file.path, called.head.start) == place:
                    yield CallSite(other, node)


def _parameter_types(unit: FunctionUnit, function: ir.Function) -> Iterator[tuple[str, str]]:
    """The import paths and names of the parameters' types, as far as they are named in other packages."""
    for param in function.params:
        type_ = param.type
        while isinstance(type_, ir.PointerType):
            type_ = type_.elem
        if isinstance(type_, ir.NamedType) and type_.package and any(type_.name == name for _, name in _COMMANDS):
            path = unit.program.world.imported(unit.file.package_file, type_.package)
            if path is not None:
                yield path, type_.name


def _is_of(found: tuple[str, str], known: tuple[str, str]) -> bool:
    path, name = found
    return name == known[1] and (path == known[0] or path.startswith(known[0] + "/v"))
