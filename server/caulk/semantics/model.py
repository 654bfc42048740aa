"""What the semantic layer answers with: types, package members and callees.

``None`` is the unknown type everywhere and absorbs everything: nothing is ever guessed. Types are immutable; those of structs
and interfaces find the types of their members when somebody asks, so that a declaration costs nothing until it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from caulk.ir import nodes as ir
    from caulk.semantics.packages import Declared, PackageFile

Resolve: TypeAlias = "Callable[[ir.TypeExpr], Type | None]"
"""What a type expression of some declaration means."""


@dataclass(frozen=True, slots=True)
class Basic:
    """A predeclared type by name (``string``, ``error`` is a :class:`Named`). Untyped constants have ``untyped`` set."""

    name: str
    untyped: bool = False


class Named:
    """A declared type by package path and name. ``error`` and ``any``/``comparable`` have the empty path. Types declared in
    a function have ``local`` set to their declaration and the path of their package.

    Two are equal when they have the same name and arguments, wherever their declarations were read. ``declared`` is None when
    the declaration is nowhere to be had."""

    __match_args__ = ("path", "name", "args", "local")
    __slots__ = ("_hash", "args", "callees", "declared", "local", "members", "name", "path", "underlying")

    def __init__(
        self,
        path: str,
        name: str,
        args: tuple[Type | None, ...] = (),
        local: ir.TypeDecl | None = None,
        declared: Declared | None = None,
    ) -> None:
        self.path = path
        self.name = name
        self.args = args
        self.local = local
        self.declared = declared
        self._hash = hash((path, name, args))
        # what the type layer remembers of it
        self.underlying: object = None
        self.members: dict[str, Member | None] = {}
        self.callees: dict[tuple[str, bool], Callee] = {}

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, Named)
            and self._hash == other._hash
            and self.name == other.name
            and self.path == other.path
            and self.local is other.local
            and self.args == other.args
        )

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        args = f"[{', '.join(map(repr, self.args))}]" if self.args else ""
        return self.qualified + args

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
    type_params: tuple[TypeParameter, ...] = ()
    """Those of a generic function that is not instantiated."""


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: Type | None
    embedded: bool = False


class Struct:
    """A struct type. Unnamed structs are compared by identity: nothing depends on more."""

    def __init__(self, declared: tuple[ir.FieldDecl, ...], resolve: Resolve) -> None:
        self.declared = declared
        self.resolve = resolve
        self._found: dict[str, Field | None] = {}

    def field(self, name: str) -> Field | None:
        """The field of that name in the struct itself, embedded ones by the name of their type."""
        if name not in self._found:
            found = next((field for field in self.declared if field.name == name), None)
            self._found[name] = Field(name, self.resolve(found.type), found.embedded) if found is not None else None
        return self._found[name]

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        return tuple(Field(field.name, self.resolve(field.type), field.embedded) for field in self.declared)

    @cached_property
    def embedded(self) -> tuple[Type | None, ...]:
        """The types of the embedded fields."""
        return tuple(self.resolve(field.type) for field in self.declared if field.embedded)


class Interface:
    """An interface by its explicit methods, what it embeds, and the terms of its type sets."""

    def __init__(
        self, declared: ir.InterfaceType | None, resolve: Resolve, extra: tuple[tuple[str, Signature], ...] = ()
    ):
        self._declared = declared
        self.resolve = resolve
        self._extra = extra

    def method(self, name: str) -> Signature | None:
        """The signature of an explicit method."""
        return self._signatures.get(name) or self._resolved(name)

    def _resolved(self, name: str) -> Signature | None:
        spec = next((spec for spec in self._declared.methods if spec.name == name), None) if self._declared else None
        found = self.resolve(spec.type) if spec is not None else None
        if isinstance(found, Signature):
            self._signatures[name] = found
            return found
        return None

    @cached_property
    def _signatures(self) -> dict[str, Signature]:
        return dict(self._extra)

    def mapped(self, change: Callable[[Type | None], Type | None]) -> Interface:
        """The interface with all types in it changed."""
        extra = tuple((name, changed) for name, s in self._extra if isinstance(changed := change(s), Signature))
        return Interface(self._declared, lambda expr: change(self.resolve(expr)), extra)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the explicit methods."""
        declared = tuple(spec.name for spec in self._declared.methods) if self._declared is not None else ()
        return declared + tuple(name for name, _ in self._extra)

    @cached_property
    def methods(self) -> tuple[tuple[str, Signature], ...]:
        """The explicit methods."""
        found = ((name, self.method(name)) for name in self.names)
        return tuple((name, signature) for name, signature in found if signature is not None)

    @cached_property
    def embedded(self) -> tuple[Type | None, ...]:
        return tuple(map(self.resolve, self._declared.embedded)) if self._declared is not None else ()

    @cached_property
    def terms(self) -> tuple[Type | None, ...]:
        """The types of its own unions, tildes left out."""
        unions = self._declared.unions if self._declared is not None else ()
        return tuple(self.resolve(term) for union in unions for term in union)

    @property
    def union(self) -> bool:
        """Whether it has a type set (a constraint)."""
        return self._declared is not None and bool(self._declared.unions)


@dataclass(frozen=True, slots=True)
class TypeParameter:
    """A type parameter, by identity of its symbol. ``file`` is where its constraint is written."""

    name: str
    symbol: ir.Symbol
    file: PackageFile

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TypeParameter) and self.symbol is other.symbol

    def __hash__(self) -> int:
        return id(self.symbol)


@dataclass(frozen=True, slots=True)
class Tuple:
    """The results of a call with more or fewer than one."""

    items: tuple[Type | None, ...]


Type: TypeAlias = (
    Basic | Named | Pointer | Slice | Array | Map | Chan | Signature | Struct | Interface | TypeParameter | Tuple
)

ERROR = Named("", "error")
ANY = Named("", "any")
COMPARABLE = Named("", "comparable")
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
    A function of a package whose declarations are missing is still a FUNCTION with its name and no signature, a method of such
    a type a METHOD with neither signature nor ``declared_name``: the name is what a contract may match, no more is known.
    """

    kind: CalleeKind
    name: str
    package: str = ""
    """Import path of the package that declares it, empty when there is none."""
    signature: Signature | None = None
    declared_name: str = ""
    """The same by the *declaring* type (``io.Closer.Close`` for ``resp.Body.Close``); equal to ``name`` for functions, empty when it is not known."""
    interface: bool = False
    receiver: Type | None = None
    """Static type of the base of a method call."""
    declared: Declared | None = None
    """Where it is declared, when that is known: its own-package body can be looked up with it."""
    literal: ir.Function | None = None
    """For LITERAL."""
    converted: Type | None = None
    """For CONVERSION: the target type."""
    held: Callee | None = None
    """For VALUE: the function or method that the variable always holds (``done := r.Close``)."""

    @property
    def short(self) -> str:
        """The last identifier: ``Do``."""
        return self.name.rpartition(".")[2]
