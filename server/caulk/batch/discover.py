"""Which Go files a run looks at."""

from __future__ import annotations

import os
import re
import stat
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pathspec import GitIgnoreSpec

from caulk.engine.analyze import AnalysisError
from caulk.engine.workspace import is_generated

SKIPPED_DIRECTORIES = frozenset({"vendor", "testdata", "node_modules"})
HEAD = 4096
"""Bytes of a file that are searched for the mark of generated code."""


@dataclass(slots=True)
class Found:
    """The files to look at by directory (absolute paths, sorted), and what could not be looked at."""

    packages: dict[str, list[str]] = field(default_factory=dict)
    errors: list[AnalysisError] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(map(len, self.packages.values()))


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Patterns as in ``.gitignore``, relative to a directory."""

    directory: str
    patterns: tuple[str, ...]


NO_EXCLUSION = Exclusion("", ())


@dataclass(frozen=True, slots=True)
class _Ignored:
    """The patterns of one ignore file, relative to its directory."""

    directory: str
    spec: GitIgnoreSpec

    def verdict(self, path: str, *, is_directory: bool) -> bool | None:
        """Whether the path is ignored (True) or expressly not (False); None when no pattern speaks of it."""
        above = self.directory.rstrip("/") + "/"
        if not path.startswith(above):
            return None
        relative = path[len(above) :]
        return _of_directory(self.spec, relative + "/") if is_directory else self.spec.check_file(relative).include


def _of_directory(spec: GitIgnoreSpec, path: str) -> bool | None:
    """The verdict on a directory (``path`` ends with a slash): that of the last pattern that matches it itself. Those that
    match a directory above count for the files in it; the walk has asked about that one before."""
    for pattern in reversed(spec.patterns):
        regex = getattr(pattern, "regex", None)
        if pattern.include is None or regex is None:
            continue
        ends = {match.end("ps_d") if "ps_d" in regex.groupindex else len(path) for match in regex.finditer(path)}
        if len(path) in ends:
            return bool(pattern.include)
    return None


def discover(paths: Sequence[str], exclusion_of: Callable[[str], Exclusion] = lambda _: NO_EXCLUSION) -> Found:
    """The Go files below ``paths`` (files, directories, ``dir/...``). A file that is named is taken whatever it is; below a
    directory ignored, excluded, vendored, test-data and generated files are left out. ``exclusion_of`` gives the exclusion
    that counts in a directory."""
    found = Found()
    for written in paths or (".",):
        path = os.path.abspath(written.removesuffix("...").rstrip("/") or ("/" if written.startswith("/") else "."))
        if os.path.isdir(path):
            _walk(path, found, exclusion_of)
        elif os.path.lexists(path):
            _add(found, path, named=True)
        else:
            found.errors.append(AnalysisError(path, "does not exist"))
    for files in found.packages.values():
        files[:] = sorted(set(files))
    return found


def _walk(root: str, found: Found, exclusion_of: Callable[[str], Exclusion]) -> None:
    """All directories below ``root``; links to directories are not followed, so that loops cannot hold it up."""
    todo: list[tuple[str, tuple[_Ignored, ...]]] = [(root, _speaking(root, _ignore_files_above(root)))]
    while todo:
        directory, ignored = todo.pop()
        try:
            with os.scandir(directory) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            found.errors.append(AnalysisError(directory, f"cannot be read: {error.strerror}"))
            continue
        ignored = (*_ignore_file(directory, ".gitignore"), *ignored)
        rules = (*_speaking(root, _excluded(exclusion_of(directory))), *ignored)
        directories, files = _split(entries)
        for entry in files:
            if not _is_ignored(entry.path, rules, is_directory=False):
                _add(found, entry.path, named=False)
        for entry in reversed(directories):
            if not _is_ignored(entry.path, rules, is_directory=True):
                todo.append((entry.path, ignored))


def _split(entries: Iterable[os.DirEntry[str]]) -> tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]:
    """The directories worth going into, and the Go files."""
    visible = [entry for entry in entries if entry.name[0] not in "._"]
    directories = [entry for entry in visible if entry.is_dir(follow_symlinks=False)]
    files = [entry for entry in visible if entry.name.endswith(".go") and not entry.is_dir(follow_symlinks=False)]
    return [entry for entry in directories if entry.name not in SKIPPED_DIRECTORIES], files


def _is_ignored(path: str, rules: Iterable[_Ignored], *, is_directory: bool) -> bool:
    """As git decides: the nearest file that says something about the path has the last word."""
    verdicts = (rule.verdict(path, is_directory=is_directory) for rule in rules)
    return next((verdict for verdict in verdicts if verdict is not None), False)


def _speaking(root: str, rules: Iterable[_Ignored]) -> tuple[_Ignored, ...]:
    """The rules that do not ignore ``root`` itself: who names an ignored directory means it."""
    return tuple(rule for rule in rules if rule.directory == root or not rule.verdict(root, is_directory=True))


def _excluded(exclusion: Exclusion) -> tuple[_Ignored, ...]:
    return (_Ignored(exclusion.directory, _spec(exclusion.patterns)),) if exclusion.patterns else ()


@lru_cache(maxsize=64)
def _spec(lines: tuple[str, ...]) -> GitIgnoreSpec:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of re, for ``[[:alpha:]]``
        return GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))


def _is_pattern(line: str) -> bool:
    """Lines that are none are passed over, as git does."""
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True


def _ignore_file(directory: str, name: str) -> tuple[_Ignored, ...]:
    try:
        text = Path(directory, name).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    return (_Ignored(directory, _spec(tuple(text.split("\n")))),)


def _ignore_files_above(root: str) -> list[_Ignored]:
    """The ignore files of the repository that ``root`` lies in, nearest first; that of ``root`` is read on the way down."""
    found: list[_Ignored] = []
    directory = root
    while not os.path.exists(os.path.join(directory, ".git")):
        parent = os.path.dirname(directory)
        if parent == directory:
            return []
        directory = parent
        found += _ignore_file(directory, ".gitignore")
    return [*found, *_ignore_file(directory, ".git/info/exclude")]


def _add(found: Found, path: str, *, named: bool) -> None:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait for somebody to write
            found.errors.append(AnalysisError(path, "cannot be read: is not a regular file"))
            return
        with open(path, "rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        found.errors.append(AnalysisError(path, f"cannot be read: {error.strerror}"))
        return
    if named or not is_generated(head):
        found.packages.setdefault(os.path.dirname(path), []).append(path)
