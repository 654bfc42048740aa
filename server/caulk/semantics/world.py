"""All packages that an analysis sees, and the one loader that reads them.

Everything below the batch run and the language server that touches a disk goes through :class:`World`, and it reads through
the functions that it is given: an editor's unsaved buffer and a file are the same thing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from caulk.semantics import build_tags
from caulk.semantics.build_tags import Configuration, constraint_of
from caulk.semantics.gomod import Module, Read, find_module
from caulk.semantics.modules import BuildList
from caulk.semantics.packages import Package, PackageFile, guessed_name
from caulk.semantics.shipped import GO_VERSION, signatures
from caulk.semantics.sources import Sources, go_version

ListDirectory: TypeAlias = Callable[[str], Sequence[str]]
"""The names in a directory; raises OSError when it cannot be read."""

_Key: TypeAlias = tuple[str, str, Configuration, bool]
"""Directory of the main module, import path, configuration, whether with the tests in the package."""


_OF_TEXTS = ("mentions", "importers")
"""The kinds of what is remembered of the texts of all files of a module."""


class World:
    """Declarations are read when asked for and kept."""

    def __init__(
        self,
        *,
        read: Read | None = None,
        list_directory: ListDirectory | None = None,
        sources: Sources | None = None,
        shipped: bool = True,
    ) -> None:
        self._read: Read = read or _read_file
        self._list: ListDirectory = list_directory or os.listdir
        self._sources = sources or Sources()
        self._signatures = signatures if shipped else _no_signatures
        self._go_version: tuple[int, int] | None = None
        self._packages: dict[_Key, Package | None] = {}
        self._clauses: dict[_Key, str] = {}
        """The names of packages of which no more was read."""
        self._modules: dict[str, Module | None] = {}
        self._build_lists: dict[str, BuildList] = {}
        self.missing: set[str] = set()
        """Import paths whose declarations are nowhere to be had."""
        self.cache: dict[tuple[object, ...], object] = {}
        """Whatever others remember about these packages."""
        self.bytes_read = 0
        """A measure of what is remembered: what was read from texts that are not looked at themselves."""

    def read(self, path: str) -> bytes:
        """The text of a file as it is now. Raises OSError."""
        data = self._read(path)
        self.bytes_read += len(data)
        return data

    def names(self, directory: str) -> Sequence[str]:
        """What is in a directory; nothing when it cannot be read."""
        try:
            return self._list(directory)
        except OSError:
            return ()

    def forget_package(self, directory: str) -> frozenset[str]:
        """The texts of a package changed: it is forgotten with all that import it, which are given. What is remembered of the
        bodies of others stays, for no body depends on those that import it."""
        gone = self._forget_declarations(directory)
        kept = {key[1] for key in self._packages}
        self.cache = {
            key: value
            for key, value in self.cache.items()
            if key[0] in _OF_TEXTS or (key[0] == "program" and key[1] in kept)
        }
        return gone

    def forget_bodies(self, directory: str, is_other: Callable[[bytes], bool]) -> frozenset[str]:
        """A body of a package changed, and no declaration: the same, but for what is remembered of types.

        ``is_other``: whether a pattern is found in the body that was not, or no longer."""
        gone = self._forget_declarations(directory)
        self.cache = {
            key: value
            for key, value in self.cache.items()
            if not (key[0] == "program" and key[1] in gone)
            and not (isinstance(pattern := key[-1], bytes) and is_other(pattern))
        }
        return gone

    def _forget_declarations(self, directory: str) -> frozenset[str]:
        known = {key: package for key, package in self._packages.items() if package is not None}
        gone = {package.path for package in known.values() if package.directory == directory}
        gone.add(self.import_path(directory))
        size = 0
        while size != len(gone):
            size = len(gone)
            gone |= {package.path for package in known.values() if not gone.isdisjoint(package.imported)}
        self._packages = {key: package for key, package in self._packages.items() if key[1] not in gone}
        self._clauses = {key: name for key, name in self._clauses.items() if key[1] not in gone}
        return frozenset(gone)

    def forget_texts(self) -> None:
        """A file was saved: what the texts of a whole module say is asked for again. (With every key would take too long.)"""
        self.cache = {key: value for key, value in self.cache.items() if key[0] not in _OF_TEXTS}

    def forget(self) -> None:
        """Some declaration or go.mod changed. What belongs to Go itself stays: it depends on nothing else."""
        self._packages = {
            key: package for key, package in self._packages.items() if package is not None and self._is_goroot(key[0])
        }
        self._modules = {directory: module for directory, module in self._modules.items() if self._is_goroot(directory)}
        self._build_lists = {root: built for root, built in self._build_lists.items() if self._is_goroot(root)}
        self._clauses.clear()
        self.missing.clear()
        self.cache.clear()

    def _is_goroot(self, directory: str) -> bool:
        return bool(self._sources.goroot) and directory.startswith(self._sources.goroot + os.sep)

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
        return without_vendor("/".join([*prefix, *(below.split(os.sep) if below != "." else [])]))

    def _build_list(self, module: Module | None) -> BuildList | None:
        if module is None:
            return None
        if module.directory not in self._build_lists:
            self._build_lists[module.directory] = BuildList(module, self._sources, self._read)
        return self._build_lists[module.directory]

    # -- packages

    def package_of(self, directory: str, files: Iterable[tuple[str, bytes]]) -> Package:
        """The package under analysis, from the texts of its files."""
        parsed = tuple(PackageFile.of(path, data) for path, data in files)
        path = self.import_path(directory)
        name = next((file.decls.package for file in parsed if file.decls.package), "")
        external = name.endswith("_test") and any(file.is_test for file in parsed)
        module = self.module_of(directory)
        return Package(
            path + "_test" if external else path,
            name,
            directory,
            parsed,
            module,
            self._build_list(module),
            is_external_test=external,
        )

    def import_package(self, path: str, importer: Package, file: PackageFile | None = None) -> Package | None:
        """The declarations of a package that ``importer`` (in ``file``) imports; None when they are nowhere to be had."""
        path = without_vendor(path)
        if path == importer.path and not importer.is_external_test:
            return importer
        key = _key(path, importer, file)
        if key not in self._packages:
            self._packages[key] = None  # an import cycle finds nothing, as in Go
            found = self._packages[key] = self._load(path, importer, key[2], key[3])
            if found is None and path not in ("C", "unsafe"):
                self.missing.add(path)
        return self._packages[key]

    def _load(self, path: str, importer: Package, configuration: Configuration, tests: bool) -> Package | None:
        first = (self._of_module, self._of_goroot, self._of_database)
        last = (self._of_module, self._of_database, self._of_goroot)
        for source in last if self._database_suffices(configuration) else first:
            found = source(path, importer, configuration, tests)
            if found is not None:
                return found
        return None

    def _database_suffices(self, configuration: Configuration) -> bool:
        """Whether the shipped signatures say of Go's public packages what its sources would: then they are read twenty times
        faster, and the answers are the same on every machine. Not for newer Go, nor for other platforms."""
        if configuration != build_tags.DEFAULT:
            return False
        if self._go_version is None:
            self._go_version = go_version(self._sources.goroot, self._read)
        return self._go_version <= GO_VERSION

    def _of_module(self, path: str, importer: Package, configuration: Configuration, tests: bool) -> Package | None:
        """From the module itself, its workspace, replacements, vendor, or the module cache."""
        directories: list[str] = []
        if tests:
            directories.append(importer.directory)
        if importer.build_list is not None:
            directories += importer.build_list.directories(path)
        loaded = (
            self._load_directory(path, directory, importer.build_list, configuration, tests)
            for directory in directories
        )
        return next((package for package in loaded if package is not None), None)

    def _of_goroot(self, path: str, importer: Package, configuration: Configuration, tests: bool) -> Package | None:
        if not self._sources.goroot or "." in path.partition("/")[0]:
            return None
        directory = os.path.join(self._sources.goroot, "src", *path.split("/"))
        return self._load_directory(path, directory, importer.build_list, configuration, tests)

    def _of_database(self, path: str, importer: Package, configuration: Configuration, tests: bool) -> Package | None:
        data = self._signatures(path)
        if data is None:
            return None
        file = PackageFile.of(f"{path}.go", data)
        return Package(path, file.decls.package, "", (file,))

    def load_directory(self, path: str, directory: str) -> Package | None:
        """The package of a directory, as an importer sees it, under an import path."""
        return self._load_directory(
            path, directory, self._build_list(self.module_of(directory)), Configuration(), False
        )

    def _load_directory(
        self, path: str, directory: str, seen_from: BuildList | None, configuration: Configuration, tests: bool
    ) -> Package | None:
        try:
            names = sorted(self._list(directory))
        except OSError:
            return None
        files: list[PackageFile] = []
        for name in names:
            if not name.endswith(".go") or name[0] in "_." or (name.endswith("_test.go") and not tests):
                continue
            file = self._file(os.path.join(directory, name), configuration)
            if file is not None and file.decls.package not in ("", "documentation"):
                files.append(file)
        if not files:
            return None
        name = _package_name(files)
        kept = tuple(file for file in files if file.decls.package == name)
        module = self.module_of(directory)
        if self._is_goroot(directory):
            seen_from = self._build_list(module)
        return Package(path, name, directory, kept, module, seen_from, configuration)

    def _file(self, path: str, configuration: Configuration) -> PackageFile | None:
        """The file when the configuration takes it in."""
        if not configuration.includes(path, ""):
            return None
        try:
            data = self.read(path)
        except OSError:
            return None
        if not configuration.includes(path, constraint_of(data)):
            return None
        return PackageFile.of(path, data)

    # -- imports of a file

    def imported(self, file: PackageFile, name: str) -> str | None:
        """The path of the import that ``name`` stands for in a file."""
        path = file.imports.get(name)
        if path is None and file.unnamed:
            path = self._unnamed_import(file, name)
            if path is not None:
                file.imports[name] = path
        return path

    def _unnamed_import(self, file: PackageFile, name: str) -> str | None:
        """An import without a name is called what its package clause says; only what cannot be read goes by its path."""
        guess = file.guesses.get(name)
        candidates = sorted(file.unnamed, key=lambda path: path != guess)
        unread = None
        for path in candidates:
            clause = self._package_clause(path, file)
            if clause is None:
                unread = path if path == guess else unread
            elif clause == name:
                return path
        return unread

    def _package_clause(self, path: str, file: PackageFile) -> str | None:
        """What a package that ``file`` imports is called. Most are called as their path ends, and one file of them says so:
        the others are read with all their declarations."""
        importer = file.package
        key = _key(without_vendor(path), importer, file)
        if key in self._packages or (path == importer.path and not importer.is_external_test):
            package = self.import_package(path, importer, file)
            return package.name if package is not None else None
        name = self._clauses.get(key)
        if name is None:
            guess = guessed_name(path)
            if not self._is_called(path, importer, guess):
                package = self.import_package(path, importer, file)
                return package.name if package is not None else None
            name = self._clauses[key] = guess
        return name

    def _is_called(self, path: str, importer: Package, name: str) -> bool:
        """Whether a file in the first place where the package lies gives the package that name."""
        if importer.build_list is not None:
            for directory in importer.build_list.directories(path):
                files = [
                    name for name in self.names(directory) if name.endswith(".go") and not name.endswith("_test.go")
                ]
                if files:
                    return any(_clause_of(self._text(directory, file)) == name for file in files[:2])
        return self._database_suffices(build_tags.DEFAULT) and _clause_of(self._signatures(path) or b"") == name

    def _text(self, directory: str, name: str) -> bytes:
        try:
            return self._read(os.path.join(directory, name))
        except OSError:
            return b""


_CLAUSE = re.compile(rb"^package[ \t]+(\w+)", re.M)


def _clause_of(text: bytes) -> str:
    """The name that a file gives its package, as far as a glance tells."""
    match = _CLAUSE.search(text)
    return match[1].decode() if match is not None else ""


def _key(path: str, importer: Package, file: PackageFile | None) -> _Key:
    tests = importer.is_external_test and path == importer.path.removesuffix("_test")
    configuration = importer.configuration if file is None or file.is_default else file.configuration
    root = importer.build_list.main.directory if importer.build_list is not None else ""
    return root, path, configuration, tests


def _package_name(files: Sequence[PackageFile]) -> str:
    """The name that most files of a directory give; tests and ``main`` helpers with other names stand aside."""
    names = [file.decls.package for file in files]
    return max(sorted(set(names)), key=lambda name: (not name.endswith("_test"), name != "main", names.count(name)))


def _no_signatures(_: str) -> bytes | None:
    return None


def _read_file(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def without_vendor(path: str) -> str:
    """An import path as its source has it, without the way to a vendored copy."""
    if "vendor/" not in path and "_workspace/" not in path:
        return path
    for marker in ("/vendor/", "Godeps/_workspace/src/"):
        _, found, rest = path.rpartition(marker)
        if found:
            return rest
    return path.removeprefix("vendor/")
