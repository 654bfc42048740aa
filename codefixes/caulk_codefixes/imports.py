"""The import block of a file: paths added where gofmt wants them, paths that nothing uses any more taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from caulk.ir import nodes as ir
from caulk.semantics.packages import declarations, guessed_name

_PACKAGE_CLAUSE = re.compile(rb"^package[ \t]+\w+[^\n]*\n?", re.M)
_BLOCK = re.compile(rb"^import[ \t]*\((.*?)^\)[^\n]*", re.M | re.S)
_SINGLE = re.compile(rb'^import[ \t]+((?:[\w.]+[ \t]+)?(?:"[^"\n]+"|`[^`\n]+`))[^\n]*\n?', re.M)
_PATH = re.compile(rb'"([^"\n]+)"')


def merge(data: bytes, wanted: Iterable[str], dropped: Iterable[str] = ()) -> bytes:
    """The file with the ``wanted`` imports (``path`` or ``name path``) in it, and without those of ``dropped`` that it no
    longer uses."""
    for entry in sorted(wanted, key=lambda entry: entry.rpartition(" ")[2]):
        data = _add(data, entry)
    for path in sorted(dropped):
        data = _drop(data, path)
    return data


def _imported(data: bytes) -> dict[str, ir.ImportDecl]:
    return {declared.path: declared for declared in declarations(data).imports}


def _spec(entry: str) -> bytes:
    name, _, path = entry.rpartition(" ")
    return f'{name} "{path}"'.encode() if name else f'"{path}"'.encode()


def _newline(data: bytes) -> bytes:
    first = data.find(b"\n")
    return b"\r\n" if first > 0 and data[first - 1 : first] == b"\r" else b"\n"


def _add(data: bytes, entry: str) -> bytes:
    name, _, path = entry.rpartition(" ")
    known = _imported(data).get(path)
    if known is not None and (known.name == name or (not name and known.name not in ("_", "."))):
        return data
    newline = _newline(data)
    block = next((match for match in _BLOCK.finditer(data) if b'"C"' not in match[1]), None)
    if block is not None:
        return _into_block(data, block, entry, newline)
    single = next((match for match in _SINGLE.finditer(data) if b'"C"' not in match[1]), None)
    if single is not None:
        return _make_block(data, single, entry, newline)
    return _first_import(data, entry, newline)


def _is_std(path: str) -> bool:
    return "." not in path.partition("/")[0]


def _into_block(data: bytes, block: re.Match[bytes], entry: str, newline: bytes) -> bytes:
    """Into the group of its kind, in order; a new group when there is none."""
    path = entry.rpartition(" ")[2]
    groups: list[list[tuple[int, int, str]]] = [[]]
    position = block.start(1)
    for line in block[1].splitlines(keepends=True):
        found = _PATH.search(line)
        if not line.strip():
            if groups[-1]:
                groups.append([])
        elif found is not None and not line.lstrip().startswith(b"//"):
            groups[-1].append((position, position + len(line), found[1].decode("utf-8", "replace")))
        position += len(line)
    groups = [group for group in groups if group]
    line = b"\t" + _spec(entry) + newline
    same = [group for group in groups if all(_is_std(known) == _is_std(path) for _, _, known in group)]
    mixed = [group for group in groups if any(_is_std(known) == _is_std(path) for _, _, known in group)]
    target = next(iter(same or mixed), None)
    if target is None:
        if not groups:
            return data[: block.end(1)] + line + data[block.end(1) :]
        if _is_std(path):
            at = groups[0][0][0]
            return data[:at] + line + newline + data[at:]
        at = groups[-1][-1][1]
        return data[:at] + newline + line + data[at:]
    at = next((start for start, _, known in target if known > path), target[-1][1])
    return data[:at] + line + data[at:]


def _make_block(data: bytes, single: re.Match[bytes], entry: str, newline: bytes) -> bytes:
    """A single import becomes a block of two."""
    kept = single[1]
    known = _PATH.search(kept)
    known_path = known[1].decode("utf-8", "replace") if known is not None else ""
    path = entry.rpartition(" ")[2]
    lines = [b"\t" + kept + newline, b"\t" + _spec(entry) + newline]
    if _is_std(path) != _is_std(known_path):
        lines.sort(key=lambda line: not _is_std(_path_of(line)))
        lines.insert(1, newline)
    else:
        lines.sort(key=_path_of)
    text = b"import (" + newline + b"".join(lines) + b")" + newline
    return data[: single.start()] + text + data[single.end() :]


def _path_of(line: bytes) -> str:
    found = _PATH.search(line)
    return found[1].decode("utf-8", "replace") if found is not None else ""


def _first_import(data: bytes, entry: str, newline: bytes) -> bytes:
    clause = _PACKAGE_CLAUSE.search(data)
    if clause is None:
        return data
    return data[: clause.end()] + newline + b"import " + _spec(entry) + newline + data[clause.end() :]


def _drop(data: bytes, path: str) -> bytes:
    declared = _imported(data).get(path)
    if declared is None or declared.name in ("_", "."):
        return data
    name = declared.name or guessed_name(path)
    if re.search(rb"\b" + re.escape(name.encode()) + rb"\.", data[declared.end :]):
        return data
    start = data.rfind(b"\n", 0, declared.start) + 1
    end = data.find(b"\n", declared.end) + 1 or len(data)
    if data[start : declared.start].strip() not in (b"", b"import"):
        return data
    return data[:start] + data[end:]
