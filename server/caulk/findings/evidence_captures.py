"""Evidence of closures that hold what they should not."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.findings.evidence import Evidence


@dataclass(frozen=True, slots=True)
class CapturedObject(Evidence):
    """A finalizer that uses its object by a variable from outside, although it gets it as its parameter."""

    name: str
    """What the parameter is called, or is to be called."""
    parameter: tuple[int, int] | None = None
    """Where the parameter gets its name: in place of a ``_``, or in front of its type. None when it has one."""
    uses: tuple[tuple[int, int], ...] = ()
    """The uses of the variable from outside, when the parameter has a name."""


@dataclass(frozen=True, slots=True)
class HoistedLength(Evidence):
    """Calls of ``len`` in a closure whose value can be taken before the closure is made."""

    before: int
    """Offset of the statement that makes the closure."""
    name: str
    """A free name for the length."""
    call: str
    """``len(data)``."""
    calls: tuple[tuple[int, int], ...]
