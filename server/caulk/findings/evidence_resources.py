"""Evidence of files and processes that are not finished as they should be."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.findings.evidence import Evidence


@dataclass(frozen=True, slots=True)
class UncalledResult(Evidence):
    """A deferred call whose result is a function without parameters, which nobody calls."""

    end: int
    """Past the ``)`` of the deferred call."""
