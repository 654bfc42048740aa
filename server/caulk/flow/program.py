"""One Go package under analysis: its files, its functions and everything that is computed about them once.

All views are lazy and cached: a function is parsed and lowered when somebody asks for its tree, typed when somebody asks for
a type, and so on. A function that nobody asks about costs a regular-expression scan at most.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from caulk.flow import cfg
from caulk.flow.blocked import Blocked, blocked_in, channel_makers
from caulk.flow.cancellation import Cancellation
from caulk.flow.channels import Uses
from caulk.flow.containers import Insert, inserts
from caulk.flow.directives import Directives, above
from caulk.flow.endless import EndlessBodies, Start, starts_in
from caulk.flow.entries import EntryCalls
from caulk.flow.gate import NEVER_RETURN, NEVER_RETURN_METHODS, Endings, Gate
from caulk.flow.holdings import Holdings
from caulk.flow.implementations import Implementations
from caulk.flow.leaks import Leak, leaks_in
from caulk.flow.locks import Locks, locking_names
from caulk.flow.method_values import is_method_value
from caulk.flow.placement import Placement
from caulk.flow.rendezvous import Exploration, explore
from caulk.flow.request_reach import Requests
from caulk.flow.spawns import spawners
from caulk.flow.summaries import Summaries
from caulk.ir import nodes as ir
from caulk.ir.declarations import FileDecls, FunctionHead
from caulk.ir.lower import lower_function
from caulk.semantics.gomod import DEFAULT_GO
from caulk.semantics.model import Callee, CalleeKind
from caulk.semantics.packages import Declared, Package, PackageFile
from caulk.semantics.typer import Typer
from caulk.semantics.world import World
from caulk.syntax.source import SourceFile
from caulk.syntax.split import Chunk, Split, split

if TYPE_CHECKING:
    from caulk.semantics.contracts import Contracts

MAX_FOREIGN_TEXT = 4096
"""Bytes; a longer function of another module takes what it is given, unread."""


@dataclass(frozen=True, slots=True)
class GoVersion:
    """The ``go`` line of the module, and its ``toolchain`` line when there is one. Without a go.mod neither is known."""

    language: tuple[int, int] | None = None
    toolchain: tuple[int, int] | None = None

    def is_before(self, version: tuple[int, int]) -> bool:
        """Whether the code is known to be written for an older Go."""
        return self.language is not None and self.language < version


@dataclass(eq=False)
class FileUnit:
    """One file of the package."""

    source: SourceFile
    split: Split
    package_file: PackageFile
    is_test: bool
    is_generated: bool

    @property
    def path(self) -> str:
        return self.source.path

    @property
    def decls(self) -> FileDecls:
        return self.package_file.decls

    def imports(self, *prefixes: str) -> bool:
        """Whether the file imports a package whose path is, or lies below, one of ``prefixes``."""
        return not self._import_prefixes.isdisjoint(prefixes)

    @cached_property
    def _import_prefixes(self) -> frozenset[str]:
        """The paths of the imports, and all paths that they lie below."""
        return frozenset(
            prefix
            for imported in self.decls.imports
            for prefix in accumulate(imported.path.split("/"), lambda above, name: f"{above}/{name}")
        )


@dataclass(eq=False)
class FunctionUnit:
    """One top-level function with its literals."""

    program: Program
    file: FileUnit
    chunk: Chunk
    name: str
    receiver: str
    """The receiver's type name, empty for a plain function."""
    head: FunctionHead
    """What its file declares: the signature without a tree of the body."""
    _graphs: dict[int, cfg.Graph] = field(default_factory=dict, repr=False)
    _placements: dict[int, Placement] = field(default_factory=dict, repr=False)

    @cached_property
    def text(self) -> bytes:
        return self.file.source.data[self.chunk.start : self.chunk.end]

    @cached_property
    def code(self) -> bytes:
        """The text with its comments blanked, offsets kept."""
        return self.file.split.code[self.chunk.start : self.chunk.end]

    @cached_property
    def directives(self) -> Directives:
        """What its author says about ownership."""
        return above(self.file.source.data, self.chunk.start)

    @cached_property
    def words(self) -> frozenset[bytes]:
        """The words of the code, numbers and what stands in strings included: what a rule asks before it asks for a tree."""
        return self.file.split.words(self.chunk)

    @cached_property
    def function(self) -> ir.Function:
        """The lowered tree. A text that is no function at all gives an empty one."""
        lowered = lower_function(self.code, has_comments=not self.file.split.balanced)
        return lowered if lowered is not None else ir.Function(0, len(self.text), self.name, None, (), (), None)

    @cached_property
    def typer(self) -> Typer:
        return Typer(self.program.world, self.program.package, self.file.package_file, self.function)

    def cfg(self, function: ir.Function | None = None) -> cfg.Graph:
        """The graph of the function itself or of one of its literals."""
        function = function or self.function
        graph = self._graphs.get(id(function))
        if graph is None:
            graph = self._graphs[id(function)] = cfg.build(function, self.never_returns)
        return graph

    def placement(self, function: ir.Function) -> Placement:
        """Where the statements of the function, or of one of its literals, stand."""
        found = self._placements.get(id(function))
        if found is None:
            found = self._placements[id(function)] = Placement(function, self.never_returns)
        return found

    @cached_property
    def leaks(self) -> tuple[Leak, ...]:
        """The obligations that this function leaves open."""
        return tuple(leaks_in(self)) if self.program.gate.lets_in(self) else ()

    @cached_property
    def locks(self) -> Locks:
        """Which locks are held where."""
        return Locks(self)

    @cached_property
    def uses(self) -> Uses:
        """Where the names of this function stand."""
        return Uses(self.function)

    @cached_property
    def is_method_value(self) -> bool:
        """Whether somebody takes this method as a value, as for a handler."""
        return is_method_value(self)

    @cached_property
    def blocked(self) -> tuple[Blocked, ...]:
        """The goroutines that wait for ever on a channel of this function."""
        return tuple(blocked_in(self))

    @cached_property
    def endless_starts(self) -> tuple[Start, ...]:
        """The goroutines without an end that this function starts."""
        return tuple(starts_in(self))

    @cached_property
    def explorations(self) -> tuple[Exploration, ...]:
        """Who waits for whom on the channels that this function makes."""
        return tuple(explore(self))

    def never_returns(self, call: ir.Call) -> bool:
        """Whether the call ends the path: it panics, exits, or (by summary) has no reachable exit."""
        if not self.program.endings.may_end(self, call):
            return False
        callee = self.typer.callee(call)
        if callee.kind is CalleeKind.BUILTIN:
            return callee.name == "panic"
        if callee.name in NEVER_RETURN or (
            callee.short in NEVER_RETURN_METHODS and callee.kind is not CalleeKind.VALUE
        ):
            return True
        return self.program.summaries.never_returns(callee)

    def offset(self, relative: int) -> int:
        """The absolute byte offset of a place in this function."""
        return self.chunk.start + relative

    def span(self, node: ir.Node) -> tuple[int, int]:
        """The absolute byte span of a node of this function."""
        return self.chunk.start + node.start, self.chunk.start + node.end

    def source_text(self, node: ir.Node) -> str:
        """The text of a node of this function."""
        return self.text[node.start : node.end].decode("utf-8", "replace")

    def line(self, relative: int) -> int:
        """The 1-based line in the file of a relative byte offset."""
        return self.file.source.lines.line_of(self.offset(relative)) + 1

    @property
    def qualified(self) -> str:
        """``Type.Method`` or ``Function``."""
        return f"{self.receiver}.{self.name}" if self.receiver else self.name


@dataclass(eq=False)
class Program:
    """A package under analysis. ``contracts`` are the tables that create and end obligations."""

    world: World
    package: Package
    files: tuple[FileUnit, ...]
    contracts: Contracts
    version: GoVersion = field(default_factory=GoVersion)
    module: str = ""
    """The path of the module that the package belongs to, empty when there is none."""
    is_foreign: bool = False
    """Whether it belongs to another module than the code under analysis."""

    def is_std(self, path: str) -> bool:
        """Whether an import path belongs to the standard library: no dot in its first element, and not this module's own."""
        first = path.partition("/")[0]
        own = self.module.partition("/")[0]
        return bool(path) and "." not in first and (not own or first != own)

    def is_of_module(self, path: str) -> bool:
        """Whether an import path may lie in the module of the package; without a module any may."""
        return not self.module or path == self.module or path.startswith(self.module + "/") or self.module == "std"

    @property
    def go(self) -> tuple[int, int]:
        """The Go that a fix may count on."""
        return self.version.language or DEFAULT_GO

    @cached_property
    def functions(self) -> tuple[FunctionUnit, ...]:
        """Every top-level function of the package, generated files included, in file order."""
        return tuple(unit for file in self.files for unit in self._functions_of(file))

    def _functions_of(self, file: FileUnit) -> Sequence[FunctionUnit]:
        chunks = {chunk.start: chunk for chunk in file.split.functions}
        units = []
        for head in file.decls.functions:
            chunk = chunks.get(head.start)
            if chunk is not None:
                units.append(FunctionUnit(self, file, chunk, head.name, head.receiver, head))
        return units

    @cached_property
    def _by_place(self) -> dict[tuple[str, int], FunctionUnit]:
        return {(unit.file.path, unit.chunk.start): unit for unit in self.functions}

    @cached_property
    def by_name(self) -> dict[tuple[str, str], tuple[FunctionUnit, ...]]:
        """The functions by (receiver type name, name); several when build tags select among files."""
        found: dict[tuple[str, str], tuple[FunctionUnit, ...]] = {}
        for unit in self.functions:
            key = unit.receiver, unit.name
            found[key] = (*found.get(key, ()), unit)
        return found

    def unit_of(self, declared: Declared | None) -> FunctionUnit | None:
        """The function that ``declared`` declares, when its body is at hand: in this package or in another of the module."""
        if declared is None or not declared.is_function:
            return None
        if declared.package is self.package:
            return self._by_place.get((declared.file.path, declared.declaration.start))
        sibling = self.sibling(declared.package)
        return sibling._by_place.get((declared.file.path, declared.declaration.start)) if sibling is not None else None

    def sibling(self, package: Package) -> Program | None:
        """Another package of the same module as a program, for the summaries of its functions."""
        own = self.package.module
        if own is None or package.module is None or package.module.directory != own.directory:
            return None
        return self._of(package)

    def foreign_unit_of_callee(self, callee: Callee) -> FunctionUnit | None:
        """The body of a function of another module, when its sources are at hand and it is short: enough to see that it
        only looks at an argument. The standard library is left to the tables."""
        declared = callee.declared
        if callee.interface or declared is None or not declared.is_function or self.is_foreign:
            return None
        package = declared.package
        if not package.directory or package.module is None or self.is_std(package.path):
            return None
        sibling = self._of(package)
        unit = sibling._by_place.get((declared.file.path, declared.declaration.start)) if sibling is not None else None
        return unit if unit is not None and len(unit.text) <= MAX_FOREIGN_TEXT else None

    def _of(self, package: Package) -> Program | None:
        key = "program", package.path
        if key not in self.world.cache:
            self.world.cache[key] = self._load_sibling(package)
        found = self.world.cache[key]
        return found if isinstance(found, Program) else None

    def _load_sibling(self, package: Package) -> Program | None:
        files: list[FileUnit] = []
        for package_file in package.files:
            try:
                data = self.world.read(package_file.path)
            except OSError:
                continue
            files.append(FileUnit(SourceFile(package_file.path, data), split(data), package_file, False, False))
        own = self.package.module
        foreign = own is None or package.module is None or package.module.directory != own.directory
        return Program(self.world, package, tuple(files), self.contracts, self.version, self.module, foreign)

    def own_unit_of_callee(self, callee: Callee) -> FunctionUnit | None:
        """The same, for functions of this package only: whoever looks at all uses of something in a package wants that."""
        unit = self.unit_of_callee(callee)
        return unit if unit is not None and unit.program is self else None

    def unit_of_callee(self, callee: Callee) -> FunctionUnit | None:
        """The body that a call runs, when it is a concrete function or method of the module."""
        return None if callee.interface else self.unit_of(callee.declared)

    @cached_property
    def implementations(self) -> Implementations:
        """The bodies behind the interfaces of the package."""
        return Implementations(self)

    @cached_property
    def siblings(self) -> tuple[Package, ...]:
        """The packages of its module that it imports."""
        if not self.module or self.is_foreign:
            return ()
        paths = sorted(path for path in self.package.imported if self.is_of_module(path))
        found = (self.world.import_package(path, self.package) for path in paths)
        return tuple(package for package in found if package is not None and package is not self.package)

    @cached_property
    def spawners(self) -> frozenset[bytes]:
        """The names of what may run its argument in a goroutine."""
        return spawners(self)

    @cached_property
    def channel_makers(self) -> re.Pattern[bytes] | None:
        """Matches where a function of this package that returns a channel is called."""
        return channel_makers(self)

    @cached_property
    def locking(self) -> frozenset[bytes]:
        """The names of the functions of the package that take a lock."""
        return locking_names(self.functions)

    @cached_property
    def endless(self) -> EndlessBodies:
        """The functions and literals that control never leaves."""
        return EndlessBodies()

    @cached_property
    def holdings(self) -> Holdings:
        """Which types something to release can be behind."""
        return Holdings(self)

    @cached_property
    def gate(self) -> Gate:
        """Which functions the acquire/release rules need to look at."""
        return Gate(self)

    @cached_property
    def endings(self) -> Endings:
        """Which calls may end a path."""
        return Endings(self)

    @cached_property
    def requests(self) -> Requests:
        """The code of the package that runs once a request."""
        return Requests(self)

    @cached_property
    def map_inserts(self) -> tuple[Insert, ...]:
        """The writes of request code to maps that outlive the request."""
        return tuple(inserts(self))

    @cached_property
    def entry_calls(self) -> EntryCalls:
        """Which functions of the package put entries into long-lived maps, and take them out."""
        return EntryCalls(self)

    @cached_property
    def cancellation(self) -> Cancellation:
        """Which calls of the package obey the end of a context."""
        return Cancellation(self)

    @cached_property
    def summaries(self) -> Summaries:
        return Summaries(self)
