"""Which functions can matter to the acquire/release rules, judged by their text alone: a scan of words, no parse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from caulk.ir import nodes as ir
from caulk.semantics.packages import Package

if TYPE_CHECKING:
    from caulk.flow.program import Program

_WORD = re.compile(rb"(\w+)\(")
_SIGNS = re.compile(rb"\.Body\b|\.Close\(|ancel\b|\.Scan\(|\.Commit\(|\.Rollback\(|\.Release\(")
"""Uses that betray a releasable value whatever made it."""


class Gate:
    """The words of one package that can acquire something."""

    def __init__(self, program: Program) -> None:
        contracts = program.contracts
        self._releasable = frozenset(name.rpartition(".")[2] for name in contracts.types)
        self._release = contracts.ownership.release_pattern
        own = set(_own_acquirers(program.package, self._releasable | _closable_types(program.package, self._release)))
        self._words = frozenset(name.encode() for name in contracts.words(_reachable(program.package)) | own)

    def lets_in(self, text: bytes) -> bool:
        """Whether a function with this text may acquire, release or return something."""
        return not self._words.isdisjoint(_WORD.findall(text)) or _SIGNS.search(text) is not None


def _reachable(package: Package) -> frozenset[str] | None:
    """The modules and packages whose types the package can meet; None without a module."""
    module = package.module
    if module is None:
        return None
    imported = (declared.path for file in package.files for declared in file.decls.imports)
    return frozenset((module.path, *module.requires, *imported))


def _closable_types(package: Package, release: re.Pattern[str]) -> frozenset[str]:
    """The types of the package that have a releasing method."""
    return frozenset(
        name for name, methods in package.methods.items() if any(release.match(method) for method in methods)
    )


def _own_acquirers(package: Package, releasable: frozenset[str]) -> Iterator[str]:
    """Functions, methods, interface methods and function-typed fields of the package that return a releasable type."""
    for file in package.files:
        for function in file.decls.functions:
            if _returns(function.results, releasable):
                yield function.name
        for declared in file.decls.types:
            yield from _of_type(declared.type, releasable)
        for value in file.decls.values:
            if isinstance(value.type, ir.FuncType) and _returns(value.type.results, releasable):
                yield from (name.name for name in value.names)


def _of_type(type_: ir.TypeExpr, releasable: frozenset[str]) -> Iterator[str]:
    match type_:
        case ir.InterfaceType(methods=methods):
            yield from (method.name for method in methods if _returns(method.type.results, releasable))
        case ir.StructType(fields=fields):
            for field in fields:
                if isinstance(field.type, ir.FuncType) and _returns(field.type.results, releasable):
                    yield field.name
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
