"""Which directory an import path means, seen from the module that is analysed: its own tree, its workspace, replacements,
``vendor``, and the module cache at the version that go.mod selects."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property

from caulk.semantics.gomod import (
    Module,
    Read,
    Target,
    Workspace,
    escaped,
    find_module,
    find_workspace,
    parse_gomod,
    semver_key,
)
from caulk.semantics.sources import Sources

PRUNED_SINCE = (1, 17)
"""From this ``go`` line on a go.mod lists every module that its packages need."""


class BuildList:
    """What the import paths of one main module mean. Dependencies are looked up here too, never by their own go.mod: the main
    module decides on the versions."""

    def __init__(self, main: Module, sources: Sources, read: Read) -> None:
        self.main = main
        self._sources = sources
        self._read = read

    def directories(self, path: str) -> Iterator[str]:
        """Where the package of that import path may be, the likeliest first. None of them need exist."""
        if self.main.path == "std":
            yield os.path.join(self.main.directory, *path.split("/"))
        yield from _below(path, self._roots)
        for directory in self._vendor_roots:
            yield os.path.join(directory, "vendor", *path.split("/"))
        cached = list(_prefixes(path, self.versions))
        yield from self._cached(path, cached)
        if not cached and self._needs_graph:
            yield from self._cached(path, list(_prefixes(path, self._graph)))

    # -- what is on the spot

    @cached_property
    def _members(self) -> tuple[Module, ...]:
        """The main module and its siblings in the workspace."""
        workspace = self._workspace
        if workspace is None:
            return (self.main,)
        found = [find_module(directory, self._read) for directory in workspace.uses]
        siblings = [module for module in found if module is not None and module.directory != self.main.directory]
        return (self.main, *siblings)

    @cached_property
    def _workspace(self) -> Workspace | None:
        found = find_workspace(self.main.directory, self._read)
        return found if found is not None and self.main.directory in found.uses else None

    @cached_property
    def _replaces(self) -> dict[tuple[str, str], Target]:
        replaces: dict[tuple[str, str], Target] = {}
        for module in reversed(self._members):
            replaces.update(module.replaces)
        if self._workspace is not None:
            replaces.update(self._workspace.replaces)
        return replaces

    @cached_property
    def _roots(self) -> dict[str, str]:
        """Module path to directory, for what needs no cache."""
        roots = {
            path: target.directory
            for (path, version), target in self._replaces.items()
            if target.directory and version in ("", self.versions.get(path, ""))
        }
        roots.update((module.path, module.directory) for module in self._members if module.path)
        return roots

    @cached_property
    def _vendor_roots(self) -> tuple[str, ...]:
        workspace = self._workspace
        return (self.main.directory,) if workspace is None else (workspace.directory, self.main.directory)

    # -- versions

    @cached_property
    def versions(self) -> dict[str, str]:
        """Module path to version, as far as the go.mod files of the workspace say it: the highest."""
        versions: dict[str, str] = {}
        for module in self._members:
            _raise_to(versions, module)
        return versions

    @property
    def _needs_graph(self) -> bool:
        return bool(self._sources.module_cache) and any(
            module.go is not None and module.go < PRUNED_SINCE for module in self._members
        )

    @cached_property
    def _graph(self) -> dict[str, str]:
        """The versions that minimal version selection gives, from the go.mod files in the cache."""
        versions = dict(self.versions)
        todo = list(versions.items())
        seen = set(todo)
        while todo:
            path, version = todo.pop()
            module = self._cached_gomod(path, version)
            if module is None:
                continue
            _raise_to(versions, module)
            following = [item for item in module.requires.items() if item not in seen]
            seen.update(following)
            todo += following
        return versions

    def _cached_gomod(self, path: str, version: str) -> Module | None:
        name = os.path.join(
            self._sources.module_cache, "cache", "download", *escaped(path).split("/"), "@v", f"{escaped(version)}.mod"
        )
        try:
            return parse_gomod(self._read(name).decode("utf-8", "replace"), "")
        except OSError:
            return None

    def _cached(self, path: str, candidates: list[tuple[str, str]]) -> Iterator[str]:
        if not self._sources.module_cache:
            return
        for prefix, version in candidates:
            target = self._replaces.get((prefix, version)) or self._replaces.get((prefix, ""))
            taken = (target.path, target.version) if target is not None and target.path else (prefix, version)
            rest = path[len(prefix) + 1 :].split("/") if path != prefix else []
            root = f"{escaped(taken[0])}@{escaped(taken[1])}".split("/")
            yield os.path.join(self._sources.module_cache, *root, *rest)


def _raise_to(versions: dict[str, str], module: Module) -> None:
    for path, version in module.requires.items():
        if path not in versions or semver_key(version) > semver_key(versions[path]):
            versions[path] = version


def _prefixes(path: str, modules: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The modules that an import path may lie in, the longest first."""
    prefix = path
    while prefix:
        found = modules.get(prefix)
        if found is not None:
            yield prefix, found
        prefix = prefix.rpartition("/")[0]


def _below(path: str, roots: dict[str, str]) -> Iterator[str]:
    for prefix, directory in _prefixes(path, roots):
        yield os.path.join(directory, *path[len(prefix) + 1 :].split("/")) if path != prefix else directory
