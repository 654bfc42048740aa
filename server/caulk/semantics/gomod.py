"""``go.mod`` and ``go.work``: which module a directory belongs to, and which Go it is written for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Read: TypeAlias = Callable[[str], bytes]
"""Reads a file by path; raises OSError when it cannot."""

DEFAULT_GO = (1, 21)
"""What is assumed without a ``go`` line: new enough for most fixes, old enough for most modules."""

_VERSION = re.compile(r"(?:go)?(\d+)\.(\d+)")
_BLOCK_COMMENT_FREE = re.compile(r"//[^\n]*")


@dataclass(frozen=True, slots=True)
class Module:
    """A module: ``directory`` is where its go.mod stands."""

    path: str
    directory: str
    go: tuple[int, int] = DEFAULT_GO
    toolchain: tuple[int, int] | None = None
    requires: Mapping[str, str] = field(default_factory=dict)
    """Module path to version."""
    replaces: Mapping[str, str] = field(default_factory=dict)
    """Module path to a directory (absolute), for replacements by a directory."""


def parse_gomod(text: str, directory: str) -> Module:
    """The module that a go.mod describes. Never fails: what cannot be read is left out."""
    path = ""
    go: tuple[int, int] = DEFAULT_GO
    toolchain: tuple[int, int] | None = None
    requires: dict[str, str] = {}
    replaces: dict[str, str] = {}
    for verb, words in _directives(text):
        if verb == "module" and words:
            path = words[0]
        elif verb == "go" and words:
            go = version(words[0]) or go
        elif verb == "toolchain" and words:
            toolchain = version(words[0])
        elif verb == "require" and len(words) >= 2:
            requires[words[0]] = words[1]
        elif verb == "replace" and "=>" in words:
            arrow = words.index("=>")
            target = words[arrow + 1] if arrow + 1 < len(words) else ""
            if words[0] and target.startswith((".", "/")):
                replaces[words[0]] = os.path.normpath(os.path.join(directory, target))
    return Module(path, directory, go, toolchain, requires, replaces)


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


def workspace_directories(text: str, directory: str) -> list[str]:
    """The absolute directories that a go.work uses."""
    return [
        os.path.normpath(os.path.join(directory, words[0]))
        for verb, words in _directives(text)
        if verb == "use" and words
    ]


def find_module(directory: str, read: Read) -> Module | None:
    """The module of a directory: the nearest go.mod upwards."""
    current = directory
    while True:
        try:
            text = read(os.path.join(current, "go.mod"))
        except OSError:
            parent = os.path.dirname(current)
            if parent == current:
                return None
            current = parent
            continue
        return parse_gomod(text.decode("utf-8", "replace"), current)
