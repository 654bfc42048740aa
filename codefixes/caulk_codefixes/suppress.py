"""The last offers for any finding: ``//caulk:ignore <code> -- reason`` at its place, ``//caulk:ignore-file`` for its file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.finding import Finding
from caulk.syntax.source import BOM, SourceFile
from caulk_codefixes.codefix import Applicability, Edit, Fix

HERE = "suppress"
IN_FILE = "suppress-file"
SILENCERS = (HERE, IN_FILE)

_CODES = rb"\s+([\w\-, ]+?)\s*(?:--[^\n]*)?\r?$"
_EXISTING = re.compile(rb"^[ \t]*//\s*caulk:ignore" + _CODES)
_OF_FILE = re.compile(rb"^//\s*caulk:ignore-file" + _CODES, re.M)


def suppress(finding: Finding, source: SourceFile) -> Iterator[Fix]:
    """A comment on a line of its own above the finding, or in front of the file; one that is there already is extended."""
    here = _extend_above(finding.code, source, finding.span.start) or _above(finding, source)
    yield Fix(HERE, f"Ignore {finding.code} here", (here,), Applicability.UNSAFE)
    yield Fix(IN_FILE, f"Ignore {finding.code} in this file", (_in_front(finding.code, source),), Applicability.UNSAFE)


def _above(finding: Finding, source: SourceFile) -> Edit:
    start = source.line_start(finding.span.start)
    indent = source.line_indent(finding.span.start)
    return _line(start, f"{indent}//caulk:ignore {finding.code} -- reason", source.newline)


def _extend_above(code: str, source: SourceFile, at: int) -> Edit | None:
    line_start = source.line_start(at)
    if line_start == 0:
        return None
    above = source.line_start(line_start - 1)
    match = _EXISTING.match(source.data[above : source.line_end(above)])
    return _also(code, above + match.end(1)) if match is not None else None


def _in_front(code: str, source: SourceFile) -> Edit:
    """A paragraph of its own: next to the package clause it would be a part of its documentation."""
    match = _OF_FILE.search(source.data)
    if match is not None:
        return _also(code, match.end(1))
    return _line(len(BOM) if source.has_bom else 0, f"//caulk:ignore-file {code} -- reason", 2 * source.newline)


def _also(code: str, at: int) -> Edit:
    return Edit(at, at, f", {code}".encode())


def _line(at: int, comment: str, end: str) -> Edit:
    return Edit(at, at, f"{comment}{end}".encode())
