"""Trailing comments in columns, as gofmt has them: an edit between lines, or a line that grew, moves its neighbours' comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from caulk.syntax.source import BOM
from caulk_codefixes.codefix import Edit

_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*"|`[^`]*`|\'(?:[^\'\\\n]|\\.)*\'|/\*.*?\*/|//[^\r\n]*', re.S)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that ends in a ``//`` comment behind code."""

    indent: bytes
    code: bytes
    comment: bytes
    gap: int
    """How many blanks stand before the comment."""
    end: bytes
    """What follows the comment: the end of the line."""

    @property
    def width(self) -> int:
        """Characters of code."""
        return len(self.code.decode("utf-8", "replace"))

    def at(self, column: int) -> bytes:
        return self.indent + self.code + b" " * (column - self.width) + self.comment + self.end


def realign(before: bytes, edits: Sequence[Edit], after: bytes) -> bytes:
    """``after``, which is ``before`` with ``edits`` applied, with the comments next to them in columns again; untouched where
    they were in none before."""
    if not edits or b"//" not in after:
        return after
    ordered = sorted(edits)
    old, new = _Columns(before), _Columns(after)
    shift = 0
    wanted: set[int] = set()
    for edit in ordered:
        lines = _around(before, edit.start, edit.end)
        start = edit.start + shift
        shift += len(edit.text) - (edit.end - edit.start)
        if all(old.is_aligned(line) for line in lines):
            wanted.update(_around(after, start, start + len(edit.text)))
    return new.aligned(wanted)


def _around(text: bytes, start: int, end: int) -> range:
    """The numbers of the lines of a span and of the lines that touch it."""
    first = text.count(b"\n", 0, start)
    return range(max(first - 1, 0), first + text.count(b"\n", start, end) + 2)


class _Columns:
    """The comment columns of a text."""

    def __init__(self, text: bytes) -> None:
        self._lines = text.split(b"\n")
        self._text = text
        self._commented = dict(self._find())

    def _find(self) -> Iterator[tuple[int, _Line]]:
        line_start = number = 0
        for token in _TOKEN.finditer(self._text):
            if not token[0].startswith(b"//"):
                continue
            number += self._text.count(b"\n", line_start, token.start())
            line_start = self._text.rfind(b"\n", 0, token.start()) + 1
            whole = self._text[line_start : token.start()]
            code = whole.strip(b" \t")
            if code not in (b"", BOM) and b"*/" not in code:
                indent = whole[: len(whole) - len(whole.lstrip(b" \t"))]
                gap = len(whole) - len(whole.rstrip(b" \t"))
                yield number, _Line(indent, code, token[0], gap, self._lines[number][len(whole) + len(token[0]) :])

    def _run(self, number: int) -> list[int]:
        """The lines whose comments share a column with that of a line; empty for a line without one."""
        if number not in self._commented:
            return []
        first = last = number
        while self._share(first - 1, first):
            first -= 1
        while self._share(last, last + 1):
            last += 1
        return list(range(first, last + 1))

    def _share(self, number: int, following: int) -> bool:
        upper, lower = self._commented.get(number), self._commented.get(following)
        if upper is None or lower is None or upper.indent != lower.indent:
            return False
        return not upper.code.endswith((b"{", b"(", b":")) and not upper.code.startswith((b"}", b")"))

    def _column(self, run: Iterable[int]) -> int:
        return max(self._commented[number].width for number in run) + 1

    def is_aligned(self, number: int) -> bool:
        """Whether the comments of the line's run stand where gofmt puts them."""
        run = self._run(number)
        return all(self._commented[n].width + self._commented[n].gap == self._column(run) for n in run)

    def aligned(self, wanted: Iterable[int]) -> bytes:
        """The text with the runs of the wanted lines aligned."""
        lines = list(self._lines)
        for number in wanted:
            run = self._run(number)
            for n in run:
                lines[n] = self._commented[n].at(self._column(run))
        return b"\n".join(lines)
