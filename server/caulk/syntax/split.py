"""One lexical pass over a Go file: the spans of its top-level functions, their heads, and the skeleton of the rest.

The skeleton is the source with functions, composite-literal bodies and comments blanked: the other declarations at the same
offsets, in a fraction of the time that parsing everything takes. The lexer is exact for strings, runes, raw strings and
comments. Where braces do not balance, the file is cut at the keywords in column 0, which keeps a missing brace local to one
function.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from caulk.syntax.remember import remember

_TOKEN = re.compile(
    rb'"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
    rb"|`[^`]*`"
    rb"|//[^\n]*|/\*.*?\*/"
    rb"|'(?:[^'\\\n]|\\.[^'\n]*)'"
    rb"|[{}]|^(?:func|type|var|const|import)\b",
    re.S | re.M,
)
_END_OF_FUNCTION = re.compile(rb"[ \t]*(?://[^\n]*)?(?:/\*[^\n]*\*/[ \t]*)?(?:\r?\n|;|$)")
_TYPE_BODIES = (b"struct", b"struct ", b"interface", b"interface ")
_HEAD = re.compile(
    rb"func\s*(?:\(\s*(?:\w+\s+)?(?:\*\s*)?(?P<receiver>\w+)\s*(?:\[[^\]()]*\]\s*)?,?\s*\)\s*)?(?P<name>\w+)\s*[\[(]"
)
"""What nearly all functions begin with; any other stays in the skeleton."""
_KEYWORD_LINE = re.compile(rb"^(?:func|type|var|const|import)\b", re.M)
_CLOSING_LINE = re.compile(rb"^\}", re.M)


class Chunk(NamedTuple):
    """The byte span of one top-level function, from ``func`` to past its closing brace."""

    start: int
    end: int


class Head(NamedTuple):
    """A top-level function up to its body: the byte span, and the names that can be read without a parse."""

    start: int
    end: int
    name: str
    receiver: str
    """The name of the receiver's type, empty for a plain function."""


@dataclass(frozen=True, slots=True)
class Split:
    functions: tuple[Chunk, ...]
    """Those with a body, in order of their place."""
    heads: tuple[Head, ...]
    """Those that begin like nearly all do, with a body or without; the heads of the others are in the skeleton."""
    skeleton: bytes
    """The other declarations: the text with functions, literal bodies and comments blanked, so that offsets stay those of
    the file."""
    code: bytes
    """The text with its comments blanked, offsets kept: what is parsed, and searched for words."""
    balanced: bool
    """False when the braces of the file do not balance and the cut was made at column 0."""
    damaged: frozenset[int] = frozenset()
    """Where the functions start whose own braces do not balance; of these ``code`` is the whole text."""
    _words: dict[Chunk, frozenset[bytes]] = field(default_factory=dict, repr=False, compare=False)

    def words(self, chunk: Chunk) -> frozenset[bytes]:
        """The words of the code of a function; see :func:`words_of`."""
        found = self._words.get(chunk)
        if found is None:
            found = self._words[chunk] = words_of(self.code[chunk.start : chunk.end])
        return found


@remember(32 << 20)
def split(data: bytes) -> Split:
    """Cut a file. Never fails, whatever the bytes are."""
    return _exact(data) or _by_columns(data)


_SEPARATORS = bytes.maketrans(
    bytes(set(range(128)) - set(b"_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")), b" " * 65
)


def words_of(code: bytes) -> frozenset[bytes]:
    """The identifiers, keywords and numbers in a text, and the words of its strings."""
    return frozenset(code.translate(_SEPARATORS).split())


def _blanked(data: bytes, cuts: list[tuple[int, int]]) -> bytes:
    """``data`` with the cut spans turned into spaces; a newline in one stays, for it may end a statement."""
    pieces: list[bytes] = []
    kept_to = 0
    for start, end in cuts:
        blank = b" " * (end - start)
        if b"\n" in data[start:end]:
            blank = b"\n" + blank[1:]
        pieces += [data[kept_to:start], blank]
        kept_to = end
    pieces.append(data[kept_to:])
    return b"".join(pieces)


def _exact(data: bytes) -> Split | None:
    """The exact pass, None when the braces do not balance."""
    functions: list[Chunk] = []
    heads: list[Head] = []
    cuts: list[tuple[int, int]] = []
    comments: list[tuple[int, int]] = []
    depth = 0
    dropping_from = dropping_start = function_start = body_start = -1
    for token in _TOKEN.finditer(data):
        start, first = token.start(), data[token.start()]
        if first == 0x7B:  # {
            if dropping_from < 0 and not data.endswith(_TYPE_BODIES, 0, start):
                dropping_from, dropping_start = depth, start + 1
                if depth == 0:
                    body_start = start
            depth += 1
        elif first == 0x7D:  # }
            depth -= 1
            if depth < 0:
                return None
            if depth == dropping_from:
                dropping_from = -1
                cuts.append((dropping_start, start))
            if depth == 0 and function_start >= 0 and _END_OF_FUNCTION.match(data, start + 1):
                functions.append(Chunk(function_start, start + 1))
                head = _head(data, function_start, body_start)
                if head is not None:
                    heads.append(head)
                    while cuts and cuts[-1][0] >= function_start:  # more than one when braces that do not match balance
                        cuts.pop()
                    cuts.append((function_start, start + 1))
                function_start = -1
        elif first == 0x2F:  # a comment
            comments.append(token.span())
        elif first in b"ftvci" and depth == 0:  # a keyword in column 0
            if function_start > body_start and (head := _head(data, function_start, start)) is not None:
                heads.append(head)  # of a function without a body
                cuts.append((function_start, start))
            function_start = start if first == 0x66 else -1
    if depth != 0:
        return None
    if function_start > body_start and (head := _head(data, function_start, len(data))) is not None:
        heads.append(head)
        cuts.append((function_start, len(data)))
    code = _blanked(data, comments) if comments else data
    return Split(tuple(functions), tuple(heads), _blanked(code, cuts), code, balanced=True)


def _head(data: bytes, start: int, end: int) -> Head | None:
    """The head of the function between these offsets, when it begins like nearly all do."""
    match = _HEAD.match(data, start, end)
    if match is None:
        return None
    receiver, name = match.group("receiver", "name")
    return Head(start, end, name.decode(), receiver.decode() if receiver is not None else "")


def _by_columns(data: bytes) -> Split:
    """Cut at the keywords in column 0: a function ends at the last ``}`` in column 0 before the next one, or there."""
    starts = [match.start() for match in _KEYWORD_LINE.finditer(data)]
    functions: list[Chunk] = []
    heads: list[Head] = []
    cuts: list[tuple[int, int]] = []
    for number, start in enumerate(starts):
        stop = starts[number + 1] if number + 1 < len(starts) else len(data)
        body = _body_start(data, start, stop) if data.startswith(b"func", start) else None
        if body is None:
            continue
        closing = [match.end() for match in _CLOSING_LINE.finditer(data, start, stop)]
        end = closing[-1] if closing else start + len(data[start:stop].rstrip())
        functions.append(Chunk(start, end))
        head = _head(data, start, body)
        if head is not None:
            heads.append(head)
        cuts.append((start if head is not None else body, end))  # without its braces it is a declaration without a body
    alone = {chunk: body_alone(data[chunk.start : chunk.end]) for chunk in functions}
    damaged = frozenset(chunk.start for chunk, found in alone.items() if found is None or found.is_damaged)
    code = bytearray(data)
    for chunk, found in alone.items():
        if found is not None:
            code[chunk.start : chunk.end] = found.code
    return Split(tuple(functions), tuple(heads), _blanked(data, cuts), bytes(code), balanced=False, damaged=damaged)


class Body(NamedTuple):
    """A function by itself."""

    code: bytes
    """The text with its comments blanked, or the text as it stands when it is damaged."""
    is_damaged: bool


def body_alone(text: bytes) -> Body | None:
    """The text of one function by itself, None when it is more than one, or something else."""
    exact = _exact(text)
    if exact is not None and not _is_open(text):
        return Body(exact.code, False) if exact.functions == (Chunk(0, len(text)),) else None
    if not text.startswith(b"func") or len(_KEYWORD_LINE.findall(text)) != 1:
        return None
    return Body(text, True)


def _is_open(text: bytes) -> bool:
    """Whether a raw string or a comment does not end with the text."""
    return any(b"`" in rest or b"/*" in rest for rest in _TOKEN.split(text))


def _body_start(data: bytes, start: int, stop: int) -> int | None:
    """The offset of the brace that opens the body: the last one of the first line, else the first of all."""
    line_end = data.find(b"\n", start, stop)
    first_line_end = line_end if line_end >= 0 else stop
    brace = data.rfind(b"{", start, first_line_end)
    if brace >= 0:
        return brace
    found = data.find(b"{", start, stop)
    return found if found >= 0 else None
