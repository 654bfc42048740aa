"""Evidence of locks that are used the wrong way."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.findings.evidence import Evidence


@dataclass(frozen=True, slots=True)
class WrongMethod(Evidence):
    """A call of the sibling of the method that is meant."""

    start: int
    end: int
    """The name of the method."""
    meant: str
