"""What a command says to the shell."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    OK = 0
    FINDINGS = 1
    """Something at or above ``--fail-on`` was found (or, for ``fix --diff``, would be changed)."""
    ERROR = 2
    """A wrong call, a wrong configuration, a file that could not be looked at, or a fault of caulk."""
    INTERRUPTED = 130
    """As shells say it of a command that was stopped from the keyboard."""
