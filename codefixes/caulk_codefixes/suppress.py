"""``//caulk:ignore <code> -- reason``: the last offer for any finding."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, Edit, Fix

ID = "suppress"
_EXISTING = re.compile(rb"^[ \t]*//\s*caulk:ignore\s+([\w\-, ]+?)(\s*(?:--[^\n]*)?)\r?$")


def suppress(finding: Finding, source: SourceFile) -> Iterator[Fix]:
    """A comment on a line of its own above the finding; an ignore comment that stands there already is extended."""
    start = source.line_start(finding.span.start)
    edit = _extend(finding.code, source, start)
    if edit is None:
        indent = source.line_indent(finding.span.start)
        text = f"{indent}//caulk:ignore {finding.code} -- reason{source.newline}"
        edit = Edit(start, start, text.encode())
    yield Fix(ID, f"Ignore {finding.code} here", (edit,), Applicability.UNSAFE)


def _extend(code: str, source: SourceFile, line_start: int) -> Edit | None:
    if line_start == 0:
        return None
    above = source.line_start(line_start - 1)
    match = _EXISTING.match(source.data[above : source.line_end(above)])
    if match is None:
        return None
    at = above + match.end(1)
    return Edit(at, at, f", {code}".encode())
