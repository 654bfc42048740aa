"""Evidence of files and processes that are not finished as they should be."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.findings.evidence import ErrorResult, Evidence, Place, Release


@dataclass(frozen=True, slots=True)
class UncalledResult(Evidence):
    """A deferred call whose result is a function without parameters, which nobody calls."""

    end: int
    """Past the ``)`` of the deferred call."""


@dataclass(frozen=True, slots=True)
class UnwaitedProcess(Evidence):
    """A process that is started and for which nobody waits on any way on from there."""

    command: str
    """The variable that holds the command, or a free name for it."""
    start: int
    end: int
    """The statement that starts it, or whose header does."""
    maker: tuple[int, int] | None = None
    """``exec.Command(…)``, when the command has no name yet."""
    call: tuple[int, int] = (0, 0)
    """``….Start()``."""
    after: Place | None = None
    """Where the process is surely running: behind the check of the error."""
    returned: bool = False
    """Whether the statement is ``return cmd.Start()``."""
    error: str = ""
    """For ``return``: a free name for the error."""


@dataclass(frozen=True, slots=True)
class TestFolder:
    """A folder that the test could have from ``t.TempDir()``: nothing else uses the error."""

    __test__ = False
    start: int
    end: int
    """From the statement that makes the folder past the check of its error."""
    folder: str
    testing: str
    """The ``*testing.T``."""


@dataclass(frozen=True, slots=True)
class LeftTemporary(Evidence):
    """A temporary file or folder that nobody removes."""

    removal: str
    """``os.Remove(f.Name())``."""
    defer_at: Place | None
    """Where the file is surely there; None in loops."""
    in_test: TestFolder | None = None


@dataclass(frozen=True, slots=True)
class UncheckedClose(Evidence):
    """A deferred close of a written file in a function that returns errors."""

    start: int
    end: int
    """The defer statement."""
    release: Release
    error: ErrorResult | None
