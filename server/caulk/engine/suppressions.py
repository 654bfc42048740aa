"""Comments that silence findings: our own, and those of the tools that report the same classes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile

_OWN = re.compile(rb"//\s*caulk:ignore\s+([\w\-, ]+?)\s*(?:--[^\n]*)?\r?$", re.M)
_WHOLE_FILE = re.compile(rb"//\s*caulk:ignore-file\b\s*([\w\-, ]*?)\s*(?:--[^\n]*)?\r?$", re.M)
_PEERS = re.compile(rb"//\s*nolint(?::([\w, ]+))?|#nosec\b|//\s*bodyclose:handled")

_SAME_CLASS = {
    "bodyclose": ("http-body-unclosed", "http-response-discarded", "http-response-overwritten"),
    "sqlclosecheck": ("rows-unclosed", "stmt-unclosed"),
    "rowserrcheck": ("rows-error-unchecked",),
    "govet": ("cancel-uncalled", "release-before-error-check"),
    "lostcancel": ("cancel-uncalled",),
    "spancheck": ("span-unended",),
    "noctx": ("request-without-context",),
    "fatcontext": ("context-grows",),
    "containedctx": ("context-in-struct",),
    "gosec": ("resource-unclosed", "server-without-timeouts", "cancel-uncalled", "decompression-bomb"),
    "staticcheck": ("release-before-error-check", "defer-in-loop", "pool-put-by-value"),
    "gocritic": ("defer-in-loop",),
    "revive": ("defer-in-loop",),
}
"""Names in ``//nolint:…`` and the codes that they silence here."""


@dataclass(frozen=True, slots=True)
class Suppressions:
    """What the comments of a file silence. Lines are 0-based; a comment on a line of its own speaks for the next line."""

    lines: dict[int, frozenset[str]]
    everywhere: frozenset[str]
    """Codes silenced in the whole file; ``*`` for all."""

    def silences(self, finding: Finding, source: SourceFile) -> bool:
        if self.everywhere and ("*" in self.everywhere or finding.code in self.everywhere):
            return True
        codes = self.lines.get(source.lines.line_of(finding.span.start), frozenset())
        return "*" in codes or finding.code in codes


NONE = Suppressions({}, frozenset())


def read(source: SourceFile) -> Suppressions:
    """The suppressions that a file holds."""
    data = source.data
    if b"caulk:ignore" not in data and b"nolint" not in data and b"#nosec" not in data and b"bodyclose:" not in data:
        return NONE
    lines: dict[int, frozenset[str]] = {}
    for match in _OWN.finditer(data):
        _silence(lines, source, match.start(), frozenset(_codes(match[1])))
    for match in _PEERS.finditer(data):
        _silence(lines, source, match.start(), _peer_codes(match))
    everywhere: set[str] = set()
    for match in _WHOLE_FILE.finditer(data):
        everywhere |= set(_codes(match[1])) or {"*"}
    return Suppressions(lines, frozenset(everywhere))


def _codes(text: bytes) -> list[str]:
    return [code for code in re.split(r"[,\s]+", text.decode("ascii", "replace")) if code]


def _peer_codes(match: re.Match[bytes]) -> frozenset[str]:
    if match[0].startswith(b"#nosec"):
        return frozenset(_SAME_CLASS["gosec"])
    if b"bodyclose:handled" in match[0]:
        return frozenset(_SAME_CLASS["bodyclose"])
    if match[1] is None:
        return frozenset("*")
    return frozenset(
        code for name in _codes(match[1]) for code in _SAME_CLASS.get(name, ("*",) if name == "all" else ())
    )


def _silence(lines: dict[int, frozenset[str]], source: SourceFile, offset: int, codes: frozenset[str]) -> None:
    line = source.lines.line_of(offset)
    alone = not source.data[source.lines.start(line) : offset].strip()
    for number in (line, line + 1) if alone else (line,):
        lines[number] = lines.get(number, frozenset()) | codes
