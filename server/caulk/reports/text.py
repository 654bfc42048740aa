"""The report for people: a frame of code for each finding, and the path of the leak."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from caulk.findings.finding import Severity
from caulk.reports.model import Item, Region
from caulk.syntax.source import SourceFile

TAB_WIDTH = 4

Paint = Callable[[str, str], str]
"""(text, style) to text: colours it, or leaves it as it is."""

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFORMATION: "cyan", Severity.HINT: "blue"}


@dataclass(frozen=True, slots=True)
class Summary:
    files: int
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
        place = paint(f"{item.path}:{region.line}:{region.column}", "bold")
        severity = paint(finding.severity.label, _STYLES[finding.severity])
        yield f"{place}: {severity}: {finding.message} [{paint(finding.code, 'dim')}]"
        yield from _frame(item.source, region, paint, _STYLES[finding.severity])
        for number, step in enumerate(item.steps, 1):
            yield f"      {number}. {step.path}:{step.region.line}:{step.region.column}: {step.message}"
        for fix in item.fixes[:1]:
            word = "fix" if fix.applicability == "safe" else "unsafe fix"
            yield f"      {paint(word, 'green')}: {fix.title}"
        yield ""


def summarize(items: Iterable[Item], files: int) -> Summary:
    """Counts over all findings."""
    known = list(items)
    safe = sum(any(fix.applicability == "safe" for fix in item.fixes) for item in known)
    unsafe = sum(bool(item.fixes) for item in known) - safe
    return Summary(files, len(known), safe, unsafe)


def summary_line(summary: Summary) -> str:
    """The last line of the report."""
    files = f"{summary.files} file{'s' if summary.files != 1 else ''}"
    if not summary.findings:
        return f"No leaks found in {files}."
    line = f"{summary.findings} finding{'s' if summary.findings != 1 else ''} in {files}"
    if summary.fixable:
        line += f", {summary.fixable} fixable with `caulk fix`"
    if summary.unsafe_fixable:
        line += f", {summary.unsafe_fixable} more with `--unsafe-fixes`"
    return line + "."


def _frame(source: SourceFile, region: Region, paint: Paint, style: str) -> Iterator[str]:
    """The line of the finding with the marked part underlined."""
    start, end = source.lines.start(region.line - 1), source.lines.end(region.line - 1)
    text = source.text(start, end)
    last = region.end_column - 1 if region.end_line == region.line else len(text.rstrip())
    before, marked = text[: region.column - 1], text[region.column - 1 : last]
    number = f"{region.line:5}"
    yield f"{paint(number + ' |', 'dim')} {_expanded(text)}"
    padding = " " * _width(before)
    yield f"{paint('      |', 'dim')} {padding}{paint('^' * max(_width(marked), 1), style)}"


def _expanded(text: str) -> str:
    return text.replace("\t", " " * TAB_WIDTH)


def _width(text: str) -> int:
    """Columns of a terminal."""
    return sum(
        TAB_WIDTH
        if char == "\t"
        else 0
        if unicodedata.combining(char)
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )
