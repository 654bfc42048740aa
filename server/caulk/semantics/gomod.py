"""``go.mod`` and ``go.work``: which module a directory belongs to, and which Go it is written for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Read: TypeAlias = Callable[[str], bytes]
"""Reads a file by path; raises OSError when it cannot."""

DEFAULT_GO = (1, 21)
"""What fixes are written for where no go.mod tells the version: new enough for most of them, old enough for most modules."""
WITHOUT_GO_LINE = (1, 16)
"""What the go command assumes of a go.mod without a ``go`` line."""

_VERSION = re.compile(r"(?:go)?(\d+)\.(\d+)")
_BLOCK_COMMENT_FREE = re.compile(r"//[^\n]*")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a replaced module is taken from: a directory (absolute), or another module at a version."""

    directory: str = ""
    path: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Module:
    """A module: ``directory`` is where its go.mod stands."""

    path: str
    directory: str
    go: tuple[int, int] | None = None
    """None where no go.mod tells."""
    toolchain: tuple[int, int] | None = None
    requires: Mapping[str, str] = field(default_factory=dict)
    """Module path to version."""
    replaces: Mapping[tuple[str, str], Target] = field(default_factory=dict)
    """(module path, version or empty for every version) to what stands in for it."""


def parse_gomod(text: str, directory: str) -> Module:
    """The module that a go.mod describes. Never fails: what cannot be read is left out."""
    path = ""
    go: tuple[int, int] = WITHOUT_GO_LINE
    toolchain: tuple[int, int] | None = None
    requires: dict[str, str] = {}
    replaces: dict[tuple[str, str], Target] = {}
    for verb, words in _directives(text):
        if verb == "module" and words:
            path = words[0]
        elif verb == "go" and words:
            go = version(words[0]) or go
        elif verb == "toolchain" and words:
            toolchain = version(words[0])
        elif verb == "require" and len(words) >= 2:
            requires[words[0]] = words[1]
        elif verb == "replace":
            replaces.update(_replacement(words, directory))
    return Module(path, directory, go, toolchain, requires, replaces)


def _replacement(words: list[str], directory: str) -> dict[tuple[str, str], Target]:
    """``old [version] => new [version]``."""
    if "=>" not in words[1:3] or len(words) < words.index("=>") + 2:
        return {}
    arrow = words.index("=>")
    old, target = words[:arrow], words[arrow + 1 :]
    key = old[0], old[1] if len(old) > 1 else ""
    if len(target) > 1:
        return {key: Target(path=target[0], version=target[1])}
    if target[0].startswith((".", "/")) or os.path.isabs(target[0]):
        return {key: Target(directory=os.path.normpath(os.path.join(directory, target[0])))}
    return {}


def version(text: str) -> tuple[int, int] | None:
    """``1.23``, ``1.23.4``, ``go1.23.4``: major and minor; None for anything else."""
    match = _VERSION.match(text)
    return (int(match[1]), int(match[2])) if match else None


def _directives(text: str) -> list[tuple[str, list[str]]]:
    """(verb, words) of every line, those in blocks included."""
    found: list[tuple[str, list[str]]] = []
    block = ""
    for line in _BLOCK_COMMENT_FREE.sub("", text).splitlines():
        words = [word.strip('"`') for word in line.split()]
        if not words:
            continue
        if block:
            if words[0] == ")":
                block = ""
            else:
                found.append((block, words))
        elif len(words) > 1 and words[1] == "(":
            block = words[0]
        else:
            found.append((words[0], words[1:]))
    return found


@dataclass(frozen=True, slots=True)
class Workspace:
    """A go.work: the absolute directories of its modules, and its own replacements."""

    directory: str
    uses: tuple[str, ...]
    replaces: Mapping[tuple[str, str], Target] = field(default_factory=dict)


def parse_gowork(text: str, directory: str) -> Workspace:
    """The workspace that a go.work describes. Never fails."""
    uses: list[str] = []
    replaces: dict[tuple[str, str], Target] = {}
    for verb, words in _directives(text):
        if verb == "use" and words:
            uses.append(os.path.normpath(os.path.join(directory, words[0])))
        elif verb == "replace":
            replaces.update(_replacement(words, directory))
    return Workspace(directory, tuple(uses), replaces)


def find_module(directory: str, read: Read) -> Module | None:
    """The module of a directory: the nearest go.mod upwards. A directory of a module cache that has none (the module is older
    than go.mod) belongs to the module that its path names."""
    for current in _upwards(directory):
        cached = _CACHED.search(current)
        text = _read_text(os.path.join(current, "go.mod"), read)
        if text is not None:
            return parse_gomod(text, current)
        if cached is not None:
            return Module(unescaped(cached[1].replace(os.sep, "/")), current)
    return None


def find_workspace(directory: str, read: Read) -> Workspace | None:
    """The nearest go.work upwards, as the go command finds it."""
    for current in _upwards(directory):
        text = _read_text(os.path.join(current, "go.work"), read)
        if text is not None:
            return parse_gowork(text, current)
    return None


def _upwards(directory: str) -> Iterator[str]:
    while True:
        yield directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return
        directory = parent


def _read_text(path: str, read: Read) -> str | None:
    try:
        return read(path).decode("utf-8", "replace")
    except OSError:
        return None


# -- the module cache


_CACHED = re.compile(r"[/\\]pkg[/\\]mod[/\\](?!cache[/\\])([^@]+)@[^/\\]+$")


def escaped(text: str) -> str:
    """A module path or version as the cache writes it: no capitals, for disks that do not tell them apart."""
    return re.sub(r"[A-Z]", lambda match: "!" + match[0].lower(), text)


def unescaped(text: str) -> str:
    """The opposite of :func:`escaped`."""
    return re.sub(r"!([a-z])", lambda match: match[1].upper(), text)


_SEMVER = re.compile(r"v(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?")


def semver_key(text: str) -> tuple[object, ...]:
    """Orders versions as Go does: ``v1.2.3-rc.1`` before ``v1.2.3``. What is no version comes first."""
    match = _SEMVER.match(text)
    if match is None:
        return ((-1, -1, -1), 0, ())
    numbers = int(match[1]), int(match[2]), int(match[3])
    if match[4] is None:
        return (numbers, 1, ())
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in match[4].split("."))
    return (numbers, 0, parts)
