"""What the author of a function says about ownership, in the comment above it; it overrides what is inferred.

``//caulk:closes x``: the parameter or receiver x is released. ``//caulk:owns x``: it is taken over. ``//caulk:acquires Close``:
the caller gets something that must be closed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from caulk.ir.declarations import FunctionHead
from caulk.syntax.source import SourceFile

OF_FUNCTIONS = ("closes", "owns", "acquires")
KNOWN = (*OF_FUNCTIONS, "ignore", "ignore-file")

_DIRECTIVE = re.compile(rb"//[ \t]?caulk:([\w-]*)[ \t]*([^\r\n]*)")
_COMMENT_LINE = re.compile(rb"[ \t]*//")


@dataclass(frozen=True, slots=True)
class Directives:
    """What stands above one function."""

    closes: frozenset[str] = frozenset()
    owns: frozenset[str] = frozenset()
    acquires: tuple[str, ...] = ()
    """The methods one of which the caller must call."""


NONE = Directives()


def above(data: bytes, start: int) -> Directives:
    """The directives in the comment that ends on the line above the function at ``start``."""
    first = start
    while first > 0:
        line = data.rfind(b"\n", 0, first - 1) + 1
        if not _COMMENT_LINE.match(data, line, first):
            break
        first = line
    if b"caulk:" not in data[first:start]:
        return NONE
    found: dict[str, list[str]] = {name: [] for name in OF_FUNCTIONS}
    for match in _DIRECTIVE.finditer(data, first, start):
        name = match[1].decode("ascii", "replace")
        if name in found:
            found[name] += _words(match[2])
    return Directives(frozenset(found["closes"]), frozenset(found["owns"]), tuple(found["acquires"]))


def _words(text: bytes) -> list[str]:
    """``a, b -- why``: the names in front of the reason."""
    names = text.decode("utf-8", "replace").partition("--")[0]
    return [name for name in re.split(r"[,\s]+", names) if name]


def problems(source: SourceFile, functions: Iterable[tuple[int, FunctionHead]]) -> Iterator[tuple[int, str]]:
    """What is wrong with the directives of a file: 0-based lines and messages. ``functions``: where each is."""
    data = source.data
    if b"caulk:" not in data:
        return
    for match in _DIRECTIVE.finditer(data):
        name = match[1].decode("ascii", "replace")
        if name not in KNOWN and data[source.line_start(match.start()) : match.start()].strip() in (b"", b"}"):
            yield source.lines.line_of(match.start()), f"unknown directive //caulk:{name}{_nearest(name, KNOWN)}"
    for start, head in functions:
        said = above(data, start)
        if said is NONE:
            continue
        function = head.function
        params = (*function.params, *((function.receiver,) if function.receiver is not None else ()))
        names = tuple(param.name for param in params if param.name)
        for name in sorted((said.closes | said.owns) - set(names)):
            line = source.lines.line_of(start)
            yield line, f"{function.name} has no parameter {name} for its //caulk: directive{_nearest(name, names)}"


def _nearest(name: str, among: tuple[str, ...]) -> str:
    close = get_close_matches(name, among, 1, 0.5)
    return f": did you mean {close[0]}?" if close else ""
