"""Type arguments: inferred from what a generic function is called with, and put in place of the parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from caulk.semantics.members import Members
from caulk.semantics.model import (
    Array,
    Basic,
    Chan,
    Interface,
    Map,
    MemberKind,
    Named,
    Pointer,
    Signature,
    Slice,
    Struct,
    Tuple,
    Type,
    TypeParameter,
)
from caulk.semantics.types import Types, default_type

Found: TypeAlias = dict[TypeParameter, "Type | None"]
"""Type arguments by parameter."""

MAX_DEPTH = 8
ROUNDS = 3
"""How often the constraints are gone through: one may tell what another needs."""
UNTYPED_ORDER = ("int", "int32", "float64", "complex128")
"""Kinds of untyped constants; the later one decides."""


class Inference:
    """Finds type arguments the way the language says: explicit ones, arguments, constraints, untyped constants last."""

    def __init__(self, types: Types, members: Members) -> None:
        self._types = types
        self._members = members

    def instantiate(
        self,
        signature: Signature,
        explicit: Sequence[Type | None],
        arguments: Sequence[Type | None] = (),
        spread: bool = False,
    ) -> Signature:
        """The signature with its type parameters replaced; unknown (None) where one stays open."""
        params = signature.type_params
        found: Found = dict(zip(params, explicit, strict=False))
        own = frozenset(params)
        untyped: Found = {}
        for number, argument in enumerate(arguments):
            param = parameter_type(signature, number, spread)
            if isinstance(argument, Basic) and argument.untyped:
                _note_untyped(param, argument, untyped)
            else:
                self.unify(param, argument, found, own)
        self._from_constraints(params, found, own)
        late = {param: default_type(kind) for param, kind in untyped.items() if param not in found and kind is not None}
        if late:
            found.update(late)
            self._from_constraints(params, found, own)
        bindings: Found = {param: found.get(param) for param in params}
        return Signature(
            tuple([self.substitute(param, bindings) for param in signature.params]),
            tuple([self.substitute(result, bindings) for result in signature.results]),
            signature.variadic,
        )

    def _from_constraints(self, params: Sequence[TypeParameter], found: Found, own: frozenset[TypeParameter]) -> None:
        for _ in range(ROUNDS):
            before = len(found)
            for param in params:
                constraint = self._types.constraint(param)
                core = self._types.core(param)
                if core is None or isinstance(core, Interface):
                    if param in found and isinstance(constraint, Named) and constraint.args:
                        self.unify(constraint, found[param], found, own)
                elif param in found:
                    self.unify(core, self._types.core(found[param]), found, own)
                else:
                    filled = self.substitute(core, {other: found.get(other) for other in own})
                    if is_complete(filled):
                        found[param] = filled
            if len(found) == before:
                return

    def unify(
        self, param: Type | None, argument: Type | None, found: Found, own: frozenset[TypeParameter], depth: int = 0
    ) -> None:
        """Learn from an argument's type what the type parameters in a parameter's type stand for."""
        if param is None or argument is None or depth > MAX_DEPTH:
            return
        if isinstance(param, TypeParameter):
            if param in own and param not in found:
                found[param] = default_type(argument)
            return
        if isinstance(param, Named):
            unnamed = self._unify_named(param, argument, found, own, depth)
            if unnamed is None:
                return
            param = unnamed
        if isinstance(argument, Named | TypeParameter):
            argument = self._types.core(argument)
        self._unify_parts(param, argument, found, own, depth + 1)

    def _unify_named(
        self, param: Named, argument: Type, found: Found, own: frozenset[TypeParameter], depth: int
    ) -> Type | None:
        """What is left to compare: the underlying type of a generic parameter type; None when everything is done."""
        if not param.args:
            return None
        if isinstance(argument, Named) and (argument.path, argument.name) == (param.path, param.name):
            for left, right in zip(param.args, argument.args, strict=False):
                self.unify(left, right, found, own, depth + 1)
            return None
        underlying = self._types.underlying(param)
        if isinstance(underlying, Interface):
            for name, signature in self._members.interface_methods(underlying):
                method = self._members.member(argument, name)
                if method is not None and method.kind is MemberKind.METHOD:
                    self.unify(signature, method.type, found, own, depth + 1)
            return None
        return underlying if not isinstance(argument, Named) else None

    def _unify_parts(
        self, param: Type, argument: Type | None, found: Found, own: frozenset[TypeParameter], depth: int
    ) -> None:
        match param, argument:
            case ((Pointer() | Slice() | Array() | Chan()), (Pointer() | Slice() | Array() | Chan())):
                if type(param) is type(argument):
                    self.unify(param.elem, argument.elem, found, own, depth)
            case Map(), Map():
                self.unify(param.key, argument.key, found, own, depth)
                self.unify(param.value, argument.value, found, own, depth)
            case Signature(), Signature():
                if argument.type_params:
                    return  # a generic function as an argument: its own parameters are open too
                for left, right in zip(param.params, argument.params, strict=False):
                    self.unify(left, right, found, own, depth)
                for left, right in zip(param.results, argument.results, strict=False):
                    self.unify(left, right, found, own, depth)
            case _:
                pass

    def substitute(self, type_: Type | None, found: Mapping[TypeParameter, Type | None]) -> Type | None:
        """The type with its type parameters replaced; those that ``found`` does not speak of stay."""
        match type_:
            case TypeParameter():
                return found.get(type_, type_)
            case Named(args=args):
                return self._substituted_named(type_, found) if args else type_
            case Pointer(elem=elem):
                return Pointer(self.substitute(elem, found))
            case Slice(elem=elem):
                return Slice(self.substitute(elem, found))
            case Array(elem=elem):
                return Array(self.substitute(elem, found))
            case Map(key=key, value=value):
                return Map(self.substitute(key, found), self.substitute(value, found))
            case Chan(elem=elem, direction=direction):
                return Chan(self.substitute(elem, found), direction)
            case Signature():
                return Signature(
                    tuple([self.substitute(param, found) for param in type_.params]),
                    tuple([self.substitute(result, found) for result in type_.results]),
                    type_.variadic,
                    type_.type_params,
                )
            case Struct(declared=declared, resolve=resolve):
                return Struct(declared, lambda expr: self.substitute(resolve(expr), found)) if declared else type_
            case Interface():
                return type_.mapped(lambda part: self.substitute(part, found))
            case Tuple(items=items):
                return Tuple(tuple([self.substitute(item, found) for item in items]))
            case _:
                return type_

    def _substituted_named(self, type_: Named, found: Mapping[TypeParameter, Type | None]) -> Type:
        args = tuple([self.substitute(arg, found) for arg in type_.args])
        if type_.declared is not None:
            instance = self._types.declared_type(type_.declared, args)
            if instance is not None:
                return instance
        return Named(type_.path, type_.name, args, type_.local, type_.declared)


def _note_untyped(param: Type | None, argument: Basic, untyped: Found) -> None:
    if not isinstance(param, TypeParameter) or argument.name == "nil":
        return
    known = untyped.get(param)
    if not isinstance(known, Basic) or _rank(argument) > _rank(known):
        untyped[param] = argument


def _rank(kind: Basic) -> int:
    return UNTYPED_ORDER.index(kind.name) if kind.name in UNTYPED_ORDER else -1


def parameter_type(signature: Signature, number: int, spread: bool) -> Type | None:
    """The type of parameter ``number``; the element type for what goes into the variadic one."""
    last = len(signature.params) - 1
    if signature.variadic and number >= last:
        param = signature.params[last]
        return param if spread else param.elem if isinstance(param, Slice) else None
    return signature.params[number] if number <= last else None


def is_complete(type_: Type | None) -> bool:
    """Whether nothing in a type is unknown, as far as it is written down."""
    match type_:
        case None:
            return False
        case Pointer(elem=elem) | Slice(elem=elem) | Array(elem=elem) | Chan(elem=elem):
            return is_complete(elem)
        case Map(key=key, value=value):
            return is_complete(key) and is_complete(value)
        case Named(args=args):
            return all(map(is_complete, args))
        case Signature(params=params, results=results):
            return all(map(is_complete, params)) and all(map(is_complete, results))
        case _:
            return True
