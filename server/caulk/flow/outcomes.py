"""How the paths of one obligation end, and what that means to a caller."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeAlias

from caulk.flow.access import Path, Place
from caulk.flow.cfg import Block, BodyEnd, Item
from caulk.ir import nodes as ir
from caulk.semantics.contracts import CALL_ITSELF, Contract, ReleaseFunction
from caulk.semantics.model import Callee

Errors: TypeAlias = frozenset[ir.Symbol]
Aliases: TypeAlias = frozenset[Place]
Held: TypeAlias = list[tuple[int, Path]]
"""Which results of an expression hold the obligation, and behind which path."""


class Ending(Enum):
    """How a path ends for the obligation."""

    RELEASED = "released"
    DEFERRED = "released by a defer"
    TRANSFERRED = "handed over"
    RETURNED = "returned"
    ABSENT = "never existed"
    OVERWRITTEN = "overwritten"
    STOPPED = "does not go on"


class EffectKind(Enum):
    """What a callee does with a value that it is given."""

    RELEASES = "releases"
    MAY_RELEASE = "may release"
    TAKES = "takes"
    RETURNS = "returns"
    BORROWS = "borrows"
    DIVERGES = "does not come back"
    """Only assumed, of a recursive call whose answer is not known yet."""


@dataclass(frozen=True, slots=True)
class Effect:
    kind: EffectKind
    returned: tuple[tuple[int, Path], ...] = ()
    """For RETURNS: which results hold the value, and behind which path."""

    @property
    def releases(self) -> bool:
        return self.kind in (EffectKind.RELEASES, EffectKind.MAY_RELEASE)


RELEASES = Effect(EffectKind.RELEASES)
TAKES = Effect(EffectKind.TAKES)
BORROWS = Effect(EffectKind.BORROWS)
DIVERGES = Effect(EffectKind.DIVERGES)


def joined(effects: Iterable[Effect]) -> Effect:
    """What one of several callees does, nobody knows which: only what all agree on, else it takes."""
    distinct = set(effects)
    return distinct.pop() if len(distinct) == 1 else TAKES


class PathEnd(Exception):
    """Control flow of the walk only: the obligation ends here."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.value)
        self.ending = ending


@dataclass(frozen=True, slots=True)
class Event:
    """An end of a path: where, and which errors were still untested."""

    ending: Ending
    block: Block
    """Where the path goes on without the obligation: the block of ``item``, or the one behind the edge that decided."""
    item: Item
    errors: Errors
    aliases: Aliases
    """What held the obligation before."""


@dataclass(frozen=True, slots=True)
class OpenExit:
    """A way out with the obligation still open."""

    block: Block
    """Where control leaves: the block of ``item``, or that of ``branch``."""
    item: Item
    errors: Errors
    aliases: Aliases
    overwritten: bool = False
    with_error: tuple[tuple[int, Path], ...] = ()
    """The results that hold it, when they are returned together with an error that is not nil."""
    branch: ir.Branch | BodyEnd | None = None
    """For an overwriting one: how the loop went round, when it did."""


@dataclass(slots=True)
class Outcome:
    """All ends of all paths."""

    open: list[OpenExit] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    returned: set[tuple[int, Path]] = field(default_factory=set)
    companions: set[int] = field(default_factory=set)
    """The results by which callers get a function that releases the value."""
    return_statements: list[ir.Return] = field(default_factory=list)
    """The returns that carry the obligation."""
    exceeded: bool = False

    def has(self, *endings: Ending) -> bool:
        return any(event.ending in endings for event in self.events)

    def of(self, *endings: Ending) -> list[Event]:
        return [event for event in self.events if event.ending in endings]

    def effect(self) -> Effect:
        """The outcome seen by a caller."""
        if self.exceeded:
            return TAKES
        if self.has(Ending.RELEASED, Ending.DEFERRED):
            still_open = any(not exit_.overwritten for exit_ in self.open)
            return Effect(EffectKind.MAY_RELEASE if still_open else EffectKind.RELEASES)
        if self.has(Ending.TRANSFERRED, Ending.OVERWRITTEN):
            return TAKES
        if self.has(Ending.RETURNED):
            return Effect(EffectKind.RETURNS, tuple(sorted(self.returned)))
        return BORROWS


@dataclass(frozen=True, slots=True)
class Terms:
    """What is being followed: the names that release it, and what the contract adds."""

    must_call: frozenset[str]
    released_by: frozenset[str] = frozenset()
    ok_symbols: frozenset[ir.Symbol] = frozenset()
    """Bool variables that are true exactly when the resource exists."""
    function: ReleaseFunction | None = None
    """A function that releases the value which it is given."""
    owner: Place | None = None
    """What it was acquired from, when releasing that (by ``owner_releases``) releases it too."""
    owner_releases: frozenset[str] = frozenset()
    released_by_failure: frozenset[str] = frozenset()
    acquired: bool = False
    """Whether the walk begins where the value is acquired: then nobody gets it who gets an error along with it."""
    exhausted_by: frozenset[str] = frozenset()
    """Methods that give a channel which is closed when the resource has ended by itself."""
    error_field: str = ""
    """The field of the value that tells whether the call failed."""
    is_shared: bool = False
    """Whether the value was there before, so that others may hold it."""
    has_handles: bool = False
    """Whether its methods give objects that need it (the bucket of a client)."""

    @classmethod
    def of(
        cls,
        contract: Contract,
        ok_symbols: frozenset[ir.Symbol] = frozenset(),
        owner: Place | None = None,
        *,
        acquired: bool = False,
    ) -> Terms:
        return cls(
            contract.must_call,
            contract.released_by,
            ok_symbols,
            contract.release_function,
            owner if contract.owner_releases else None,
            contract.owner_releases,
            contract.released_by_failure,
            acquired,
            contract.exhausted_by,
            contract.error_field,
            contract.given is not None,
            contract.kind in ("client", "conn"),
        )

    def for_others(self) -> Terms:
        """The same for another function: who acquired it, and what else that function has, is nothing to it."""
        return replace(self, ok_symbols=frozenset(), acquired=False)

    def releases(self, callee: Callee, argument: int) -> bool:
        """Whether the callee is the function that releases its argument of that number."""
        function = self.function
        return (
            function is not None
            and argument == function.argument
            and function.name in (callee.name, callee.declared_name)
        )


CALLED = Terms(frozenset({CALL_ITSELF}))
"""A function value is followed: it is released by calling it."""
