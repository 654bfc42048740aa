"""Directories of Go files, analysed package by package. An editor's buffer lies over the file on disk."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from caulk.config.settings import Settings
from caulk.engine.analyze import Analysis, AnalysisError, PackageAnalysis, go_on
from caulk.engine.open_packages import OpenPackages, stamps
from caulk.findings.finding import Finding, Severity
from caulk.flow.program import FileUnit, GoVersion, Program
from caulk.ir.lower import lower_function
from caulk.rules import registry
from caulk.semantics import contracts
from caulk.semantics.contracts import ContractError
from caulk.semantics.contracts.names import Lookup, problems
from caulk.semantics.gomod import Module, Read
from caulk.semantics.packages import PackageFile, declarations
from caulk.semantics.sources import AUTO, OFF, Sources, find_sources
from caulk.semantics.world import World
from caulk.syntax.source import SourceFile
from caulk.syntax.split import split

MAX_FILE_SIZE = 8 << 20
"""Bytes; a larger file is not looked at, and an error says so."""

_GENERATED = re.compile(rb"^// Code generated .* DO NOT EDIT\.\r?$", re.M)
_PACKAGE = re.compile(rb"^package\b", re.M)


def is_generated(data: bytes) -> bool:
    """Whether a file says that it was generated, in the form that Go prescribes, before its package clause."""
    match = _GENERATED.search(data)
    if match is None:
        return False
    package = _PACKAGE.search(data)
    return package is None or match.start() < package.start()


def sources_of(settings: Settings) -> Sources:
    """Where the declarations of other modules come from under these settings."""
    return find_sources(_directory(settings.module_cache, settings), _directory(settings.goroot, settings))


def _directory(written: str, settings: Settings) -> str:
    if written in (AUTO, OFF):
        return written
    return os.path.normpath(os.path.join(settings.root, os.path.expanduser(written)))


class Workspace:
    """Analyses files as they are now: saved, or in an editor. Raises ContractError for a user's contract that is wrong.

    Generated files are passed over; with ``generated_too`` they are files like all others. With ``keeps`` what was found out
    about a package is kept while its bodies are edited."""

    def __init__(
        self,
        settings: Settings,
        *,
        read: Read | None = None,
        sources: Sources | None = None,
        generated_too: bool = False,
        keeps: bool = False,
    ) -> None:
        self.settings = settings
        self._generated_too = generated_too
        self._open = OpenPackages() if keeps else None
        self.checkpoint: Callable[[], None] = go_on
        """Called between functions; what it raises ends the analysis."""
        self.loads = 0
        """How often a directory was looked at anew, with all that takes."""
        self._overlays: dict[str, bytes] = {}
        self._disk: Read = read or _read
        self._sources = sources or sources_of(settings)
        self._world = self._new_world()
        self._check_names()
        self._contracts = contracts.load(settings.contracts)
        self._rules = registry.selected(settings)

    def _new_world(self) -> World:
        return World(read=self._read_overlaid, list_directory=self._list_overlaid, sources=self._sources)

    def _check_names(self) -> None:
        """Raises ContractError when a contract of the user's names something that is not there."""
        root = self.settings.root
        if not self.settings.contracts or not root:
            return
        importer = self._world.package_of(root, [(os.path.join(root, "caulk.go"), b"package caulk\n")])
        importer.path += " contracts"  # a package of the module that is none of those that a name may speak of
        names = Lookup(self._world, importer, shipped_too=False)
        for problem in problems(self.settings.contracts, names):
            raise ContractError(f"{os.path.join(root, 'caulk.toml')}: {problem}")

    # -- texts

    def _read_overlaid(self, path: str) -> bytes:
        data = self._overlays.get(path)
        return data if data is not None else self._disk(path)

    def _list_overlaid(self, directory: str) -> list[str]:
        names = set(os.listdir(directory)) if os.path.isdir(directory) else set()
        names.update(os.path.basename(path) for path in self._overlays if os.path.dirname(path) == directory)
        return sorted(names)

    def overlaid(self, path: str) -> bytes | None:
        """The editor's text over the file, None when there is none."""
        return self._overlays.get(path)

    def overlay(self, path: str, data: bytes | None) -> None:
        """Put an editor's text over the file; None takes it away."""
        before = self._overlays.get(path)
        if data is None:
            self._overlays.pop(path, None)
        else:
            self._overlays[path] = data
        if before == data or (data is not None and self._open is not None and self._open.knows(path, data)):
            return
        directory = os.path.dirname(path)
        edit = self._open.edit(path, data) if self._open is not None and data is not None else None
        if edit is not None:
            gone = self._world.forget_bodies(directory, edit.changes)
        else:
            gone = self._world.forget_package(directory)
        if self._open is not None:
            if edit is None:
                self._open.close(directory)
            self._open.close_importers(gone, but=directory)

    def invalidate(self, path: str) -> None:
        """The file changed on disk."""
        self._world.forget()
        if self._open is not None:
            self._open.clear()

    def saved(self, path: str) -> None:
        """The editor's text of a file went to the disk."""
        self._world.forget_texts()
        if self._open is not None:
            self._open.saved(but=os.path.dirname(path))

    @property
    def bytes_read(self) -> int:
        """How much source was read of packages that are only imported, since the last :meth:`forget`."""
        return self._world.bytes_read

    @property
    def missing(self) -> frozenset[str]:
        """Import paths whose declarations were wanted and nowhere to be had."""
        return frozenset(self._world.missing)

    def forget(self) -> None:
        """Let go of all that was read; it is read again when it is asked for."""
        self._world = self._new_world()
        if self._open is not None:
            self._open.clear()
        declarations.clear()
        lower_function.clear()

    def source(self, path: str) -> SourceFile:
        """The text of a file as it is now. Raises OSError."""
        return SourceFile(path, self._read_overlaid(path))

    def module_of(self, path: str) -> Module | None:
        """The module that a file or directory belongs to."""
        return self._world.module_of(path if os.path.isdir(path) else os.path.dirname(path))

    # -- analysis

    def analyze_file(self, path: str) -> Analysis:
        """One file, seen with the rest of its package."""
        return self.analyze(os.path.dirname(path), [path])[path]

    def analyze(self, directory: str, files: Sequence[str] | None = None) -> dict[str, Analysis]:
        """The packages of one directory, file by file. All its Go files are looked at; only ``files`` are reported."""
        now = stamps(directory, self._overlays) if self._open is not None else {}
        packages = self._open.get(directory, now) if self._open is not None else None
        results: dict[str, Analysis] = {}
        if packages is None or not _covers(packages, now.keys() if files is None else files):
            packages, results = self._load(directory, files)
            if self._open is not None and not results:
                self._open.put(directory, packages, now)
        for package in packages:
            for path, analysis in package.of(files, self.checkpoint).items():
                results[path] = self._settled(analysis)
        return results if files is None else {path: results[path] for path in files if path in results}

    def _load(
        self, directory: str, files: Sequence[str] | None
    ) -> tuple[Sequence[PackageAnalysis], dict[str, Analysis]]:
        """The packages of a directory, and what is wrong with files that cannot be looked at."""
        self.loads += 1
        failed: dict[str, Analysis] = {}
        texts: dict[str, bytes] = {}
        for path in self._go_files(directory, files):
            try:
                data = self._read_overlaid(path)
            except OSError as error:
                failed[path] = _failed(path, f"cannot be read: {error.strerror or error}")
                continue
            if len(data) > MAX_FILE_SIZE:
                failed[path] = _failed(path, f"is too large to analyse ({len(data) >> 20} MiB)")
            else:
                texts[path] = data
        programs = [self._program(directory, group) for group in _by_package(texts)]
        return [PackageAnalysis(program, self._rules) for program in programs], failed

    def _go_files(self, directory: str, files: Sequence[str] | None) -> list[str]:
        try:
            names = [name for name in self._list_overlaid(directory) if name.endswith(".go") and name[0] not in "._"]
        except OSError:
            names = []
        found = [os.path.join(directory, name) for name in names]
        return sorted({path for path in found if not os.path.isdir(path)} | set(files or ()))

    def _program(self, directory: str, group: dict[str, bytes]) -> Program:
        package = self._world.package_of(directory, group.items())
        by_path = {file.path: file for file in package.files}
        units = tuple(self._file_unit(path, data, by_path[path]) for path, data in group.items())
        module = self._world.module_of(directory)
        version = GoVersion(module.go, module.toolchain) if module is not None else GoVersion()
        return Program(self._world, package, units, self._contracts, version, module.path if module is not None else "")

    def _file_unit(self, path: str, data: bytes, package_file: PackageFile) -> FileUnit:
        passed_over = not self._generated_too and is_generated(data)
        return FileUnit(SourceFile(path, data), split(data), package_file, package_file.is_test, passed_over)

    def _settled(self, analysis: Analysis) -> Analysis:
        """What the settings leave of an analysis."""
        kept = [
            self._with_severity(finding)
            for finding in analysis.findings
            if registry.is_selected(finding.code, finding.tier.value, self.settings)
            and self.settings.severity.get(finding.code) != "off"
        ]
        return replace(analysis, findings=tuple(kept))

    def _with_severity(self, finding: Finding) -> Finding:
        wanted = self.settings.severity.get(finding.code)
        return replace(finding, severity=Severity[wanted.upper()]) if wanted else finding


def _read(path: str) -> bytes:
    if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait for somebody to write
        raise OSError(None, "is not a regular file")
    with open(path, "rb") as file:
        return file.read(MAX_FILE_SIZE + 1)


def _covers(packages: Sequence[PackageAnalysis], files: Iterable[str]) -> bool:
    """Whether all the files are in one of the packages."""
    return {file.path for package in packages for file in package.program.files} >= set(files)


def _failed(path: str, message: str) -> Analysis:
    return Analysis(SourceFile(path, b""), errors=(AnalysisError(path, message),))


def _by_package(texts: dict[str, bytes]) -> list[dict[str, bytes]]:
    """The files of a directory by package: in-package tests go with their package, ``p_test`` is one of its own."""
    groups: dict[str, dict[str, bytes]] = {}
    for path, data in texts.items():
        groups.setdefault(declarations(data).package, {})[path] = data
    return list(groups.values())
