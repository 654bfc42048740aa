"""Evidence of strings that are built piece by piece."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.findings.evidence import Evidence, Place


@dataclass(frozen=True, slots=True)
class GrownString(Evidence):
    """A string that only grows in a loop, and is only read behind it."""

    declaration: tuple[int, int]
    """The statement that declares it, empty."""
    declared: str
    """The declaration of the builder in its place."""
    edits: tuple[tuple[int, int, str], ...]
    """Start, end and new text: each ``s += x`` becomes a write to the builder."""
    behind: Place
    """Behind the loop."""
    result: str
    """The declaration of the string, behind the loop."""
