"""Which functions can matter, judged by their words alone: no parse. What is asked here saves the tree of most functions, and
the questions err to yes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from caulk.flow.mentions import Acquirers, is_called
from caulk.ir import nodes as ir
from caulk.semantics.model import Callee
from caulk.semantics.packages import Declared, Package

if TYPE_CHECKING:
    from caulk.flow.program import FileUnit, FunctionUnit, Program

NEVER_RETURN = frozenset(
    {
        "os.Exit",
        "log.Fatal",
        "log.Fatalf",
        "log.Fatalln",
        "log.Panic",
        "log.Panicf",
        "log.Panicln",
        "runtime.Goexit",
        "syscall.Exit",
    }
)
NEVER_RETURN_METHODS = frozenset(
    {
        *("Fatal", "Fatalf", "Fatalln", "Fatalw", "FailNow", "Skip", "Skipf", "SkipNow"),
        *("Panic", "Panicf", "Panicln", "Panicw", "FatalIf", "Exitf"),
    }
)
"""Methods (and functions of logging packages) of these names end the path whatever their receiver: the test and logging
libraries agree on them, and taking one of another meaning for final only makes a rule quieter."""

_SIGNS = re.compile(rb"\.Body\b|\.Close\(|ancel\b|\.Scan\(|\.Commit\(|\.Rollback\(|\.Release\(")
"""Uses that betray a releasable value whatever made it."""


class Gate:
    """The words of one package that can acquire something."""

    def __init__(self, program: Program) -> None:
        contracts = program.contracts
        self._by_type = frozenset(name.rpartition(".")[2] for name in contracts.types)
        self._program = program
        self._methods = contracts.acquiring_methods(_reachable(program))
        self._plain = {name.encode(): 1 for name in contracts.acquiring_functions(program.package.path)}
        for name, count in _given_acquirers(program.package, self._by_type):
            self._plain[name.encode()] = min(self._plain.get(name.encode(), count), count)
        self._in_file: dict[FileUnit, Acquirers] = {}
        self._known: dict[FunctionUnit, bool] = {}
        self._harmless: set[tuple[str | None, str]] = set()
        self._makers: dict[bytes, list[FunctionUnit]] = {}
        self._named: dict[bytes, list[FunctionUnit]] = {}
        for unit in program.units:
            if unit.head.may_have_results:
                self._named.setdefault(unit.name.encode(), []).append(unit)
        self._elsewhere = _declared_elsewhere(program)
        self._hot_elsewhere: dict[bytes, bool] = {}

    def forget(self, units: Iterable[FunctionUnit]) -> None:
        """These functions, or what they rely on, are others now."""
        for unit in units:
            self._known.pop(unit, None)
            self._makers.pop(unit.name.encode(), None)

    def lets_in(self, unit: FunctionUnit) -> bool:
        """Whether the function may acquire, release or return something."""
        return self.may_acquire(unit) or _SIGNS.search(unit.code) is not None

    def may_hand_out(self, unit: FunctionUnit) -> bool:
        """Whether the callers of the function may have to release its result."""
        return unit in self._makers_of(unit.name.encode()) and self.lets_in(unit)

    def may_be_acquire(self, unit: FunctionUnit, call: ir.Call) -> bool:
        """Whether the call may create an obligation, as far as its name tells: other packages than those of the standard
        library may do so under any name."""
        match call.func:
            case ir.Name(symbol=None, name=name):
                return name.encode() in self._of(unit.file).words or self._is_hot(name.encode())
            case ir.Selector(base=ir.Name(symbol=None) as base, field=name):
                path = unit.file.package_file.path_of(base.name)
                if (path, name) in self._harmless:
                    return False
                known = path is not None and unit.program.is_std(path) and not unit.program.is_of_module(path)
                return not known or name.encode() in self._of(unit.file).words
            case _:
                return True

    def rule_out(self, function: Callee) -> None:
        """Remember that no call of a function of another module creates an obligation; a generic one may give anything."""
        declared = function.declared
        node = declared.node if declared is not None and declared.is_function else None
        if isinstance(node, ir.Function) and not node.type_params:
            self._harmless.add((function.package, function.short))

    def gives(self, unit: FunctionUnit) -> bool:
        """Whether the function gives its callers something to release, as its summary has it."""
        return self.may_hand_out(unit) and self._gives((unit,))

    def _is_hot(self, name: bytes) -> bool:
        """Whether a function of the package of that name may hand out something to release."""
        return any(map(self.lets_in, self._makers_of(name)))

    def _makers_of(self, name: bytes) -> list[FunctionUnit]:
        """The functions of that name whose results can hold something to release."""
        found = self._makers.get(name)
        if found is None:
            holdings, named = self._program.holdings, self._named.get(name, ())
            found = [unit for unit in named if holdings.any_of(unit.head.function.results, unit.file.package_file)]
            self._makers[name] = found
            for unit in found:
                starts = b"go" in unit.words
                if unit.directives.acquires or starts or _returns(unit.head.function.results, self._by_type):
                    self._known[unit] = True
        for unit in found:
            self._program.reads.unit(unit)
        return found

    def _of(self, file: FileUnit) -> Acquirers:
        """What the file can call to acquire something: functions only of the packages that it imports."""
        found = self._in_file.get(file)
        if found is None:
            contracts = self._program.contracts
            functions = {declared.path: contracts.acquiring_functions(declared.path) for declared in file.decls.imports}
            found = self._in_file[file] = Acquirers(
                file.package_file, functions, self._methods, self._plain, self._is_known
            )
        return found

    def _is_known(self, path: str) -> bool:
        """Whether nothing of the package acquires but what the contracts say, or what is looked for by other means."""
        return self._program.is_std(path) or self._program.is_of_module(path)

    def may_acquire(self, unit: FunctionUnit) -> bool:
        """Whether the function has a word that acquires, or calls a function that gives something to release."""
        self._makers_of(unit.name.encode())  # which are known
        known = self._known.get(unit)
        if known is None:
            self._known[unit] = True  # who calls itself may
            known = self._known[unit] = self._program.reads.about(unit, lambda: self._calls_acquirer(unit))
        return known

    def _calls_acquirer(self, unit: FunctionUnit) -> bool:
        start = len(unit.head.text)
        if self._of(unit.file).any_in(unit.words, unit.code, start):
            return True
        named = unit.words & self._named.keys()
        if any(is_called(name, unit.code, start) and self._gives(self._makers_of(name)) for name in named):
            return True
        names = unit.words & self._elsewhere.keys()
        return any(is_called(name, unit.code, start) and self._is_hot_elsewhere(name) for name in names)

    def _gives(self, makers: Iterable[FunctionUnit]) -> bool:
        """Whether one of these functions gives its callers something to release, as its summary has it."""
        return any(self.lets_in(maker) and maker.program.summaries.fresh(maker, maker.function) for maker in makers)

    def _is_hot_elsewhere(self, name: bytes) -> bool:
        """Whether a function of that name in another package of the module may hand out something to release."""
        found = self._hot_elsewhere.get(name)
        if found is None:
            found = self._hot_elsewhere[name] = any(map(self._hands_out, self._elsewhere[name]))
        return found

    def _hands_out(self, declared: Declared) -> bool:
        node = declared.node
        if not isinstance(node, ir.Function) or not self._program.holdings.any_of(node.results, declared.file):
            return False
        unit = self._program.unit_of(declared)
        return unit is not None and unit.program.gate.gives(unit)


def _declared_elsewhere(program: Program) -> dict[bytes, list[Declared]]:
    """The functions and methods of the imported packages of the module, by their names."""
    found: dict[bytes, list[Declared]] = {}
    for package in program.siblings:
        tables = (package.functions, *package.methods.values())
        for declared in (variant for table in tables for variants in table.values() for variant in variants):
            if declared.name[:1].isupper():
                found.setdefault(declared.name.encode(), []).append(declared)
    return found


class Endings:
    """The functions of one package that may never return."""

    def __init__(self, program: Program) -> None:
        final = [unit for unit in program.units if _is_final(unit)]
        names = {unit.name.encode() for unit in final if _ENDS.search(unit.code)}
        waiting = [unit for unit in final if unit.name.encode() not in names]
        size = -1
        while size != len(names):  # those that end by calling one of them
            size = len(names)
            names |= {unit.name.encode() for unit in waiting if not names.isdisjoint(unit.words)}
        self._program = program
        self._names = frozenset(name.decode("utf-8", "replace") for name in names)
        self._units = frozenset(unit for unit in final if unit.name in self._names)

    @property
    def names(self) -> frozenset[str]:
        """The names of these functions."""
        return self._names

    def reasons(self, unit: FunctionUnit) -> tuple[object, ...]:
        """Why the function, as it stands, is one of them or not."""
        if not _is_final(unit):
            return ()
        calls = any(name.encode() in unit.words for name in self._names)
        return _ENDS.search(unit.code) is not None, calls

    def has(self, unit: FunctionUnit) -> bool:
        """Whether control may never leave the function."""
        return unit in self._units

    def may_end(self, unit: FunctionUnit, call: ir.Call) -> bool:
        """Whether the call may end its path."""
        match call.func:
            case ir.Name():
                name = call.func.name
                return call.func.symbol is not None or name in _ENDING_NAMES or name in self._names
            case ir.Selector(base=ir.Name(symbol=None) as base, field=name):
                path = unit.file.package_file.path_of(base.name)
                return path is None or name in _ENDING_NAMES or self._program.is_of_module(path)
            case _:
                return True


_ENDS = re.compile(
    rb"\b(?:panic|Goexit|Exit|" + "|".join(NEVER_RETURN_METHODS).encode() + rb")\(|\bfor\b|\bselect\b|\bgoto\b"
)
_ENDING_NAMES = NEVER_RETURN_METHODS | {name.rpartition(".")[2] for name in NEVER_RETURN} | {"panic"}


def _is_final(unit: FunctionUnit) -> bool:
    return _may_not_fall_off(unit) and not unit.head.function.results


def _may_not_fall_off(unit: FunctionUnit) -> bool:
    """Whether the last line of a function without results may keep control from going on: a call, or the end of a block. One
    that returns somewhere returns."""
    words = unit.words
    if b"return" in words and unit.code.count(b"func") == 1:
        return False
    body = unit.code.rstrip()[:-1].rstrip()
    return body.endswith((b")", b"}"))


def _reachable(program: Program) -> frozenset[str] | None:
    """The packages whose types the package can meet: what it imports, and what the packages of its module import that it
    imports; None without a module."""
    package = program.package
    if package.module is None:
        return None
    own = (package.module.path, *package.imported)
    return frozenset(own).union(*(sibling.imported for sibling in program.siblings))


def _closable_types(package: Package, release: re.Pattern[str]) -> frozenset[str]:
    """The types of the package that have a releasing method."""
    return frozenset(
        name for name, methods in package.methods.items() if any(release.match(method) for method in methods)
    )


def _given_acquirers(package: Package, releasable: frozenset[str]) -> Iterator[tuple[str, int]]:
    """What has no body to look into: interface methods and function-typed fields and variables of the package that return a
    releasable type, and how many results each has."""
    for file in package.files:
        for declared in file.decls.types:
            yield from _of_type(declared.type, releasable)
        for value in file.decls.values:
            if isinstance(value.type, ir.FuncType) and _returns(value.type.results, releasable):
                yield from ((name.name, len(value.type.results)) for name in value.names)


def _of_type(type_: ir.TypeExpr, releasable: frozenset[str]) -> Iterator[tuple[str, int]]:
    match type_:
        case ir.InterfaceType(methods=methods):
            for method in methods:
                if _returns(method.type.results, releasable):
                    yield method.name, len(method.type.results)
        case ir.StructType(fields=fields):
            for field in fields:
                if isinstance(field.type, ir.FuncType) and _returns(field.type.results, releasable):
                    yield field.name, len(field.type.results)
        case _:
            pass


def _returns(results: tuple[ir.Param, ...], releasable: frozenset[str]) -> bool:
    return any(_mentions(result.type, releasable) for result in results)


def _mentions(type_: ir.TypeExpr, names: frozenset[str]) -> bool:
    while isinstance(type_, ir.PointerType):
        type_ = type_.elem
    if isinstance(type_, ir.NamedType):
        return type_.name in names or type_.symbol is not None
    return isinstance(type_, ir.FuncType)
