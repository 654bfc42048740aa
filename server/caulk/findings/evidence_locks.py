"""Evidence of locks that are used the wrong way."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.findings.evidence import Evidence, Place


@dataclass(frozen=True, slots=True)
class WrongMethod(Evidence):
    """A call of the sibling of the method that is meant."""

    start: int
    end: int
    """The name of the method."""
    meant: str


@dataclass(frozen=True, slots=True)
class MissingUnlock(Evidence):
    """Ways out on which a lock stays locked; every path that comes there holds it."""

    call: str
    """``mu.Unlock()``."""
    at: tuple[Place, ...]
    changes_behaviour: bool
    """Whether what is returned may be computed without the lock then."""
