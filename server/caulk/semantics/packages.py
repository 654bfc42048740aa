"""Packages as their declarations: what stands in which file, found by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from caulk.ir import nodes as ir
from caulk.ir.declarations import FileDecls, FunctionHead, lower_declarations
from caulk.semantics import build_tags
from caulk.semantics.build_tags import Configuration
from caulk.semantics.gomod import Module
from caulk.syntax.remember import remember
from caulk.syntax.split import split

if TYPE_CHECKING:
    from caulk.semantics.model import Named, Type, TypeParameter
    from caulk.semantics.modules import BuildList


@dataclass(eq=False)
class PackageFile:
    """The declarations of one file. ``imports`` maps names to import paths, ``guesses`` those of imports without a name: what
    they are called is known for sure when their package clause was read."""

    path: str
    decls: FileDecls
    is_test: bool
    constraint: str = ""
    """Its ``//go:build`` line."""
    imports: dict[str, str] = field(default_factory=dict)
    guesses: dict[str, str] = field(default_factory=dict)
    dot_imports: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    package: Package = field(init=False, repr=False)
    # what the type layer remembers of it
    entities: dict[str, object] = field(default_factory=dict, repr=False)
    types: dict[tuple[str, str], Type | None] = field(default_factory=dict, repr=False)
    type_parameters: dict[ir.Symbol, TypeParameter] = field(default_factory=dict, repr=False)
    locals: dict[ir.Symbol, Declared] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, path: str, data: bytes) -> PackageFile:
        decls = declarations(data)
        named = {i.name: i.path for i in decls.imports if i.name not in ("", "_", ".")}
        unnamed = tuple(i.path for i in decls.imports if not i.name)
        guesses: dict[str, str] = {}
        for imported in unnamed:
            guesses.setdefault(guessed_name(imported), imported)
        dots = tuple(i.path for i in decls.imports if i.name == ".")
        constraint = build_tags.constraint_of(data)
        return cls(path, decls, path.endswith("_test.go"), constraint, named, guesses, dots, unnamed)

    def path_of(self, name: str) -> str | None:
        """The path of the import of that name, as far as it is known without reading the package."""
        return self.imports.get(name) or self.guesses.get(name)

    @cached_property
    def configuration(self) -> Configuration:
        """What the file is looked at for."""
        return build_tags.configuration_of(self.path, self.constraint)

    @property
    def is_default(self) -> bool:
        """Whether the default configuration takes the file in."""
        return self.configuration is build_tags.DEFAULT


@dataclass(slots=True, eq=False)
class Declared:
    """A package-level declaration, or a type that a function declares. ``name`` picks one of the names of a
    :class:`ir.ValueDecl`."""

    package: Package
    file: PackageFile
    declaration: FunctionHead | ir.TypeDecl | ir.ValueDecl
    name: str
    receiver: str = ""
    is_local: bool = False
    # what the type layer remembers of it
    instances: dict[tuple[Type | None, ...], Named] = field(default_factory=dict, repr=False)
    known: dict[object, object] = field(default_factory=dict, repr=False)

    @property
    def node(self) -> ir.Function | ir.TypeDecl | ir.ValueDecl:
        """The tree; that of a function is its signature, lowered when it is asked for."""
        return self.declaration.function if isinstance(self.declaration, FunctionHead) else self.declaration

    @property
    def is_function(self) -> bool:
        return isinstance(self.declaration, FunctionHead)

    @property
    def qualified(self) -> str:
        """``net/http.Get``, ``net/http.Client.Do``."""
        return ".".join(part for part in (self.package.path, self.receiver, self.name) if part)


@dataclass(eq=False)
class Package:
    """The declarations of one package by name. Several declarations of one name are per-platform variants, the one of the
    default configuration first."""

    path: str
    name: str
    directory: str
    files: tuple[PackageFile, ...]
    module: Module | None = None
    build_list: BuildList | None = None
    """What its import paths mean: that of the main module that it is seen from."""
    configuration: Configuration = build_tags.DEFAULT
    is_external_test: bool = False
    """Whether it is the ``p_test`` of a package p in the same directory."""
    functions: dict[str, tuple[Declared, ...]] = field(default_factory=dict)
    types: dict[str, tuple[Declared, ...]] = field(default_factory=dict)
    values: dict[str, tuple[Declared, ...]] = field(default_factory=dict)
    methods: dict[str, dict[str, tuple[Declared, ...]]] = field(default_factory=dict)
    method_aliases: dict[str, list[str]] | None = None
    """Aliases that methods are declared through, when somebody has looked."""

    @cached_property
    def imported(self) -> frozenset[str]:
        """The paths of all imports of its files."""
        return frozenset(imported.path for file in self.files for imported in file.decls.imports)

    def __post_init__(self) -> None:
        for file in sorted(self.files, key=lambda file: not file.is_default):
            file.package = self
            self._index(file)

    def _index(self, file: PackageFile) -> None:
        for type_ in file.decls.types:
            _add(self.types, type_.name, Declared(self, file, type_, type_.name))
        for value in file.decls.values:
            for name in value.names:
                _add(self.values, name.name, Declared(self, file, value, name.name))
        for function in file.decls.functions:
            declared = Declared(self, file, function, function.name, function.receiver)
            table = self.methods.setdefault(function.receiver, {}) if function.receiver else self.functions
            _add(table, function.name, declared)

    def declaration(self, name: str, file: PackageFile | None = None) -> Declared | None:
        """The package-level declaration of that name, as ``file`` sees it."""
        for table in (self.functions, self.types, self.values):
            found = table.get(name)
            if found is not None:
                return best(found, file)
        return None

    def method(self, type_name: str, name: str, file: PackageFile | None = None) -> Declared | None:
        """A method by the name of its receiver's type, as ``file`` sees it."""
        found = self.methods.get(type_name, {}).get(name)
        return best(found, file) if found else None


def _add(table: dict[str, tuple[Declared, ...]], name: str, declared: Declared) -> None:
    if name != "_" and not (name == "init" and declared.is_function and not declared.receiver):
        table[name] = (*table.get(name, ()), declared)


def best(variants: Sequence[Declared], file: PackageFile | None) -> Declared:
    """The variant that is built together with ``file``."""
    if len(variants) == 1 or file is None or file.is_default:
        return variants[0]
    configuration = file.configuration

    def rank(declared: Declared) -> int:
        if declared.file is file:
            return 0
        return 1 if configuration.includes(declared.file.path, declared.file.constraint) else 2

    return min(variants, key=rank)


_MAJOR = re.compile(r"v\d+")


def guessed_name(path: str) -> str:
    """What a package is probably called: the last element of its path without version and customary affixes."""
    parts = path.split("/")
    last = parts[-1]
    if _MAJOR.fullmatch(last) and len(parts) > 1:
        last = parts[-2]
    last = re.sub(r"\.v\d+$", "", last)
    last = re.sub(r"^go-|-go$|\.go$", "", last)
    return last.rpartition("-")[2] if "-" in last else last


@remember(32 << 20)
def declarations(data: bytes) -> FileDecls:
    """The package-level declarations of a file, by its text."""
    return lower_declarations(split(data))
