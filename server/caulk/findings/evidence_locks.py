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


@dataclass(frozen=True, slots=True)
class DeferrableUnlock(Evidence):
    """A lock that is unlocked right before the exits only, on some of them not at all: a deferred unlock does the same for all."""

    call: str
    """``mu.Unlock()``."""
    lock_end: int
    """The end of the statement that locks."""
    unlocks: tuple[tuple[int, int], ...]
    """The statements that unlock."""
