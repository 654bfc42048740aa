"""Findings with everything a report needs: places in lines and characters, paths as the reader knows them, fixes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from caulk.engine.analyze import Analysis, AnalysisError
from caulk.findings.finding import Finding, Related, Span
from caulk.findings.fingerprint import fingerprints
from caulk.syntax.lines import Encoding
from caulk.syntax.source import SourceFile


@dataclass(frozen=True, slots=True)
class Region:
    """A place for people: lines and columns are 1-based, columns count characters (code points)."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class OfferedFix:
    title: str
    applicability: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the path."""

    path: str
    region: Region
    message: str


@dataclass(frozen=True, slots=True)
class Item:
    """One finding, ready to print. ``path`` is relative to the working directory."""

    finding: Finding
    source: SourceFile
    path: str
    region: Region
    steps: tuple[Step, ...]
    fixes: tuple[OfferedFix, ...]
    fingerprint: str


Offers = Callable[[Finding, SourceFile], Iterable[OfferedFix]]


def relative(path: str) -> str:
    """A path as seen from the working directory."""
    return os.path.relpath(path)


def region(source: SourceFile, span: Span) -> Region:
    """The place of a byte span."""
    line, column = source.lines.column(span.start, Encoding.UTF32)
    end_line, end_column = source.lines.column(span.end, Encoding.UTF32)
    return Region(line + 1, column + 1, end_line + 1, end_column + 1)


def items(analyses: Iterable[Analysis], offers: Offers) -> Iterator[Item]:
    """All findings of some files, in their order."""
    for analysis in analyses:
        names = fingerprints(analysis.findings, analysis.source)
        for finding, name in zip(analysis.findings, names, strict=True):
            yield Item(
                finding,
                analysis.source,
                relative(finding.path),
                region(analysis.source, finding.span),
                tuple(_step(analysis.source, finding, related) for related in finding.related),
                tuple(offers(finding, analysis.source)),
                name,
            )


def _step(source: SourceFile, finding: Finding, related: Related) -> Step:
    if not related.path or related.path == source.path:
        return Step(relative(finding.path), region(source, related.span), related.message)
    other = _read(related.path)
    return Step(relative(related.path), region(other, related.span), related.message)


def _read(path: str) -> SourceFile:
    try:
        with open(path, "rb") as file:
            return SourceFile(path, file.read())
    except OSError:
        return SourceFile(path, b"")


def error_lines(errors: Iterable[AnalysisError]) -> Iterator[str]:
    """``path: message`` for each error."""
    for error in errors:
        yield f"{relative(error.path) if error.path else 'caulk'}: {error.message}"
