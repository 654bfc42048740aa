"""The text of one Go file."""

from __future__ import annotations

from functools import cached_property

from caulk.syntax.lines import LineIndex

BOM = b"\xef\xbb\xbf"


class SourceFile:
    """An immutable text with its path. An editor buffer and a file on disk are the same thing. Offsets are bytes."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    @cached_property
    def lines(self) -> LineIndex:
        return LineIndex(self.data)

    def edited(self, start: int, end: int, text: bytes) -> SourceFile:
        """The file with other bytes between two offsets."""
        source = SourceFile(self.path, self.data[:start] + text + self.data[end:])
        source.lines = self.lines.edited(source.data, start, end, text)
        return source

    @property
    def has_bom(self) -> bool:
        return self.data.startswith(BOM)

    @cached_property
    def newline(self) -> str:
        """The line ending of the first line: ``\\n`` or ``\\r\\n``."""
        first = self.data.find(b"\n")
        return "\r\n" if first > 0 and self.data[first - 1] == 0x0D else "\n"

    def text(self, start: int, end: int) -> str:
        """The text between two offsets; undecodable bytes are replaced."""
        return self.data[start:end].decode("utf-8", "replace")

    def line_start(self, offset: int) -> int:
        """The offset of the first byte of the line of ``offset``."""
        return self.data.rfind(b"\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """The offset of the newline (or ``\\r\\n``) that ends the line of ``offset``, or of the end of the text."""
        end = self.data.find(b"\n", offset)
        if end < 0:
            return len(self.data)
        return end - 1 if end > offset and self.data[end - 1] == 0x0D else end

    def line_indent(self, offset: int) -> str:
        """The white space that starts the line of ``offset``."""
        start = end = self.line_start(offset)
        while end < len(self.data) and self.data[end] in b" \t":
            end += 1
        return self.data[start:end].decode("ascii")
