"""The report for people: a frame of code for each finding, and the path of the leak."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from caulk.findings.finding import Severity
from caulk.reports.model import Item, Region
from caulk.syntax.source import SourceFile

TAB_WIDTH = 4
MAX_WIDTH = 160
"""Characters of a line of code that are shown at most."""
LEAD = 60
"""Characters shown in front of the marked part of a line that is longer."""

Paint = Callable[[str, str], str]
"""(text, style) to text: colours it, or leaves it as it is."""

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFORMATION: "cyan", Severity.HINT: "blue"}
_FIXES = {"safe": "fix", "unsafe": "unsafe fix", "display": "in the editor"}
_HIDDEN = (*range(0x20), *range(0x7F, 0xA0), *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070))
_VISIBLE = dict.fromkeys(_HIDDEN, "�") | {0x09: " " * TAB_WIDTH}
"""What would move the cursor, turn the direction of text or not be seen at all, but for the tab."""


@dataclass(frozen=True, slots=True)
class Summary:
    files: int
    failed: int
    """What could not be looked at."""
    findings: int
    fixable: int
    unsafe_fixable: int


def plain(text: str, _: str) -> str:
    """No colours."""
    return text


def render(items: Iterable[Item], paint: Paint = plain) -> Iterator[str]:
    """The lines of the report, without the summary."""
    for item in items:
        finding, region = item.finding, item.region
        place = paint(f"{item.path}:{region.line}:{region.column}".translate(_VISIBLE), "bold")
        severity = paint(finding.severity.label, _STYLES[finding.severity])
        yield f"{place}: {severity}: {finding.message.translate(_VISIBLE)} [{paint(finding.code, 'dim')}]"
        yield from _frame(item.source, region, paint, _STYLES[finding.severity])
        for number, step in enumerate(item.steps, 1):
            where = f"{step.path}:{step.region.line}:{step.region.column}"
            yield f"      {number}. {where}: {step.message}".translate(_VISIBLE)
        for fix in item.fixes[:1]:
            yield f"      {paint(_FIXES[fix.applicability], 'green')}: {fix.title}"
        yield ""


def summarize(items: Iterable[Item], files: int, failed: int = 0) -> Summary:
    """Counts over all findings."""
    offered = [{fix.applicability for fix in item.fixes} for item in items]
    safe = sum("safe" in kinds for kinds in offered)
    unsafe = sum("unsafe" in kinds and "safe" not in kinds for kinds in offered)
    return Summary(files, failed, len(offered), safe, unsafe)


def summary_line(summary: Summary) -> str:
    """The last line of the report."""
    files = counted(summary.files, "file")
    line = f"{counted(summary.findings, 'finding')} in {files}" if summary.findings else f"No leaks found in {files}"
    if summary.fixable:
        line += f", {summary.fixable} fixable with `caulk fix`"
    if summary.unsafe_fixable:
        line += f", {summary.unsafe_fixable} {'more' if summary.fixable else 'fixable'} with `--unsafe-fixes`"
    if summary.failed:
        line += f"; {counted(summary.failed, 'error')}"
    return line + "."


def counted(count: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _frame(source: SourceFile, region: Region, paint: Paint, style: str) -> Iterator[str]:
    """The line of the finding with the marked part underlined."""
    text = source.text(source.lines.start(region.line - 1), source.lines.end(region.line - 1))
    last = region.end_column - 1 if region.end_line == region.line else len(text.rstrip())
    before, marked, after = _window(text, region.column - 1, max(last, region.column - 1))
    number = f"{region.line:5}"
    yield f"{paint(number + ' |', 'dim')} {before}{marked}{after}"
    yield f"{paint('      |', 'dim')} {' ' * _width(before)}{paint('^' * max(_width(marked), 1), style)}"


def _window(text: str, start: int, end: int) -> tuple[str, str, str]:
    """What stands before, in and behind the marked part, as it is printed; both ends of a very long line are cut off."""
    first, last = 0, len(text)
    if last > MAX_WIDTH:
        first = max(0, start - LEAD)
        last = first + MAX_WIDTH
        end = min(end, last)
    before = ("…" if first else "") + text[first:start].translate(_VISIBLE)
    after = text[end:last].translate(_VISIBLE) + ("…" if last < len(text) else "")
    return before, text[start:end].translate(_VISIBLE), after


def _width(text: str) -> int:
    """Columns of a terminal."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
