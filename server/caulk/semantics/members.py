"""What ``x.name`` selects: fields, methods, and what embedding promotes."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.ir import nodes as ir
from caulk.ir.declarations import receiver_name
from caulk.semantics.model import (
    STRING,
    Interface,
    Member,
    MemberKind,
    Named,
    Pointer,
    Signature,
    Struct,
    Type,
    TypeParameter,
)
from caulk.semantics.packages import Declared, Package
from caulk.semantics.types import Types

MAX_EMBEDDING = 12
MAX_EMBEDDED = 64
"""Embedded types looked at on one level."""
_UNKNOWN = object()


class Members:
    """Member lookup over one world of packages; named types remember what was found."""

    def __init__(self, types: Types) -> None:
        self._types = types

    def member(self, type_: Type | None, name: str) -> Member | None:
        """What ``x.name`` selects for an x of the type; None when there is nothing, or when an unknown type may have it."""
        base = type_.elem if isinstance(type_, Pointer) else type_
        if not isinstance(base, Named):
            return self._find(base, name) if base is not None else None
        found = base.members.get(name, _UNKNOWN)
        if found is _UNKNOWN:
            found = base.members[name] = self._find(base, name)
        return found  # type: ignore[return-value]

    def _find(self, type_: Type, name: str) -> Member | None:
        """Breadth first by the depth of embedding. The shallowest wins, unless an unknown type stands as high."""
        level: list[Type | None] = [type_]
        seen: set[Named] = set()
        for _ in range(MAX_EMBEDDING):
            found: Member | None = None
            unknown = False
            following: list[Type | None] = []
            for candidate in level:
                base = self._pointed(candidate)
                if isinstance(base, Named):
                    if base in seen:
                        continue
                    seen.add(base)
                own = self._own(base, name, following)
                unknown = unknown or own is _UNKNOWN
                if isinstance(own, Member):
                    found = found or own
            if found is not None or unknown or not following or len(following) > MAX_EMBEDDED:
                return found
            level = following
        return None

    def _pointed(self, type_: Type | None) -> Type | None:
        """Behind one pointer, be it that of a named pointer type."""
        if isinstance(type_, Named):
            underlying = self._types.underlying(type_)
            if isinstance(underlying, Pointer):
                type_ = underlying
        return type_.elem if isinstance(type_, Pointer) else type_

    def _own(self, type_: Type | None, name: str, following: list[Type | None]) -> object:
        """The member at this depth, or whether there may be one; what is embedded goes to ``following``."""
        owner = type_ if isinstance(type_, Named) else None
        if owner is not None:
            method = self.declared_method(owner, name)
            if method is not None:
                signature = self._types.declared_signature(method, owner.args)
                return Member(MemberKind.METHOD, signature, owner, declared=method)
        if isinstance(type_, TypeParameter):
            return self._of_parameter(type_, name, following)
        match self._types.underlying(type_):
            case Struct() as struct:
                field = struct.field(name)
                if field is not None:
                    return Member(MemberKind.FIELD, field.type, owner)
                following += struct.embedded
                return None
            case Interface() as interface:
                return self.interface_method(interface, owner, name)
            case None:
                return _UNKNOWN
            case _:
                return None

    def _of_parameter(self, parameter: TypeParameter, name: str, following: list[Type | None]) -> object:
        """A method of the constraint, else a member of the core type."""
        constraint = self._types.constraint(parameter)
        underlying = self._types.underlying(constraint)
        if isinstance(underlying, Interface):
            owner = constraint if isinstance(constraint, Named) else None
            found = self.interface_method(underlying, owner, name)
            if isinstance(found, Member):
                return found
            following += self._types.terms(underlying)[:1]
            return found
        return self._own(self._pointed(constraint), name, following) if constraint is not None else _UNKNOWN

    def interface_method(self, interface: Interface, owner: Named | None, name: str, depth: int = 0) -> object:
        """A method by the interface that spells it; ``_UNKNOWN`` when an embedded interface is not known."""
        signature = interface.method(name)
        if signature is not None:
            return Member(MemberKind.METHOD, signature, owner, interface=True)
        if name in interface.names or depth > MAX_EMBEDDING:
            return _UNKNOWN
        unknown: object = None
        for part in interface.embedded:
            underlying = self._types.underlying(part)
            if isinstance(underlying, Interface):
                found = self.interface_method(underlying, part if isinstance(part, Named) else None, name, depth + 1)
                if isinstance(found, Member):
                    return found
                unknown = unknown or found
            elif underlying is None:
                unknown = _UNKNOWN
        return unknown

    def interface_methods(self, interface: Interface, depth: int = 0) -> Iterator[tuple[str, Signature]]:
        """All methods of an interface, embedded ones included, as far as they are known."""
        yield from interface.methods
        for part in interface.embedded if depth < MAX_EMBEDDING else ():
            underlying = self._types.underlying(part)
            if isinstance(underlying, Interface):
                yield from self.interface_methods(underlying, depth + 1)

    # -- declared methods

    def declared_method(self, owner: Named, name: str) -> Declared | None:
        """The declaration of a method of a named type, also when it is declared through an alias of the type."""
        declared = owner.declared
        if declared is None or declared.is_local:
            return None
        package = declared.package
        found = package.method(owner.name, name, declared.file)
        if found is not None:
            return found
        for alias in self._aliases(package).get(owner.name, ()):
            found = package.method(alias, name, declared.file)
            if found is not None:
                return found
        return None

    def _aliases(self, package: Package) -> dict[str, list[str]]:
        """The aliases that methods are declared through, by the type that they stand for."""
        if package.method_aliases is None:
            package.method_aliases = {}
            for name in package.methods:
                declared = package.declaration(name)
                node = declared.node if declared is not None else None
                if declared is not None and isinstance(node, ir.TypeDecl) and node.alias:
                    type_ = self._types.declared_type(declared)
                    target = type_.name if isinstance(type_, Named) else receiver_name(node.type)
                    package.method_aliases.setdefault(target, []).append(name)
        return package.method_aliases

    # -- interfaces

    def implements_error(self, type_: Type | None) -> bool:
        """Whether values of the type are errors: ``error`` itself, or a type with ``Error() string``."""
        if not isinstance(type_, Named | Pointer):
            return False
        found = self.member(type_, "Error")
        if found is None or found.kind is not MemberKind.METHOD or not isinstance(found.type, Signature):
            return False
        return not found.type.params and found.type.results == (STRING,)
