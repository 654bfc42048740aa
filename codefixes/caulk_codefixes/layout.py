"""How Go source is laid out: indents, whole lines, the lines of a statement. What is inserted fits its surroundings."""

from __future__ import annotations

from caulk.findings.evidence import Place, Where
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Edit


def insert_statement(source: SourceFile, place: Place, lines: list[str]) -> Edit | None:
    """Insert whole lines at a place, indented as their neighbours. ``lines`` may carry further tabs of their own. None where
    that would need the surroundings laid out anew (a block on one line)."""
    match place.where:
        case Where.AFTER:
            return _after(source, place.offset, lines)
        case Where.BEFORE:
            return _before(source, place.offset, lines)
        case Where.BLOCK_START:
            return _block_start(source, place.offset, lines)


def _joined(source: SourceFile, indent: str, lines: list[str]) -> bytes:
    return "".join(indent + line + source.newline for line in lines).encode()


def _after(source: SourceFile, offset: int, lines: list[str]) -> Edit | None:
    end = source.line_end(offset)
    rest = source.data[offset:end].strip()
    if rest and not rest.startswith((b"//", b"/*")):
        return None  # something else follows on the line
    indent = statement_indent(source, offset)
    start = _next_line(source, end)
    text = _joined(source, indent, lines)
    if start == end:  # the last line has no newline
        return Edit(end, end, source.newline.encode() + text.rstrip(b"\r\n"))
    return Edit(start, start, text)


def _before(source: SourceFile, offset: int, lines: list[str]) -> Edit | None:
    start = source.line_start(offset)
    if source.data[start:offset].strip():
        return None
    indent = source.line_indent(offset)
    start = _above_comments(source, start, indent)
    return Edit(start, start, _joined(source, indent, lines))


def _above_comments(source: SourceFile, start: int, indent: str) -> int:
    """The start of the comment lines right above a line: they belong to it."""
    while start > 0:
        above = source.line_start(start - 1)
        line = source.data[above:start]
        if not line.startswith(f"{indent}//".encode()):
            break
        start = above
    return start


def _block_start(source: SourceFile, offset: int, lines: list[str]) -> Edit | None:
    end = source.line_end(offset)
    rest = source.data[offset + 1 : end].strip()
    if rest and not rest.startswith(b"//"):
        return None
    start = _next_line(source, end)
    return Edit(start, start, _joined(source, source.line_indent(offset) + "\t", lines))


def _next_line(source: SourceFile, line_end: int) -> int:
    newline = source.data.find(b"\n", line_end)
    return newline + 1 if newline >= 0 else line_end


def statement_indent(source: SourceFile, end: int) -> str:
    """The indent of a statement, given its end: a closing brace stands where the statement starts; a call over several lines
    starts further up."""
    last = end
    depth = 0
    while last > 0:
        last -= 1
        char = source.data[last]
        if char in b")}]":
            depth += 1
        elif char in b"({[":
            depth -= 1
        elif char == 0x0A and depth <= 0:
            break
    return source.line_indent(last + 1 if last > 0 else 0)


def starts_line(source: SourceFile, offset: int) -> bool:
    """Whether only white space stands before ``offset`` on its line."""
    return not source.data[source.line_start(offset) : offset].strip()


def replace_statement(source: SourceFile, start: int, end: int, lines: list[str]) -> Edit | None:
    """Put lines in the place of a statement. None when other code shares its lines; a comment behind it stays."""
    rest = source.data[end : source.line_end(end)].strip()
    if not starts_line(source, start) or (rest and not rest.startswith((b"//", b"/*"))):
        return None
    indent = source.line_indent(start)
    return Edit(start, end, f"{source.newline}{indent}".join(lines).encode())


def insert_clause(source: SourceFile, brace: int, lines: list[str]) -> Edit | None:
    """Insert the lines of a clause as the first one of the switch or select whose ``{`` is at ``brace``."""
    end = source.line_end(brace)
    rest = source.data[brace + 1 : end].strip()
    if rest and not rest.startswith(b"//"):
        return None
    start = _next_line(source, end)
    return Edit(start, start, _joined(source, source.line_indent(brace), lines))


def with_comment(source: SourceFile, end: int) -> int:
    """The end of a statement that ends at ``end``, with the comment behind it on its line."""
    last = source.line_end(end)
    return last if source.data[end:last].lstrip().startswith(b"//") else end


def whole_lines(source: SourceFile, start: int, end: int) -> tuple[int, int] | None:
    """The span of the lines that a statement fills, newline included; None when something else stands on them."""
    first, last = source.line_start(start), source.line_end(end)
    if source.data[first:start].strip() or source.data[end:last].strip():
        return None
    return first, _next_line(source, last)


def remove_statement(source: SourceFile, start: int, end: int) -> Edit | None:
    """Remove a statement with its lines; a comment behind it, or code beside it, keeps it from being removed."""
    span = whole_lines(source, start, end)
    if span is None:
        return None
    first, last = span
    before_blank = source.data[:first].endswith(b"\n\n") or source.data[:first].endswith(b"\r\n\r\n")
    after = source.data[last:]
    if before_blank and after.startswith((b"\n", b"\r\n")):
        last = _next_line(source, last)  # of two blank lines around it one goes too
    elif before_blank and after.lstrip(b" \t").startswith(b"}"):
        first -= len(source.newline)
    return Edit(first, last, b"")
