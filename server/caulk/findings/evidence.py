"""Evidence: what a fix must know about a finding, gathered by the analysis so that no fix has to search.

One class per kind of repair, shared by all rules that need that repair. All offsets are absolute bytes of the file.
Every family adds its own module beside this one (``caulk.findings.evidence_*``) whose classes derive from :class:`Evidence`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Evidence:
    """Nothing to go by: the message says what to do and no edit is offered but a suppression."""


class Where(Enum):
    AFTER = "after"
    """A new line after the line on which the statement that ends at ``offset`` ends."""
    BEFORE = "before"
    """A new line before the statement that starts at ``offset``."""
    BLOCK_START = "block start"
    """First line inside the block whose ``{`` is at ``offset``."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new statement fits. The fix takes the indent from the source around it."""

    where: Where
    offset: int


@dataclass(frozen=True, slots=True)
class Release:
    """How a value is released."""

    call: str
    """``resp.Body.Close()``, ``cancel()``, ``conn.Release()``."""
    returns_error: bool = True
    nil_guard: str = ""
    """An expression that must be non-nil for the call to be legal where that is not certain (``resp``), else empty."""
    joinable: bool = True
    """Whether its error is worth returning: that of a rollback after the commit is none."""
    drain: str = ""
    """What is read to its end first where the connection is to be used again (``resp.Body``), else empty."""


@dataclass(frozen=True, slots=True)
class ErrorResult:
    """The error that the function around a release returns, as a deferred closure reaches it."""

    name: str
    package: str
    """The name of package ``errors`` in the file."""
    package_import: str
    """The import that makes it so: ``errors`` or ``name errors``."""
    naming: tuple[tuple[int, str], ...] = ()
    """What must be inserted where so that the results have names; empty when they have."""


class ExitKind(Enum):
    RETURN = "return"
    END = "end of function"
    OVERWRITTEN = "overwritten"
    """Assigned again while open."""
    BRANCH = "break, continue or goto"


@dataclass(frozen=True, slots=True)
class Exit:
    """One place where the path leaves with the value still open."""

    kind: ExitKind
    start: int
    end: int
    """The statement: the return, the overwriting assignment; for END the closing brace of the function."""
    uses_value: bool = False
    """Whether the operands of the statement read the value (no release may be put in front of it)."""
    maybe_nil: bool = False
    """Whether the value may be nil there."""
    maybe_released: bool = False
    """Whether another path comes by with the value released already: a release here may be the second one."""
    goes_on: bool = False
    """Whether the value may still be used, returned or released on another way on from here: no release may be put here."""
    hidden: bool = False
    """Whether a name of the release means something else here."""
    fails: bool = False
    """Whether it is a return with an error that is not the constant nil."""
    before: int = -1
    """Where a statement right in front of it starts that removes or renames the file: a release comes before that. -1: none."""


@dataclass(frozen=True, slots=True)
class Unreleased(Evidence):
    """A value acquired and, on some path or on all of them, never released."""

    release: Release
    acquire_start: int
    acquire_end: int
    """The acquiring statement."""
    exits: tuple[Exit, ...]
    defer_at: Place | None = None
    """Where ``defer`` of the release is right: after the error check, directly after an acquire that cannot fail. None when no
    such place was found (no check follows, the value is declared in an inner scope …)."""
    in_loop: bool = False
    """Whether the acquire can run again before the function returns."""
    explicit_release: bool = False
    """Whether some path releases it with a plain call: a defer on top would release twice."""
    transferred: bool = False
    """Whether some path hands the value over: a defer would release it under its new owner."""
    late_defer: tuple[int, int] | None = None
    """An existing ``defer`` statement that comes too late and may simply move up to ``defer_at``."""
    rebound: bool = False
    """Whether the variable is assigned again later, in which case a deferred call binds the first value only."""
    goroutine: Place | None = None
    """First line of the one goroutine that uses the value and nothing else does afterwards: the release belongs there."""
    spawned: bool = False
    """Whether some goroutine uses the value: a release outside it may come while it is in use."""
    context_kept: bool = False
    """For a cancel function: whether its context is still wanted when the function has done its work."""
    error: ErrorResult | None = None
    """The error that the function returns, when a deferred closure can reach it."""
    succeeds: bool = False
    """Whether every return that hands the value out returns no error."""


@dataclass(frozen=True, slots=True)
class Discarded(Evidence):
    """A result that must be released and is thrown away."""

    statement_start: int
    statement_end: int
    blank: tuple[int, int] | None
    """The ``_`` to be named; None for an expression statement."""
    name: str
    """A free name for the value."""
    release: Release
    """In terms of ``name``."""
    results: tuple[str, ...] = ()
    """For an expression statement: free names of all results, in order (``resp``, ``err``)."""
    chained: str = ""
    """For an expression statement whose call cannot fail: what is appended to it (``.Body.Close()``), else empty."""
    defines: bool = False
    """Whether the statement is ``:=`` (a new name is legal there)."""
    redefines: tuple[int, int] | None = None
    """The ``=`` that may become ``:=``, because every other target is declared in the same block."""
    type: str = ""
    """The type of the value as the file writes it, for a declaration in front of the statement; empty where there may be none."""
    error_name: str = ""
    """The variable that gets the error, empty when there is none or it is blank."""
    defer_at: Place | None = None
    in_loop: bool = False
    header: Header | None = None
    """Set when the statement stands in the header of an if whose branches tell whether the value exists."""
    in_header: bool = False
    """Whether it stands in the header of any statement."""
    needed: bool = False
    """Whether the value does something while it is kept (a listener holds its port): not to be released on the spot."""
    error: ErrorResult | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """``if _, err := f(); err != nil { … }``: where its value may be released."""

    branch: Place | None
    """The start of the branch in which the value exists; None when there is no such branch yet."""
    closing: int
    """Past the closing brace of the branch without the value: where an ``else`` may follow."""


@dataclass(frozen=True, slots=True)
class Inline(Evidence):
    """A value that is used on the spot (``pool.Get().Do(…)``) and has no name by which it could be released."""

    statement_start: int
    """The statement in front of which a name can be introduced."""
    statement_end: int
    call: tuple[int, int]
    """The acquiring call."""
    name: str
    """A free name for the value."""
    release: Release
    """In terms of ``name``."""
    in_loop: bool = False
    leaves: bool = False
    """Whether control does not come behind the statement."""
    first: bool = True
    """Whether nothing else of the statement is evaluated before the call."""
    error: ErrorResult | None = None


@dataclass(frozen=True, slots=True)
class PrematureRelease(Evidence):
    """A release or use of a value before its error was checked."""

    statement_start: int
    statement_end: int
    """The statement that comes too early."""
    move_to: Place | None
    """Directly after the check of the error; None when there is none, or something in between must not be overtaken."""


@dataclass(frozen=True, slots=True)
class LoopDefer(Evidence):
    """A deferred release inside a loop that goes round again."""

    defer_start: int
    defer_end: int
    body_start: int
    """Offset of the loop body's ``{``."""
    body_end: int
    """Past the ``}``."""
    crosses: bool
    """Whether a break, return, goto or label in the body crosses it (a function literal around the body would change it)."""
    continues: tuple[tuple[int, int], ...] = ()
    """The ``continue`` statements of the body that go round this loop: in a function literal they become ``return``."""
    release: Release | None = None
    """How the value is released without a defer; None when the defer runs on a condition."""
    leaving: tuple[int, ...] = ()
    """Where the jumps behind the defer start by which a round of the loop ends."""
    uses_value: bool = False
    """Whether one of them is a return that still reads the value."""
    falls_through: bool = True
    """Whether control can reach the end of the body."""
    held: bool = False
    """Whether the value may be meant to live on: the body does nothing with it."""


@dataclass(frozen=True, slots=True)
class OtherStatements(Evidence):
    """A statement in whose place others belong, which may behave differently."""

    start: int
    end: int
    lines: tuple[str, ...]
    title: str
    """What a person reads before choosing it."""


@dataclass(frozen=True, slots=True)
class Rewrite(Evidence):
    """A piece of code that is better written in another way, which may behave differently."""

    start: int
    end: int
    text: str
    """What takes its place; behind an empty span it is inserted."""
    title: str
    """What a person reads before choosing it."""
    imports: tuple[str, ...] = ()
