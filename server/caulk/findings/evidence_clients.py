"""Evidence of the rules about clients that hold connections of their own."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.findings.evidence import Evidence, Unreleased


@dataclass(frozen=True, slots=True)
class Hoist:
    """An expression without anything of the function in it: it can be made once, for the whole package."""

    start: int
    end: int
    text: str
    """The expression as written."""
    name: str
    """A free package-level name."""
    results: str
    """The types of its results as written (``*redis.Client``, ``(*sql.DB, error)``)."""
    fallible: bool
    """Whether an error is its second result."""
    lazy: bool
    """Whether it must not be made before it is wanted: it dials, or reads what the program sets up."""
    function_end: int
    """Offset behind the function that it stands in."""


@dataclass(frozen=True, slots=True)
class NewField:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class MissingFields(Evidence):
    """A composite literal that lacks fields."""

    brace: int
    """Offset of the literal's ``}``."""
    last_end: int
    """Offset behind its last element; of behind its ``{`` when it has none."""
    is_empty: bool
    fields: tuple[NewField, ...]
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PerCallClient(Evidence):
    """A client that is made again and again."""

    hoist: Hoist | None = None
    missing: MissingFields | None = None
    """The fields with which its idle connections end by themselves."""


@dataclass(frozen=True, slots=True)
class UnclosedClient(Unreleased):
    """A client that is made again and again and never closed."""

    hoist: Hoist | None = None
