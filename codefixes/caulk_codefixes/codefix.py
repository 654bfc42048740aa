"""What a fix is, and what offers one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from caulk.findings.evidence import Evidence
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile


class Applicability(IntEnum):
    """Ordered: SAFE edits keep the meaning of correct code, UNSAFE ones may change behaviour, DISPLAY ones are only shown."""

    DISPLAY = 1
    UNSAFE = 2
    SAFE = 3

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace bytes ``start`` to ``end`` (exclusive) of the file by ``text``."""

    start: int
    end: int
    text: bytes


@dataclass(frozen=True, slots=True)
class NewFile:
    """A helper file written beside the fixed one, when there is none of that name yet."""

    name: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to mend a finding: all edits or none. ``imports`` are paths, or ``name path`` pairs, that the file must have
    afterwards; they are merged into the import block when the fix is applied, never written as edits."""

    id: str
    """The fix's own name (``defer-release``): stable, for tests and configuration."""
    title: str
    edits: tuple[Edit, ...]
    applicability: Applicability
    imports: frozenset[str] = frozenset()
    drops_imports: frozenset[str] = frozenset()
    """Paths that the edits may leave unused; dropped when nothing else in the file uses them."""
    new_files: tuple[NewFile, ...] = ()
    declares: frozenset[str] = frozenset()
    """Package-level names that the edits declare: of two fixes that chose the same one, the second waits a round."""


@dataclass(frozen=True, slots=True)
class FixSettings:
    """What a user may choose."""

    defer_style: str = "plain"
    """plain, ignore-error, join-error, or the text of a line with ``{call}``, ``{value}`` or ``{method}`` in it."""
    defer_import: str = ""
    """What such a line needs: an import path, or ``name path``."""
    go_version: tuple[int, int] = (1, 21)
    """The ``go`` line of the nearest go.mod."""


@dataclass(frozen=True, slots=True)
class CodeFix:
    """A kind of repair, keyed on the type of the evidence that it understands."""

    id: str
    evidence: type[Evidence]
    offer: Callable[[Finding, SourceFile, FixSettings], Iterator[Fix]]
