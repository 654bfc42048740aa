"""Types of declarations: type expressions resolved, underlying types, constraints. No compiler, no guess: unknown is None."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeAlias

from caulk.ir import nodes as ir
from caulk.ir.declarations import receiver_name
from caulk.ir.nodes import SymbolKind
from caulk.semantics.model import (
    ANY,
    COMPARABLE,
    ERROR,
    STRING,
    Array,
    Basic,
    Chan,
    Interface,
    Map,
    Named,
    Pointer,
    Signature,
    Slice,
    Struct,
    Type,
    TypeParameter,
)
from caulk.semantics.names import UNSAFE_POINTER, Names, Predeclared
from caulk.semantics.packages import Declared, PackageFile
from caulk.semantics.world import World

Bindings: TypeAlias = Mapping[ir.Symbol, "Type | None"]
"""What type parameters stand for."""

NO_BINDINGS: Bindings = {}
MAX_CORE_DEPTH = 6
_BUSY = object()


def _nothing(_: ir.TypeExpr) -> Type | None:
    return None


_UNIVERSE_UNDERLYING: dict[Named, Type] = {
    ERROR: Interface(None, _nothing, (("Error", Signature((), (STRING,))),)),
    ANY: Interface(None, _nothing),
    COMPARABLE: Interface(None, _nothing),
}


class Types:
    """Type operations over one world of packages. What is computed is kept by the declarations and types themselves."""

    def __init__(self, world: World) -> None:
        self.names = Names(world)
        self._resolvers: dict[type, Callable[[Types, ir.TypeExpr, PackageFile, Bindings], Type | None]] = _RESOLVERS

    @classmethod
    def of(cls, world: World) -> Types:
        """The one instance of a world."""
        found = world.cache.get(("types",))
        if not isinstance(found, Types):
            found = world.cache[("types",)] = cls(world)
        return found

    # -- type expressions

    def resolve(self, expr: ir.TypeExpr, file: PackageFile, bindings: Bindings = NO_BINDINGS) -> Type | None:
        """The type that a type expression of ``file`` means."""
        resolver = self._resolvers.get(type(expr))
        return resolver(self, expr, file, bindings) if resolver is not None else None

    def _pointer(self, expr: ir.PointerType, file: PackageFile, bindings: Bindings) -> Type:
        return Pointer(self.resolve(expr.elem, file, bindings))

    def _slice(self, expr: ir.SliceType, file: PackageFile, bindings: Bindings) -> Type:
        return Slice(self.resolve(expr.elem, file, bindings))

    def _array(self, expr: ir.ArrayType, file: PackageFile, bindings: Bindings) -> Type:
        return Array(self.resolve(expr.elem, file, bindings))

    def _map(self, expr: ir.MapType, file: PackageFile, bindings: Bindings) -> Type:
        return Map(self.resolve(expr.key, file, bindings), self.resolve(expr.value, file, bindings))

    def _chan(self, expr: ir.ChanType, file: PackageFile, bindings: Bindings) -> Type:
        return Chan(self.resolve(expr.elem, file, bindings), expr.direction)

    def _func(self, expr: ir.FuncType, file: PackageFile, bindings: Bindings) -> Type:
        return self.signature(expr.params, expr.results, file, bindings)

    def _struct(self, expr: ir.StructType, file: PackageFile, bindings: Bindings) -> Type:
        return Struct(expr.fields, partial(self.resolve, file=file, bindings=bindings))

    def _interface(self, expr: ir.InterfaceType, file: PackageFile, bindings: Bindings) -> Type:
        return Interface(expr, partial(self.resolve, file=file, bindings=bindings))

    def _named(self, expr: ir.NamedType, file: PackageFile, bindings: Bindings) -> Type | None:
        symbol = expr.symbol
        if symbol is not None:
            if symbol in bindings:
                return bindings[symbol]
            if symbol.kind is SymbolKind.TYPE_PARAM:
                return self.type_parameter(symbol, file)
            return self._local_type(symbol, self._args(expr, file, bindings), file)
        if expr.args:
            return self._by_name(expr.package, expr.name, self._args(expr, file, bindings), file)
        key = expr.package, expr.name
        if key not in file.types:
            file.types[key] = self._by_name(expr.package, expr.name, (), file)
        return file.types[key]

    def _args(self, expr: ir.NamedType, file: PackageFile, bindings: Bindings) -> tuple[Type | None, ...]:
        return tuple([self.resolve(arg, file, bindings) for arg in expr.args])

    def _by_name(self, qualifier: str, name: str, args: tuple[Type | None, ...], file: PackageFile) -> Type | None:
        if not qualifier:
            entity = self.names.entity(file, name)
            if isinstance(entity, Predeclared):
                return entity.type if entity.is_type else None
            return self.declared_type(entity, args) if entity is not None else None
        imported = self.names.imported(file, qualifier)
        if imported is None:
            return None
        if imported.path == "unsafe":
            return UNSAFE_POINTER if name == "Pointer" else None
        if imported.package is None:
            return Named(imported.path, name, args)
        declared = imported.package.declaration(name)
        return self.declared_type(declared, args) if declared is not None else None

    def declared_type(self, declared: Declared, args: tuple[Type | None, ...] = ()) -> Type | None:
        """The type that a declaration declares, with these type arguments; None for other declarations."""
        node = declared.node
        if not isinstance(node, ir.TypeDecl):
            return None
        if node.alias:
            return self._alias(declared, node, args)
        found = declared.instances.get(args)
        if found is None:
            local = node if declared.is_local else None
            found = declared.instances[args] = Named(declared.package.path, declared.name, args, local, declared)
        return found

    def _alias(self, declared: Declared, node: ir.TypeDecl, args: tuple[Type | None, ...]) -> Type | None:
        key = "alias", args
        if key not in declared.known:
            if declared.known.get("resolving"):
                return None  # `type A = A`, `type A[T any] = A[[]T]`
            declared.known["resolving"] = True
            declared.known[key] = self.resolve(node.type, declared.file, _bound(node.type_params, args))
            declared.known["resolving"] = False
        return declared.known[key]  # type: ignore[return-value]

    def type_parameter(self, symbol: ir.Symbol, file: PackageFile) -> TypeParameter:
        """The type parameter that a symbol of a function or type of ``file`` declares."""
        found = file.type_parameters.get(symbol)
        if found is None:
            found = file.type_parameters[symbol] = TypeParameter(symbol.name, symbol, file)
        return found

    def _local_type(self, symbol: ir.Symbol, args: tuple[Type | None, ...], file: PackageFile) -> Type | None:
        node = symbol.declares
        if node is None:
            return None
        declared = file.locals.get(symbol)
        if declared is None:
            declared = file.locals[symbol] = Declared(file.package, file, node, node.name, is_local=True)
        return self.declared_type(declared, args)

    def signature(
        self,
        params: Iterable[ir.Param],
        results: Iterable[ir.Param],
        file: PackageFile,
        bindings: Bindings = NO_BINDINGS,
        type_params: tuple[ir.TypeParam, ...] = (),
    ) -> Signature:
        """The type of a function with these parameters and results."""
        variadic = False
        types: list[Type | None] = []
        for param in params:
            resolved = self.resolve(param.type, file, bindings)
            types.append(Slice(resolved) if param.variadic else resolved)
            variadic = param.variadic
        generic = tuple([self.type_parameter(param.symbol, file) for param in type_params])
        return Signature(
            tuple(types), tuple([self.resolve(r.type, file, bindings) for r in results]), variadic, generic
        )

    def declared_signature(self, declared: Declared, args: tuple[Type | None, ...] = ()) -> Signature | None:
        """The signature of a declared function or method; ``args`` are those of the receiver's type."""
        node = declared.node
        if not isinstance(node, ir.Function):
            return None
        if not args:
            known = declared.known.get("signature")
            if known is None:
                known = self.signature(node.params, node.results, declared.file, NO_BINDINGS, node.type_params)
                declared.known["signature"] = known
            return known  # type: ignore[return-value]
        bindings = {
            symbol: arg for symbol, arg in zip(receiver_symbols(node), args, strict=False) if symbol is not None
        }
        return self.signature(node.params, node.results, declared.file, bindings, node.type_params)

    # -- underlying types

    def underlying(self, type_: Type | None) -> Type | None:
        """What a type is made of: the struct, interface, map … behind its names. None for type parameters."""
        if isinstance(type_, Named):
            found = type_.underlying
            if found is None:
                type_.underlying = _BUSY  # `type T T` is nothing
                found = self._underlying_of(type_)
                type_.underlying = found if found is not None else _BUSY
            return found if found is not _BUSY else None  # type: ignore[return-value]
        return None if isinstance(type_, TypeParameter) else type_

    def _underlying_of(self, type_: Named) -> Type | None:
        if type_.declared is None:
            return _UNIVERSE_UNDERLYING.get(type_)
        node = type_.declared.node
        if not isinstance(node, ir.TypeDecl):
            return None
        return self.underlying(self.resolve(node.type, type_.declared.file, _bound(node.type_params, type_.args)))

    # -- constraints

    def constraint(self, parameter: TypeParameter) -> Type | None:
        """The constraint of a type parameter, usually an interface."""
        symbol = parameter.symbol
        if symbol.type is not None:
            return self.resolve(symbol.type, parameter.file)
        return self._receiver_constraint(symbol, parameter.file)

    def _receiver_constraint(self, symbol: ir.Symbol, file: PackageFile) -> Type | None:
        """The parameters of a receiver's type are declared with the type."""
        function = symbol.function
        if function.receiver is None:
            return None
        declared = file.package.declaration(receiver_name(function.receiver.type), file)
        if declared is None or not isinstance(declared.node, ir.TypeDecl):
            return None
        own = receiver_symbols(function)
        params = declared.node.type_params
        if symbol not in own or len(own) != len(params):
            return None
        bindings = _bound(params, tuple(self.type_parameter(other, file) if other else None for other in own))
        return self.resolve(params[own.index(symbol)].constraint, declared.file, bindings)

    def core(self, type_: Type | None, depth: int = 0) -> Type | None:
        """The underlying type; for a type parameter the one underlying type of all types in its constraint."""
        if not isinstance(type_, TypeParameter):
            return self.underlying(type_)
        if depth > MAX_CORE_DEPTH:
            return None
        constraint = self.constraint(type_)
        underlying = (
            self.core(constraint, depth + 1) if isinstance(constraint, TypeParameter) else self.underlying(constraint)
        )
        return self._core_of(underlying, depth) if isinstance(underlying, Interface) else underlying

    def _core_of(self, interface: Interface, depth: int = 0) -> Type | None:
        found = [self.core(term, depth + 1) for term in self.terms(interface)]
        first = found[0] if found else None
        return first if first is not None and all(first == other for other in found) else None

    def terms(self, interface: Interface, depth: int = 0) -> list[Type | None]:
        """The types of the type set of a constraint; empty when every type is in it."""
        if interface.terms:
            return list(interface.terms)
        found: list[Type | None] = []
        for part in interface.embedded:
            underlying = self.underlying(part)
            if isinstance(underlying, Interface):
                if depth < MAX_CORE_DEPTH:
                    found += self.terms(underlying, depth + 1)
            else:
                found.append(part)
        return found


def receiver_symbols(function: ir.Function) -> list[ir.Symbol | None]:
    """What the names in the brackets of a receiver's type declare."""
    receiver = function.receiver.type if function.receiver is not None else None
    while isinstance(receiver, ir.PointerType):
        receiver = receiver.elem
    args = receiver.args if isinstance(receiver, ir.NamedType) else ()
    return [arg.symbol if isinstance(arg, ir.NamedType) else None for arg in args]


def _bound(params: tuple[ir.TypeParam, ...], args: tuple[Type | None, ...]) -> Bindings:
    return {param.symbol: arg for param, arg in zip(params, args, strict=False)} if params else NO_BINDINGS


def default_type(type_: Type) -> Type:
    """The type that an untyped constant gets when nothing else decides."""
    return Basic(type_.name) if isinstance(type_, Basic) and type_.untyped else type_


_RESOLVERS: dict[type, Callable[..., Type | None]] = {
    ir.NamedType: Types._named,
    ir.PointerType: Types._pointer,
    ir.SliceType: Types._slice,
    ir.ArrayType: Types._array,
    ir.MapType: Types._map,
    ir.ChanType: Types._chan,
    ir.FuncType: Types._func,
    ir.StructType: Types._struct,
    ir.InterfaceType: Types._interface,
}
