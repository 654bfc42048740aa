"""Evidence of values of pools."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.findings.evidence import Evidence


@dataclass(frozen=True, slots=True)
class UnguardedPut(Evidence):
    """A buffer that goes back to its pool whatever its size."""

    start: int
    end: int
    """The statement."""
    call: str
    """``pool.Put(buf)``."""
    buffer: str
    deferred: bool
