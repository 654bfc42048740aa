"""Packages and the one loader that reads their declarations.

Everything below the batch run and the language server that touches a disk goes through :class:`World`, and it reads through
the functions that it is given: an editor's unsaved buffer and a file are the same thing.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from io import BytesIO
from typing import TypeAlias

from caulk.ir import nodes as ir
from caulk.ir.lower import lower_declarations
from caulk.semantics import build_tags
from caulk.semantics.gomod import Module, Read, find_module, workspace_directories
from caulk.syntax.split import split

ListDirectory: TypeAlias = Callable[[str], Sequence[str]]
"""The names in a directory; raises OSError when it cannot be read."""


@dataclass(eq=False)
class PackageFile:
    """The declarations of one file. ``imports`` maps the names that are written or can be guessed to import paths; those
    whose real name differs from the path are found on demand through ``unnamed``."""

    path: str
    decls: ir.FileDecls
    is_test: bool
    imports: dict[str, str] = field(default_factory=dict)
    dot_imports: tuple[str, ...] = ()
    unnamed: list[str] = field(default_factory=list)
    package: Package = field(init=False, repr=False)

    @classmethod
    def of(cls, path: str, decls: ir.FileDecls) -> PackageFile:
        imports: dict[str, str] = {}
        unnamed: list[str] = []
        for declared in decls.imports:
            if declared.name and declared.name not in ("_", "."):
                imports[declared.name] = declared.path
            elif not declared.name:
                imports.setdefault(guessed_name(declared.path), declared.path)
                unnamed.append(declared.path)
        dots = tuple(declared.path for declared in decls.imports if declared.name == ".")
        return cls(path, decls, path.endswith("_test.go"), imports, dots, unnamed)


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """A package-level declaration. ``name`` picks one of the names of a :class:`ir.ValueDecl`."""

    package: Package
    file: PackageFile
    node: ir.Function | ir.TypeDecl | ir.ValueDecl
    name: str
    receiver: str = ""

    @property
    def qualified(self) -> str:
        """``net/http.Get``, ``net/http.Client.Do``."""
        return ".".join(part for part in (self.package.path, self.receiver, self.name) if part)


@dataclass(eq=False)
class Package:
    """The declarations of one package by name. Several declarations of one name are per-platform variants."""

    path: str
    name: str
    directory: str
    files: tuple[PackageFile, ...]
    module: Module | None = None
    functions: dict[str, tuple[Declared, ...]] = field(default_factory=dict)
    types: dict[str, tuple[Declared, ...]] = field(default_factory=dict)
    values: dict[str, tuple[Declared, ...]] = field(default_factory=dict)
    methods: dict[str, dict[str, tuple[Declared, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for file in self.files:
            file.package = self
            self._index(file)

    def _index(self, file: PackageFile) -> None:
        for type_ in file.decls.types:
            _add(self.types, type_.name, Declared(self, file, type_, type_.name))
        for value in file.decls.values:
            for name in value.names:
                _add(self.values, name.name, Declared(self, file, value, name.name))
        for function in file.decls.functions:
            if function.receiver is None:
                _add(self.functions, function.name, Declared(self, file, function, function.name))
            else:
                receiver = receiver_name(function.receiver.type)
                declared = Declared(self, file, function, function.name, receiver)
                _add(self.methods.setdefault(receiver, {}), function.name, declared)

    def method(self, type_name: str, name: str) -> Declared | None:
        """A method by the name of its receiver's type; the variant of the default platform first."""
        found = self.methods.get(type_name, {}).get(name)
        return found[0] if found else None


def _add(table: dict[str, tuple[Declared, ...]], name: str, declared: Declared) -> None:
    known = table.get(name, ())
    if (
        known
        and build_tags.default_platform(declared.file.path)
        and not build_tags.default_platform(known[0].file.path)
    ):
        table[name] = (declared, *known)
    else:
        table[name] = (*known, declared)


def receiver_name(type_: ir.TypeExpr) -> str:
    """The name of a receiver's type without its star and type parameters."""
    while isinstance(type_, ir.PointerType):
        type_ = type_.elem
    return type_.name if isinstance(type_, ir.NamedType) else ""


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


@dataclass(frozen=True, slots=True)
class Sources:
    """Where declarations of other packages may come from, beside the module itself and the shipped signatures."""

    module_cache: str = ""
    """GOMODCACHE; empty to leave it out."""
    goroot: str = ""


class World:
    """All packages that an analysis sees. Declarations are read when asked for and kept by content."""

    def __init__(
        self, *, read: Read | None = None, list_directory: ListDirectory | None = None, sources: Sources | None = None
    ) -> None:
        self._read: Read = read or _read_file
        self._list: ListDirectory = list_directory or os.listdir
        self._sources = sources or Sources()
        self._packages: dict[tuple[str, str], Package | None] = {}
        self._modules: dict[str, Module | None] = {}
        self.cache: dict[tuple[object, ...], object] = {}
        """Whatever the type layer remembers about these packages."""

    def read(self, path: str) -> bytes:
        """The text of a file as it is now. Raises OSError."""
        return self._read(path)

    def names(self, directory: str) -> Sequence[str]:
        """What is in a directory; nothing when it cannot be read."""
        try:
            return self._list(directory)
        except OSError:
            return ()

    def forget_bodies(self) -> None:
        """Some function body changed: what was summarised of other packages is out of date."""
        for key in [key for key in self.cache if key[0] == "program"]:
            del self.cache[key]

    def forget(self) -> None:
        """Drop everything read so far, because some declaration changed."""
        self._packages.clear()
        self._modules.clear()
        self.cache.clear()

    # -- modules

    def module_of(self, directory: str) -> Module | None:
        """The module that a directory belongs to."""
        if directory not in self._modules:
            self._modules[directory] = find_module(directory, self._read)
        return self._modules[directory]

    def import_path(self, directory: str) -> str:
        """The import path of a directory: module path and the way down; the directory itself without a module."""
        module = self.module_of(directory)
        if module is None or not module.path:
            return directory
        below = os.path.relpath(directory, module.directory)
        prefix = [] if module.path == "std" else [module.path]  # the standard library's packages have no prefix
        return "/".join([*prefix, *(below.split(os.sep) if below != "." else [])])

    # -- packages

    def package_of(self, directory: str, files: Iterable[tuple[str, bytes]]) -> Package:
        """The package under analysis, from the texts of its files."""
        parsed = [PackageFile.of(path, declarations(data)) for path, data in files]
        path = self.import_path(directory)
        name = next((file.decls.package for file in parsed if file.decls.package), "")
        if name.endswith("_test") and any(file.is_test for file in parsed):
            path += "_test"
        return Package(path, name, directory, tuple(parsed), self.module_of(directory))

    def import_package(self, path: str, importer: Package) -> Package | None:
        """The declarations of an imported package; None when they are nowhere to be had."""
        path = _without_vendor(path)
        if path == importer.path and not importer.path.endswith("_test"):
            return importer
        root = importer.module.directory if importer.module is not None else ""
        key = root, path
        if key not in self._packages:
            self._packages[key] = None  # an import cycle finds nothing, as in Go
            self._packages[key] = self._load(path, importer)
        return self._packages[key]

    def _load(self, path: str, importer: Package) -> Package | None:
        for directory in self._directories(path, importer):
            found = self._load_directory(path, directory)
            if found is not None:
                return found
        return self._load_stub(path)

    def _directories(self, path: str, importer: Package) -> Iterable[str]:
        module = importer.module
        if module is not None:
            yield from self._own_directories(path, module)
            yield os.path.join(module.directory, "vendor", *path.split("/"))
            yield from self._cached(path, module)
        if self._sources.goroot and "." not in path.partition("/")[0]:
            yield os.path.join(self._sources.goroot, "src", *path.split("/"))

    def _own_directories(self, path: str, module: Module) -> Iterable[str]:
        if module.path == "std":
            yield os.path.join(module.directory, *path.split("/"))
        roots = [(module.path, module.directory), *module.replaces.items(), *self._workspace(module)]
        for prefix, directory in sorted(roots, key=lambda root: -len(root[0])):
            if path == prefix:
                yield directory
            elif prefix and path.startswith(prefix + "/"):
                yield os.path.join(directory, *path[len(prefix) + 1 :].split("/"))

    def _workspace(self, module: Module) -> list[tuple[str, str]]:
        """The sibling modules of a go.work above."""
        directory = module.directory
        while True:
            try:
                text = self._read(os.path.join(directory, "go.work"))
            except OSError:
                parent = os.path.dirname(directory)
                if parent == directory:
                    return []
                directory = parent
                continue
            used = workspace_directories(text.decode("utf-8", "replace"), directory)
            modules = [found for found in map(self.module_of, used) if found is not None]
            return [(found.path, found.directory) for found in modules if found.directory != module.directory]

    def _cached(self, path: str, module: Module) -> Iterable[str]:
        """The module cache, at the version that go.mod selects."""
        if not self._sources.module_cache:
            return
        for prefix, version in sorted(module.requires.items(), key=lambda item: -len(item[0])):
            if path == prefix or path.startswith(prefix + "/"):
                escaped = re.sub(r"[A-Z]", lambda match: "!" + match[0].lower(), prefix)
                rest = path[len(prefix) + 1 :].split("/") if path != prefix else []
                yield os.path.join(self._sources.module_cache, f"{escaped}@{version}", *rest)

    def _load_directory(self, path: str, directory: str) -> Package | None:
        try:
            names = sorted(self._list(directory))
        except OSError:
            return None
        files: list[PackageFile] = []
        for name in names:
            if not name.endswith(".go") or name.endswith("_test.go") or name[0] in "_.":
                continue
            full = os.path.join(directory, name)
            if not build_tags.default_platform(full):
                continue
            try:
                data = self._read(full)
            except OSError:
                continue
            if build_tags.included(data):
                files.append(PackageFile.of(full, declarations(data)))
        wanted = [file for file in files if file.decls.package not in ("", "documentation")]
        if not wanted:
            return None
        name = _package_name(wanted)
        kept = tuple(file for file in wanted if file.decls.package == name)
        return Package(path, name, directory, kept, self.module_of(directory))

    def _load_stub(self, path: str) -> Package | None:
        data = _stub(path)
        if data is None:
            return None
        file = PackageFile.of(f"{path}.go", declarations(data))
        return Package(path, file.decls.package, "", (file,))

    # -- imports of a file

    def imported(self, file: PackageFile, name: str) -> str | None:
        """The path of the import that ``name`` stands for in a file."""
        path = file.imports.get(name)
        if path is None and file.unnamed:
            for candidate in file.unnamed:
                package = self.import_package(candidate, file.package)
                if package is not None and package.name:
                    file.imports.setdefault(package.name, candidate)
            file.unnamed.clear()
            path = file.imports.get(name)
        return path


def _package_name(files: Sequence[PackageFile]) -> str:
    """The name that most files of a directory give; ``main`` helpers with other names stand aside."""
    names = [file.decls.package for file in files]
    return max(sorted(set(names)), key=lambda name: (name != "main", names.count(name)))


def _read_file(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


@lru_cache(maxsize=8192)
def declarations(data: bytes) -> ir.FileDecls:
    """The package-level declarations of a file, by its text."""
    return lower_declarations(split(data).skeleton)


def _without_vendor(path: str) -> str:
    if "vendor/" not in path and "_workspace/" not in path:
        return path
    for marker in ("/vendor/", "Godeps/_workspace/src/"):
        _, found, rest = path.rpartition(marker)
        if found:
            return rest
    return path.removeprefix("vendor/")


@lru_cache(maxsize=1)
def _stubs() -> zipfile.ZipFile | None:
    """The shipped signatures: one stub source a package."""
    entry = resources.files("caulk.semantics").joinpath("stubs", "stubs.zip")
    try:
        return zipfile.ZipFile(BytesIO(entry.read_bytes()))
    except (OSError, zipfile.BadZipFile):
        return None  # a damaged installation: everything is unknown, nothing is wrong


def _stub(path: str) -> bytes | None:
    archive = _stubs()
    if archive is None:
        return None
    try:
        return archive.read(f"{path}.go")
    except KeyError:
        return None


def has_stub(path: str) -> bool:
    """Whether signatures of the package are shipped."""
    archive = _stubs()
    return archive is not None and f"{path}.go" in archive.NameToInfo


def stub_imports() -> Mapping[str, zipfile.ZipInfo]:
    """The shipped packages (``path.go`` each)."""
    archive = _stubs()
    return archive.NameToInfo if archive is not None else {}
