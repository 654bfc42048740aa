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
    limits: bool = False
    """Whether they limit a pool, with numbers that somebody must look at."""


@dataclass(frozen=True, slots=True)
class PerCallClient(Evidence):
    """A client that is made again and again."""

    hoist: Hoist | None = None
    missing: MissingFields | None = None
    """The fields with which its idle connections end by themselves."""
    ends: tuple[str, int] | None = None
    """For an HTTP client that is only called in the function that makes it: its variable, and the end of that statement."""


@dataclass(frozen=True, slots=True)
class UnclosedClient(Unreleased):
    """A client that is made again and again and never closed."""

    hoist: Hoist | None = None


@dataclass(frozen=True, slots=True)
class MissingContext(Evidence):
    """A call that has a variant with a context."""

    method: tuple[int, int]
    """The name of the called function."""
    replacement: str
    """The name of the variant."""
    arguments: int
    """Offset behind the ``(``."""
    context: str
    """What to pass first."""
    is_last: bool
    """Whether the call has no arguments of its own."""
    is_parameter: bool
    """Whether the context is a parameter of the function as it stands."""


@dataclass(frozen=True, slots=True)
class NeedlessStatement(Evidence):
    """A statement that does harm."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class UnreadBody(Evidence):
    """A response body that is closed unread."""

    body: str
    """``resp.Body``."""
    start: int
    end: int
    """The statement that closes it."""
    deferred: bool
