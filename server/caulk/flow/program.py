"""One Go package under analysis: its files, its functions and everything that is computed about them once.

All views are lazy and cached: a function is parsed and lowered when somebody asks for its tree, typed when somebody asks for
a type, and so on. A function that nobody asks about costs a regular-expression scan at most.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import accumulate, chain
from typing import TYPE_CHECKING, TypeVar

from caulk.flow import cfg
from caulk.flow.blocked import Blocked, blocked_in, channel_makers
from caulk.flow.cancellation import Cancellation
from caulk.flow.census import Census
from caulk.flow.channels import Uses
from caulk.flow.containers import Insert, inserts
from caulk.flow.directives import Directives, above
from caulk.flow.endless import EndlessBodies, Start, starts_in
from caulk.flow.entries import Change, EntryCalls, changes_of
from caulk.flow.frequency import Guard
from caulk.flow.gate import NEVER_RETURN, NEVER_RETURN_METHODS, Endings, Gate
from caulk.flow.holdings import Holdings
from caulk.flow.implementations import Implementations
from caulk.flow.leaks import Leak, leaks_in
from caulk.flow.locks import Locks, may_lock
from caulk.flow.method_values import is_method_value
from caulk.flow.placement import Placement
from caulk.flow.reads import FACTS, REQUESTS, Reads
from caulk.flow.rendezvous import Exploration, explore
from caulk.flow.request_reach import Requests, calls_of_request
from caulk.flow.requests import RequestCode, handlers_in, spread
from caulk.flow.spawns import Spawn, spawners, spawns_in
from caulk.flow.summaries import Summaries, Summary
from caulk.ir import nodes as ir
from caulk.ir.declarations import FileDecls, FunctionHead
from caulk.ir.lower import lower_function
from caulk.semantics.gomod import DEFAULT_GO
from caulk.semantics.model import Callee, CalleeKind
from caulk.semantics.packages import Declared, Package, PackageFile
from caulk.semantics.typer import Typer
from caulk.semantics.world import World
from caulk.syntax.source import SourceFile
from caulk.syntax.split import Chunk, Split, split, words_of

if TYPE_CHECKING:
    from caulk.semantics.contracts import Contracts

T = TypeVar("T")

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
    _moves: dict[int, int] = field(default_factory=dict, repr=False)
    """How many bytes the bodies that were edited since ``split`` have grown, by the offsets of their functions there."""

    def moved(self, source: SourceFile, start: int, by: int) -> None:
        """The body of the function at ``start`` of the split has grown by so many bytes in the new text."""
        self.source = source
        self._moves[start] = self._moves.get(start, 0) + by

    def at(self, offset: int) -> int:
        """Where the byte of a declaration is now."""
        return offset + sum(by for start, by in self._moves.items() if start < offset)

    def span(self, node: ir.Node) -> tuple[int, int]:
        """The byte span of a node of a declaration."""
        return self.at(node.start), self.at(node.end)

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
    cut: Chunk
    """Where it was when the file was split."""
    name: str
    receiver: str
    """The receiver's type name, empty for a plain function."""
    head: FunctionHead
    """What its file declares: the signature without a tree of the body."""
    is_damaged: bool = False
    """Whether its braces do not balance, as far as one can tell: then ``code`` may have comments."""
    _graphs: dict[int, cfg.Graph] = field(default_factory=dict, repr=False)
    _placements: dict[int, Placement] = field(default_factory=dict, repr=False)
    _calls: dict[ir.Function, tuple[tuple[ir.Call, FunctionUnit, Guard | None], ...]] = field(
        default_factory=dict, repr=False
    )
    moved: int = 0
    """How many bytes it stands behind where it was, after edits in front of it."""
    grown: int = 0
    """How many bytes longer it is, after edits of its body."""

    @property
    def chunk(self) -> Chunk:
        """Where it is."""
        start = self.cut.start + self.moved
        return Chunk(start, self.cut.end + self.moved + self.grown)

    def rewrite(self, code: bytes, grown: int, *, is_damaged: bool) -> None:
        """The body is another one now, so many bytes longer; the file has the text."""
        self.grown += grown
        for name in ("text", "words", "function", "typer", "uses", "handlers"):
            self.__dict__.pop(name, None)
        self._calls.clear()
        self.code, self.is_damaged = code, is_damaged
        self.words = words_of(code)
        self.forget()

    def forget(self) -> None:
        """Some body changed of which this function's own depends: what was found out is found out again."""
        for name in (
            "leaks",
            "locks",
            "blocked",
            "endless_starts",
            "explorations",
            "entry_changes",
            "spawns",
            "summary",
        ):
            self.__dict__.pop(name, None)
        self._graphs.clear()
        self._placements.clear()

    @cached_property
    def text(self) -> bytes:
        return self.file.source.data[self.chunk.start : self.chunk.end]

    @cached_property
    def code(self) -> bytes:
        """The text with its comments blanked, offsets kept."""
        return self.file.split.code[self.cut.start : self.cut.end]

    @cached_property
    def directives(self) -> Directives:
        """What its author says about ownership."""
        return above(self.file.source.data, self.chunk.start)

    @cached_property
    def words(self) -> frozenset[bytes]:
        """The words of the code, numbers and what stands in strings included: what a rule asks before it asks for a tree."""
        return self.file.split.words(self.cut)

    @cached_property
    def function(self) -> ir.Function:
        """The lowered tree. A text that is no function at all gives an empty one."""
        lowered = lower_function(self.code, has_comments=self.is_damaged)
        return lowered if lowered is not None else ir.Function(0, len(self.text), self.name, None, (), (), None)

    @cached_property
    def typer(self) -> Typer:
        return Typer(self.program.world, self.program.package, self.file.package_file, self.function)

    def cfg(self, function: ir.Function | None = None) -> cfg.Graph:
        """The graph of the function itself or of one of its literals."""
        function = function or self.function
        graph = self._graphs.get(id(function))
        if graph is None:
            build = partial(cfg.build, function, self.never_returns)
            graph = self._graphs[id(function)] = self._find(build)
        return graph

    def placement(self, function: ir.Function) -> Placement:
        """Where the statements of the function, or of one of its literals, stand."""
        found = self._placements.get(id(function))
        if found is None:
            place = partial(Placement, function, self.never_returns)
            found = self._placements[id(function)] = self._find(place)
        return found

    def _find(self, compute: Callable[[], T]) -> T:
        """A fact about this function, for which others may have to be looked at."""
        return self.program.reads.about(self, compute)

    @cached_property
    def leaks(self) -> tuple[Leak, ...]:
        """The obligations that this function leaves open."""
        return self._find(lambda: tuple(leaks_in(self))) if self.program.gate.lets_in(self) else ()

    @cached_property
    def locks(self) -> Locks:
        """Which locks are held where."""
        return Locks(self)

    @cached_property
    def uses(self) -> Uses:
        """Where the names of this function stand."""
        return Uses(self.function)

    @property
    def is_method_value(self) -> bool:
        """Whether somebody takes this method as a value, as for a handler."""
        return is_method_value(self)

    @cached_property
    def blocked(self) -> tuple[Blocked, ...]:
        """The goroutines that wait for ever on a channel of this function."""
        return self._find(lambda: tuple(blocked_in(self)))

    @cached_property
    def endless_starts(self) -> tuple[Start, ...]:
        """The goroutines without an end that this function starts."""
        return self._find(lambda: tuple(starts_in(self)))

    @cached_property
    def entry_changes(self) -> tuple[Change, ...]:
        """The entries that this function puts into long-lived maps, and those that it takes out."""
        return self._find(lambda: tuple(changes_of(self)))

    @cached_property
    def handlers(self) -> tuple[RequestCode, ...]:
        """The handlers in it that its own text tells of."""
        found = tuple(handlers_in(self))
        for code in found:
            spread(code)
        return found

    def calls_in(self, function: ir.Function) -> tuple[tuple[ir.Call, FunctionUnit, Guard | None], ...]:
        """See :func:`calls_of_request`."""
        found = self._calls.get(function)
        if found is None:
            found = self._calls[function] = tuple(calls_of_request(self, function))
        return found

    @cached_property
    def spawns(self) -> tuple[Spawn, ...]:
        """The goroutines that this function and its literals start."""
        return self._find(lambda: tuple(spawns_in(self)))

    @cached_property
    def summary(self) -> Summary:
        """What is known of its obligations; :class:`Summaries` finds it out."""
        return Summary()

    @cached_property
    def explorations(self) -> tuple[Exploration, ...]:
        """Who waits for whom on the channels that this function makes."""
        return self._find(lambda: tuple(explore(self)))

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
        return self.cut.start + self.moved + relative

    def span(self, node: ir.Node) -> tuple[int, int]:
        """The absolute byte span of a node of this function."""
        start = self.cut.start + self.moved
        return start + node.start, start + node.end

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
    reads: Reads = field(default_factory=Reads, repr=False)
    _names_where: dict[Callable[[FunctionUnit], bool], frozenset[bytes]] = field(default_factory=dict, repr=False)

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

    @property
    def functions(self) -> tuple[FunctionUnit, ...]:
        """Every top-level function of the package, generated files included, in file order. Who wants those with some word
        asks :meth:`mentioning`."""
        self.reads.all()
        return self.units

    def functions_in(self, *paths: str) -> list[FunctionUnit]:
        """The functions of the files that import one of these packages; see :meth:`FileUnit.imports`."""
        found = [unit for file, units in self.units_of.items() if file.imports(*paths) for unit in units]
        for unit in found:
            self.reads.unit(unit)
        return found

    def mentioning(self, *words: bytes) -> list[FunctionUnit]:
        """The functions in whose code all these words occur."""
        self.reads.words(words)
        wanted = frozenset(words)
        found = [unit for unit in self.units if wanted <= unit.words]
        for unit in found:
            self.reads.unit(unit)
        return found

    def matching(self, pattern: re.Pattern[bytes]) -> list[FunctionUnit]:
        """The functions in whose code the pattern is found."""
        self.reads.pattern(pattern)
        found = [unit for unit in self.units if pattern.search(unit.code)]
        for unit in found:
            self.reads.unit(unit)
        return found

    def says(self, pattern: re.Pattern[bytes], *, tests_too: bool = True) -> bool:
        """Whether the text of one of the files matches."""
        self.reads.pattern(pattern)
        return any(pattern.search(file.source.data) for file in self.files if tests_too or not file.is_test)

    def named(self, receiver: str, name: str) -> tuple[FunctionUnit, ...]:
        """The functions of that name, or methods of that type; several when build tags select among files."""
        return self._noted(self._by_name.get((receiver, name), ()))

    def methods(self, receiver: str) -> Iterator[FunctionUnit]:
        """The methods of a type of the package."""
        for (owner, _), units in self._by_name.items():
            if owner == receiver:
                yield from self._noted(units)

    def _noted(self, units: tuple[FunctionUnit, ...]) -> tuple[FunctionUnit, ...]:
        for unit in units:
            self.reads.unit(unit)
        return units

    @cached_property
    def units_of(self) -> dict[FileUnit, tuple[FunctionUnit, ...]]:
        """The same by file, in the order of their places."""
        return {file: tuple(self._functions_of(file)) for file in self.files}

    @cached_property
    def units(self) -> tuple[FunctionUnit, ...]:
        """The functions, for what makes no statement about their bodies."""
        return tuple(chain.from_iterable(self.units_of.values()))

    def _functions_of(self, file: FileUnit) -> Sequence[FunctionUnit]:
        chunks = {chunk.start: chunk for chunk in file.split.functions}
        units = []
        for head in file.decls.functions:
            chunk = chunks.get(head.start)
            if chunk is not None:
                units.append(
                    FunctionUnit(self, file, chunk, head.name, head.receiver, head, chunk.start in file.split.damaged)
                )
        return units

    @cached_property
    def _by_place(self) -> dict[tuple[str, int], FunctionUnit]:
        return {(unit.file.path, unit.head.start): unit for unit in self.units}

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], tuple[FunctionUnit, ...]]:
        found: dict[tuple[str, str], tuple[FunctionUnit, ...]] = {}
        for unit in self.units:
            key = unit.receiver, unit.name
            found[key] = (*found.get(key, ()), unit)
        return found

    def unit_of(self, declared: Declared | None) -> FunctionUnit | None:
        """The function that ``declared`` declares, when its body is at hand: in this package or in another of the module."""
        if declared is None or not declared.is_function:
            return None
        if declared.package is self.package:
            unit = self._by_place.get((declared.file.path, declared.declaration.start))
            if unit is not None:
                self.reads.unit(unit)
            return unit
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

    # -- after an edit

    def facts_of(self, unit: FunctionUnit) -> tuple[object, ...]:
        """What the function adds to what is known of all bodies together."""
        ending = self.endings.reasons(unit) if "endings" in self.__dict__ else ()
        return ending, *[holds(unit) for holds in self._names_where]

    def forget_facts(self) -> frozenset[bytes]:
        """Some of it changed: it is found out again. The names of the functions of which something else is true now."""
        before = self._fact_names()
        for holds in list(self._names_where):
            del self._names_where[holds]
            self.names_where(holds)
        self.__dict__.pop("spawners", None)
        if "endings" in self.__dict__:
            self.endings = self.reads.about(FACTS, lambda: Endings(self))
        return frozenset[bytes]().union(*map(frozenset.__xor__, before, self._fact_names()))

    def _fact_names(self) -> list[frozenset[bytes]]:
        endings = self.endings.names if "endings" in self.__dict__ else ()
        return [frozenset(name.encode() for name in endings), *self._names_where.values()]

    @property
    def known_requests(self) -> Requests | None:
        """What :attr:`requests` is, when anybody has asked."""
        return self.requests if "requests" in self.__dict__ else None

    def forget_requests(self) -> None:
        """Some request code changed."""
        self.__dict__.pop("requests", None)

    def forget(self, units: Collection[FunctionUnit]) -> None:
        """The bodies of these functions, or of others that they rely on, changed."""
        self.__dict__.pop("_map_inserts", None)
        for unit in units:
            unit.forget()
        self.summaries.forget(units)
        self.gate.forget(units)
        self.endless.forget(units)
        self.cancellation.forget(units)
        self.census.forget(units)

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
        return self.reads.about(FACTS, lambda: spawners(self))

    @cached_property
    def channel_makers(self) -> re.Pattern[bytes] | None:
        """Matches where a function of this package that returns a channel is called."""
        return channel_makers(self)

    @cached_property
    def census(self) -> Census:
        """The channels that the package keeps in fields and variables of its own."""
        return Census(self)

    def names_where(self, holds: Callable[[FunctionUnit], bool]) -> frozenset[bytes]:
        """The names of the functions of the package of which something is true by their own words. Whoever asks asks about
        names that it mentions."""
        found = self._names_where.get(holds)
        if found is None:
            found = self._names_where[holds] = frozenset(unit.name.encode() for unit in self.units if holds(unit))
        return found

    @property
    def locking(self) -> frozenset[bytes]:
        """The names of the functions of the package that take a lock."""
        return self.names_where(may_lock)

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
        return self.reads.about(FACTS, lambda: Gate(self))

    @cached_property
    def endings(self) -> Endings:
        """Which calls may end a path."""
        return self.reads.about(FACTS, lambda: Endings(self))

    @cached_property
    def requests(self) -> Requests:
        """The code of the package that runs once a request."""
        return self.reads.about(REQUESTS, lambda: Requests(self))

    @property
    def map_inserts(self) -> tuple[Insert, ...]:
        """The writes of request code to maps that outlive the request."""
        self.requests.noted()
        return self._map_inserts

    @cached_property
    def _map_inserts(self) -> tuple[Insert, ...]:
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
