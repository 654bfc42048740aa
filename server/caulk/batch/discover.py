"""Which Go files a run looks at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pathspec import GitIgnoreSpec

from caulk.engine.analyze import AnalysisError
from caulk.engine.workspace import is_generated

SKIPPED_DIRECTORIES = frozenset({"vendor", "testdata", "node_modules"})


@dataclass(slots=True)
class Found:
    """The files to look at by directory (absolute paths, sorted), and what could not be looked at."""

    packages: dict[str, list[str]] = field(default_factory=dict)
    errors: list[AnalysisError] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(map(len, self.packages.values()))


@dataclass(frozen=True, slots=True)
class _Ignored:
    """The patterns of one ignore file, relative to its directory."""

    directory: str
    spec: GitIgnoreSpec

    def matches(self, path: str, *, is_directory: bool) -> bool:
        relative = os.path.relpath(path, self.directory)
        return self.spec.match_file(relative + "/" if is_directory else relative)


def discover(paths: Sequence[str], exclude: Sequence[tuple[str, Sequence[str]]] = ()) -> Found:
    """The Go files below ``paths`` (files, directories, ``dir/...``). A file that is named is taken whatever it is; below a
    directory ignored, vendored, test-data and generated files are left out. ``exclude``: (directory, patterns) pairs."""
    found = Found()
    rules = [_Ignored(directory, GitIgnoreSpec.from_lines(patterns)) for directory, patterns in exclude if patterns]
    for written in paths or (".",):
        path = os.path.abspath(written.removesuffix("...").rstrip("/") or ("/" if written.startswith("/") else "."))
        if os.path.isdir(path):
            _walk(path, found, rules)
        elif os.path.exists(path) or os.path.islink(path):
            _add(found, path, named=True)
        else:
            found.errors.append(AnalysisError(path, "does not exist"))
    for files in found.packages.values():
        files[:] = sorted(set(files))
    return found


def _walk(root: str, found: Found, rules: list[_Ignored]) -> None:
    """All directories below ``root``; links to directories are not followed, so that loops cannot hold it up."""
    above = _ignore_files_above(root)
    if any(rule.spec.match_file(os.path.relpath(root, rule.directory) + "/x") for rule in above):
        above = []  # an ignored directory that is named is meant
    inherited = [*rules, *above]
    todo: list[tuple[str, list[_Ignored]]] = [(root, inherited)]
    while todo:
        directory, ignored = todo.pop()
        try:
            with os.scandir(directory) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            found.errors.append(AnalysisError(directory, f"cannot be read: {error.strerror}"))
            continue
        ignored = [*ignored, *_ignore_file(directory)]
        for entry in reversed(entries):
            if entry.is_dir(follow_symlinks=False):
                skipped = entry.name in SKIPPED_DIRECTORIES or entry.name[0] in "._"
                if not skipped and not _is_ignored(entry.path, ignored, is_directory=True):
                    todo.append((entry.path, ignored))
        for entry in entries:
            is_go = entry.name.endswith(".go") and entry.name[0] not in "._"
            if (
                is_go
                and not entry.is_dir(follow_symlinks=False)
                and not _is_ignored(entry.path, ignored, is_directory=False)
            ):
                _add(found, entry.path, named=False)


def _is_ignored(path: str, ignored: Iterable[_Ignored], *, is_directory: bool) -> bool:
    return any(rule.matches(path, is_directory=is_directory) for rule in ignored)


def _ignore_file(directory: str) -> list[_Ignored]:
    try:
        with open(os.path.join(directory, ".gitignore"), encoding="utf-8", errors="replace") as file:
            return [_Ignored(directory, GitIgnoreSpec.from_lines(file))]
    except OSError:
        return []


def _ignore_files_above(root: str) -> list[_Ignored]:
    """The ignore files between the repository's root and ``root`` itself (which is read on the way down)."""
    found: list[_Ignored] = []
    directory = root
    while not os.path.exists(os.path.join(directory, ".git")):
        parent = os.path.dirname(directory)
        if parent == directory:
            return []
        directory = parent
        found += _ignore_file(directory)
    return found


def _add(found: Found, path: str, *, named: bool) -> None:
    try:
        if os.path.isdir(path):
            raise IsADirectoryError(None, "Is a directory")
        with open(path, "rb") as file:
            head = file.read(4096)
    except OSError as error:
        found.errors.append(AnalysisError(path, f"cannot be read: {error.strerror}"))
        return
    if named or not is_generated(head):
        found.packages.setdefault(os.path.dirname(path), []).append(path)
