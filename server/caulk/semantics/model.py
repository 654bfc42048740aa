"""What the semantic layer answers with: types, package members and callees.

``None`` is the unknown type everywhere and absorbs everything: nothing is ever guessed. The classes here are plain data;
``caulk.semantics.typer`` computes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from caulk.ir import nodes as ir
    from caulk.semantics.packages import Declared


@dataclass(frozen=True, slots=True)
class Basic:
    """A predeclared type by name (``string``, ``error`` is a :class:`Named`). Untyped constants have ``untyped`` set."""

    name: str
    untyped: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A declared type by package path and name. ``error`` and ``any``/``comparable`` have the empty path. Types declared in
    a function have ``local`` set to their declaration and the path of their package."""

    path: str
    name: str
    args: tuple[Type | None, ...] = ()
    local: ir.TypeDecl | None = None

    @property
    def qualified(self) -> str:
        """``net/http.Client``."""
        return f"{self.path}.{self.name}" if self.path else self.name


@dataclass(frozen=True, slots=True)
class Pointer:
    elem: Type | None


@dataclass(frozen=True, slots=True)
class Slice:
    elem: Type | None


@dataclass(frozen=True, slots=True)
class Array:
    elem: Type | None


@dataclass(frozen=True, slots=True)
class Map:
    key: Type | None
    value: Type | None


@dataclass(frozen=True, slots=True)
class Chan:
    elem: Type | None
    direction: ir.ChanDir


@dataclass(frozen=True, slots=True)
class Signature:
    """A function type. ``params`` of a variadic one ends with a :class:`Slice`."""

    params: tuple[Type | None, ...]
    results: tuple[Type | None, ...]
    variadic: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: Type | None
    embedded: bool = False


@dataclass(frozen=True, slots=True)
class Struct:
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface by its explicit methods and what it embeds."""

    methods: tuple[tuple[str, Signature], ...]
    embedded: tuple[Type | None, ...] = ()
    union: bool = False
    """Whether it has a type set (a constraint)."""


@dataclass(frozen=True, slots=True)
class TypeParameter:
    """A type parameter, by identity of its symbol."""

    name: str
    symbol: ir.Symbol
    constraint: Type | None = None


@dataclass(frozen=True, slots=True)
class Tuple:
    """The results of a call with more or fewer than one."""

    items: tuple[Type | None, ...]


Type: TypeAlias = (
    Basic | Named | Pointer | Slice | Array | Map | Chan | Signature | Struct | Interface | TypeParameter | Tuple
)

ERROR = Named("", "error")
ANY = Named("", "any")
BOOL = Basic("bool")
STRING = Basic("string")


def named(type_: Type | None) -> Named | None:
    """The named type behind any number of pointers, or None."""
    while isinstance(type_, Pointer):
        type_ = type_.elem
    return type_ if isinstance(type_, Named) else None


class MemberKind(Enum):
    FIELD = "field"
    METHOD = "method"


@dataclass(frozen=True, slots=True)
class Member:
    """What ``x.name`` selects. For a method ``type`` is its signature without receiver."""

    kind: MemberKind
    type: Type | None
    owner: Named | None
    """The named type that declares it (after promotion); None in an unnamed struct or interface."""
    interface: bool = False
    """Whether it is a method of an interface."""
    declared: Declared | None = None
    """The declaration of a concrete method."""


class CalleeKind(Enum):
    FUNCTION = "function"
    METHOD = "method"
    VALUE = "function value"
    """A variable, field or result of function type."""
    LITERAL = "literal"
    """A function literal, on the spot or through the variable that only ever holds it."""
    CONVERSION = "conversion"
    BUILTIN = "builtin"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Callee:
    """What a call calls.

    ``name``: ``net/http.Get`` · ``net/http.Client.Do`` (**static type of the base**, no star; the package path, the type, the
    method) · the builtin's name · for UNKNOWN and VALUE the last identifier as written (``Do``), for LITERAL empty.
    A function of a package whose declarations are missing is still a FUNCTION with its name and no signature.
    """

    kind: CalleeKind
    name: str
    package: str = ""
    """Import path of the package that declares it, empty when there is none."""
    signature: Signature | None = None
    declared_name: str = ""
    """The same by the *declaring* type (``io.Closer.Close`` for ``resp.Body.Close``); equal to ``name`` for functions."""
    interface: bool = False
    receiver: Type | None = None
    """Static type of the base of a method call."""
    declared: Declared | None = None
    """Where it is declared, when that is known: its own-package body can be looked up with it."""
    literal: ir.Function | None = None
    """For LITERAL."""
    converted: Type | None = None
    """For CONVERSION: the target type."""

    @property
    def short(self) -> str:
        """The last identifier: ``Do``."""
        return self.name.rpartition(".")[2]
