"""Lines and columns of a file. Offsets are bytes; lines and columns are 0-based."""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import Enum
from functools import cached_property

_NEWLINE = re.compile(rb"\n")


class Encoding(Enum):
    """What a column counts."""

    UTF8 = "utf-8"
    """Bytes."""
    UTF16 = "utf-16"
    """UTF-16 code units."""
    UTF32 = "utf-32"
    """Code points."""


def _starts_in(text: bytes, at: int) -> list[int]:
    """Where lines start behind the newlines of a text that stands at that offset."""
    return [at + newline.end() for newline in _NEWLINE.finditer(text)]


class LineIndex:
    """Where the lines of ``data`` start. A line ends after its ``\\n``; ``\\r`` before it belongs to the line."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *_starts_in(self._data, 0)]

    def edited(self, data: bytes, start: int, end: int, text: bytes) -> LineIndex:
        """The lines of ``data``, which has ``text`` where this one has the bytes from ``start`` to ``end``."""
        index = LineIndex(data)
        if "_starts" in self.__dict__:
            before, behind = bisect_right(self._starts, start), bisect_right(self._starts, end)
            by = len(text) - (end - start)
            later = [at + by for at in self._starts[behind:]]
            index._starts = [*self._starts[:before], *_starts_in(text, start), *later]
        return index

    @cached_property
    def _is_ascii(self) -> bool:
        return self._data.isascii()

    @property
    def count(self) -> int:
        """How many lines there are; a text that ends with a newline has an empty last one."""
        return len(self._starts)

    def start(self, line: int) -> int:
        """The offset of the first byte of a line; the end of the text for a line past it."""
        return self._starts[line] if line < len(self._starts) else len(self._data)

    def end(self, line: int) -> int:
        """The offset behind the last byte of a line, its line ending left out."""
        stop = self.start(line + 1)
        if line + 1 < len(self._starts):
            stop -= 1
            if stop > self.start(line) and self._data[stop - 1] == 0x0D:
                stop -= 1
        return stop

    def line_of(self, offset: int) -> int:
        """The line of a byte offset, clamped to the text."""
        return bisect_right(self._starts, max(offset, 0)) - 1

    def position(self, offset: int) -> tuple[int, int]:
        """Line and byte column of an offset, clamped to the text."""
        offset = min(max(offset, 0), len(self._data))
        line = self.line_of(offset)
        return line, offset - self._starts[line]

    def offset(self, line: int, column: int, encoding: Encoding = Encoding.UTF8) -> int:
        """The byte offset of a position; past the end of the line is the end of the line, past the text its end."""
        if line < 0:
            return 0
        if line >= len(self._starts):
            return len(self._data)
        start, end = self._starts[line], self.end(line)
        if encoding is Encoding.UTF8:
            return min(start + max(column, 0), end)
        text = self._data[start:end]
        if text.isascii():
            return min(start + max(column, 0), end)
        return start + _byte_column(text, column, encoding)

    def column(self, offset: int, encoding: Encoding) -> tuple[int, int]:
        """Line and column of a byte offset in the given encoding. Inside a character counts as its start."""
        line, byte_column = self.position(offset)
        if encoding is Encoding.UTF8 or self._is_ascii:
            return line, byte_column
        text = self._data[self._starts[line] : self._starts[line] + byte_column]
        if text.isascii():
            return line, byte_column
        return line, sum(_width(char, encoding) for char in _characters(text))


def _characters(text: bytes) -> str:
    """``text`` decoded so that every undecodable byte is one character, as editors show it."""
    return text.decode("utf-8", "surrogateescape")


def _width(char: str, encoding: Encoding) -> int:
    return 2 if encoding is Encoding.UTF16 and ord(char) > 0xFFFF else 1


def _byte_column(text: bytes, column: int, encoding: Encoding) -> int:
    """How many bytes the first ``column`` units of ``text`` take."""
    units = size = 0
    for char in _characters(text):
        width = _width(char, encoding)
        if units + width > column:
            break
        units += width
        size += len(char.encode("utf-8", "surrogateescape"))
    return size
