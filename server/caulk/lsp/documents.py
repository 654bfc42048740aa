"""The open documents: bytes, kept by ourselves. Positions from the client are UTF-16."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from lsprotocol import types

from caulk.syntax.lines import Encoding
from caulk.syntax.source import SourceFile

_NO_NAME = re.compile(r"[/\0]")


@dataclass(frozen=True, slots=True)
class Document:
    """One version of an open text."""

    uri: str
    path: str
    version: int | None
    """None for a file that is not open."""
    source: SourceFile


def path_of(uri: str) -> str:
    """The file that a URI means; for other schemes (``untitled:``), and what can be no file, a path that is on no disk."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        parts = SplitResult("", "", uri, "", "")
    path = unquote(parts.path)
    if parts.scheme == "file" and path.strip("/") and "\0" not in path:
        return os.path.normpath(path)
    name = _NO_NAME.sub("_", path) or "untitled"
    return f"/.caulk-unsaved/{parts.scheme}-{name}/{name if name.endswith('.go') else name + '.go'}"


def uri_of(path: str) -> str:
    """The URI of a file."""
    return Path(path).as_uri()


def opened(item: types.TextDocumentItem) -> Document:
    path = path_of(item.uri)
    return Document(item.uri, path, item.version, SourceFile(path, item.text.encode("utf-8", "surrogatepass")))


def changed(document: Document, version: int, changes: Sequence[types.TextDocumentContentChangeEvent]) -> Document:
    """The document after the changes of one notification, in their order."""
    source = document.source
    for change in changes:
        text = change.text.encode("utf-8", "surrogatepass")
        if isinstance(change, types.TextDocumentContentChangePartial):
            start, end = offset(source, change.range.start), offset(source, change.range.end)
            start, end = min(start, end), max(start, end)
            source = source.edited(start, end, text)
        else:
            source = SourceFile(document.path, text)
    return Document(document.uri, document.path, version, source)


def offset(source: SourceFile, position: types.Position) -> int:
    """The byte offset of a client's position."""
    return source.lines.offset(position.line, position.character, Encoding.UTF16)


def position(source: SourceFile, at: int) -> types.Position:
    """The client's position of a byte offset."""
    line, character = source.lines.column(at, Encoding.UTF16)
    return types.Position(line, character)


def range_of(source: SourceFile, start: int, end: int) -> types.Range:
    """The client's range of a byte span."""
    return types.Range(position(source, start), position(source, end))
