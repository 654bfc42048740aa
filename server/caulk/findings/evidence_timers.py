"""Evidence of timers and tickers."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.findings.evidence import Evidence


@dataclass(frozen=True, slots=True)
class UnstoppableTicker(Evidence):
    """``time.Tick(d)``."""

    start: int
    end: int
    """The call."""
    before: int
    """Start of the statement that it stands in: the ticker is made in front of it."""
    name: str
    """A free name for the ticker."""
    constructor: str
    """``time.NewTicker(d)``."""
    certain: bool
    """Whether the duration is a positive constant."""


@dataclass(frozen=True, slots=True)
class BlockedDrain(Evidence):
    """``if !t.Stop() { <-t.C }`` where the value was received already."""

    start: int
    end: int
    """The statement."""
    stop: str
    """``t.Stop()``."""
    channel: str
    """``t.C``."""
