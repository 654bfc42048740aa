"""Evidence of the request rules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from caulk.findings.evidence import Evidence


class UseKind(Enum):
    """What a goroutine does with a request context."""

    VALUE = "value"
    """Reads one value with constant arguments: it can be read before the goroutine starts."""
    REQUEST_CONTEXT = "request context"
    """Asks for ``c.Request.Context()``."""
    AS_CONTEXT = "context"
    """Passes it as a ``context.Context``."""
    READS = "reads"
    """Reads from it in some other way."""
    WRITES = "writes"
    """Answers the request, goes on in the chain or reads the body: nothing of that outlives the handler."""


@dataclass(frozen=True, slots=True)
class ContextUse:
    """One use: bytes ``start`` to ``end`` of the expression (``c.ClientIP()``) or of the name alone."""

    kind: UseKind
    start: int
    end: int
    text: str
    """The expression as written."""
    name: str = ""
    """A free name for its value, for VALUE and REQUEST_CONTEXT."""
    copied: bool = False
    """Whether a copy of the context answers it just the same."""
    copier: str = ""
    """``strings.Clone`` or ``bytes.Clone`` for a value that lies in a buffer of the request."""


@dataclass(frozen=True, slots=True)
class EscapedContext(Evidence):
    """A request context used in a goroutine."""

    before: int
    """Offset of the statement that starts the goroutine."""
    context: str
    """The name of the context."""
    uses: tuple[ContextUse, ...]
    names: tuple[tuple[int, int], ...]
    """Every occurrence of the context's name that the goroutine sees."""
    copy_name: str
    """A free name for a copy."""
    detached_name: str
    """A free name for a detached context; empty where one would not answer what the goroutine asks."""
    copies: bool
    """Whether the framework has ``Copy``."""
    parent: str
    """The context of the request, as an expression (``c.Request.Context()``)."""
    as_argument: bool = False
    """Whether the context is an argument of the ``go`` call itself: evaluated before the goroutine starts."""


@dataclass(frozen=True, slots=True)
class StoredUse:
    """One use of a shared variable in request code, with the context at hand there. A write has the span of its value."""

    context: str
    start: int
    end: int
    """The variable's name."""
    value: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class SharedState(Evidence):
    """A variable outside a handler that gets data of one request."""

    name: str
    declaration: tuple[int, int] | None
    """The statement that declares it and nothing else (``var user string``); None when that is not so simple."""
    assignment: tuple[int, int]
    operator: tuple[int, int]
    """The ``=`` of the assignment."""
    only_in_handler: bool
    """Whether every use of it stands in this handler, behind the assignment."""
    getter: str = ""
    """gin: the method of the context that reads a value of its type (``GetString``)."""
    setter: str = ""
    """The method of the context that keeps a value by a name; empty for a plain ``*http.Request``."""
    lookup: str = ""
    """echo, fiber: the method that gives it back."""
    parameter: str = ""
    """The type of the context or request, as written."""
    type_name: str = ""
    """Its type as written in its declaration."""
    key_name: str = ""
    """net/http: a free package-level name for the key's type."""
    reader_name: str = ""
    """A free package-level name for the function that reads it from a request; empty where there is a getter, or no way."""
    function_end: int = 0
    """Offset behind the function that the finding stands in."""
    uses: tuple[StoredUse, ...] = ()
    """Every use, when all of them could go through the request's own storage; else empty."""
    whole_declaration: tuple[int, int] | None = None
    """The lines-filling declaration to be dropped then: ``var user string``, in the function or of the package."""


@dataclass(frozen=True, slots=True)
class KeyedUse:
    """One ``m[key]``: where ``m`` ends, the key, where the brackets end; for ``m[key] = value`` the value."""

    base_end: int
    key: tuple[int, int]
    end: int
    value: tuple[int, int] | None = None
    comma_ok: bool = False


@dataclass(frozen=True, slots=True)
class RequestKeyed:
    """A package-level map whose keys are pointers that nobody pools, with all its uses."""

    package: str
    """The name of the package."""
    initialiser: tuple[int, int]
    """From behind the name to the end of the declaration: `` = map[*http.Request]T{}``."""
    key_type: str
    """What the keys point to, as written."""
    value_type: str
    uses: tuple[KeyedUse, ...]


class Home(Enum):
    """Where a variable is declared that goes with a map."""

    PACKAGE = "package"
    FIELD = "field"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class WriteCounter:
    """How the writes to a ``sync.Map``, which has no length, can be counted."""

    name: str
    used_as: str
    """The counter as the write names it: ``s.seenWrites``."""
    home: Home
    at: int
    """PACKAGE: the offset behind the function; FIELD: the brace that closes the struct; LOCAL: the end of the statement that
    declares the map."""
    package: str
    """The name of package ``sync/atomic`` in the file."""
    package_import: str
    statement: tuple[int, int]
    """The one that writes."""
    loaded: str = ""
    """For ``LoadOrStore`` the variable that says whether the entry was there."""
    blank: tuple[int, int] | None = None
    """The ``_`` that must get that name."""


@dataclass(frozen=True, slots=True)
class HashedLocks:
    """How an array of locks can take the place of a ``sync.Map`` with one for each key."""

    first: tuple[int, int]
    """The statement that looks the lock up."""
    second: tuple[int, int]
    """The one behind it that asserts its type."""
    prefix: str
    """What gets it: ``mu := `` or ``return ``."""
    key: str
    lock_type: str
    """``sync.Mutex``."""
    declared_type: tuple[int, int]
    """The ``sync.Map`` in the declaration."""
    seed: str
    """A free package-level name."""
    function_end: int
    package: str
    """The name of package ``hash/maphash`` in the file."""
    package_import: str


@dataclass(frozen=True, slots=True)
class GrowingMap(Evidence):
    """A map that only grows."""

    container: str
    """The map as written (``s.seen``)."""
    write: tuple[int, int]
    """The statement that adds an entry."""
    is_sync_map: bool
    whole_statement: bool
    """Whether the write is a statement on its own in a block, so that a guard fits in front of it."""
    keyed: RequestKeyed | None = None
    """For a map whose keys are requests."""
    counter: WriteCounter | None = None
    """For a ``sync.Map`` that may be emptied."""
    hashed: HashedLocks | None = None
    """For a ``sync.Map`` of locks."""
    request_keys: bool = False
    """Whether its keys are requests: emptying it would take the entries of those still running."""


@dataclass(frozen=True, slots=True)
class UnboundedPool(Evidence):
    """A database handle without limits."""

    name: str
    """The variable that holds it, empty when it has none."""
    after: int
    """Offset of the end of the statement behind which the limits fit; -1 for nowhere."""
    block_start: bool = False
    """Whether ``after`` is the brace that opens a block instead."""


class BufferKind(Enum):
    COMPRESSOR = "compressor"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class PerRequestBuffer(Evidence):
    """A buffer or compressing writer made for every request."""

    kind: BufferKind
    statement: tuple[int, int]
    """The assignment that makes it."""
    name: str
    type_name: str
    """``gzip.Writer``; for BYTES ``[]byte``."""
    constructor: str
    """``gzip.NewWriter``; for BYTES the ``make`` call."""
    target: str
    """What the compressing writer writes to."""
    pool_name: str
    """A free package-level name."""
    pointer_name: str
    """A free name in the function."""
    function_end: int
    """Offset behind the function that it stands in."""
    closed: bool
    """Whether the function closes the compressing writer by a defer."""
    lasts: bool = False
    """Whether a defer would put it back late: the allocation stands in a loop, or the function goes on in the chain of handlers
    or in a loop without an end."""
