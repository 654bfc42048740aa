"""Evidence of repairs that are one new statement at a place which the analysis has found."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.findings.evidence import Evidence, Place, Release


@dataclass(frozen=True, slots=True)
class MissingRelease(Evidence):
    """A release that belongs at one place: in the method that ends an object, first in a goroutine."""

    release: Release
    at: Place
    where: str
    """The function that gets it, for people: ``Server.Close``."""
    deferred: bool = False
    """Whether it must run when the function is left."""
    changes_behaviour: bool = True
    """Whether correct code may behave differently afterwards: then the fix is unsafe."""


@dataclass(frozen=True, slots=True)
class MissingStatements(Evidence):
    """Statements that belong at one place."""

    at: Place
    lines: tuple[str, ...]
    title: str
    """What they do, for people: ``Put it back when the function is left``."""
    changes_behaviour: bool = True
    imports: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MissingAtExits(Evidence):
    """Statements that belong in front of each of some ways out; every path that comes there needs them."""

    lines: tuple[str, ...]
    at: tuple[Place, ...]
    what: str
    """The statement that counts: ``mu.Unlock()``."""
    changes_behaviour: bool
    """Whether what is returned may be another value then."""
