"""Types of declarations: type expressions resolved, underlying types, members. No compiler, no guess: unknown is None."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from caulk.ir import nodes as ir
from caulk.semantics.model import (
    ANY,
    ERROR,
    STRING,
    Array,
    Basic,
    Chan,
    Field,
    Interface,
    Map,
    Member,
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
from caulk.semantics.packages import Declared, Package, PackageFile, World, receiver_name

Bindings: TypeAlias = Mapping[int, "Type | None"]
"""What type parameters stand for, by the ``id`` of their symbol."""

NO_BINDINGS: Bindings = {}

BASIC_NAMES = frozenset(
    [
        "bool",
        "string",
        "int",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "uintptr",
        "byte",
        "rune",
        "float32",
        "float64",
        "complex64",
        "complex128",
    ]
)
_ALIASES = {"byte": "uint8", "rune": "int32"}
COMPARABLE = Named("", "comparable")
_UNIVERSE: dict[str, Type] = {
    **{name: Basic(_ALIASES.get(name, name)) for name in BASIC_NAMES},
    "error": ERROR,
    "any": ANY,
    "comparable": COMPARABLE,
}
_UNIVERSE_UNDERLYING: dict[Named, Type] = {
    ERROR: Interface((("Error", Signature((), (STRING,))),)),
    ANY: Interface(()),
    COMPARABLE: Interface(()),
}
MAX_EMBEDDING = 8


class Types:
    """Type operations over one world of packages; everything is remembered in the world's cache."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._underlying: dict[Named, Type | None] = {}
        self._members: dict[tuple[Type, str], Member | None] = {}
        self._busy: set[object] = set()
        self._locals: dict[ir.Symbol, tuple[ir.TypeDecl, PackageFile]] = {}
        self._local_files: dict[int, PackageFile] = {}

    @classmethod
    def of(cls, world: World) -> Types:
        """The one instance of a world."""
        found = world.cache.get(("types",))
        if not isinstance(found, Types):
            found = cls(world)
            world.cache[("types",)] = found
        return found

    # -- lookups

    def package(self, path: str, importer: Package) -> Package | None:
        return importer if path == importer.path else self._world.import_package(path, importer)

    def declared_type(self, type_: Named, importer: Package) -> Declared | None:
        """The declaration of a named type."""
        package = self.package(type_.path, importer) if type_.path else None
        found = package.types.get(type_.name) if package is not None else None
        return found[0] if found else None

    # -- type expressions

    def resolve(self, expr: ir.TypeExpr, file: PackageFile, bindings: Bindings = NO_BINDINGS) -> Type | None:
        """The type that a type expression of ``file`` means."""
        match expr:
            case ir.NamedType():
                return self._named(expr, file, bindings)
            case ir.PointerType():
                return Pointer(self.resolve(expr.elem, file, bindings))
            case ir.SliceType():
                return Slice(self.resolve(expr.elem, file, bindings))
            case ir.ArrayType():
                return Array(self.resolve(expr.elem, file, bindings))
            case ir.MapType():
                return Map(self.resolve(expr.key, file, bindings), self.resolve(expr.value, file, bindings))
            case ir.ChanType():
                return Chan(self.resolve(expr.elem, file, bindings), expr.direction)
            case ir.FuncType():
                return self.signature(expr.params, expr.results, file, bindings)
            case ir.StructType():
                fields = (Field(f.name, self.resolve(f.type, file, bindings), f.embedded) for f in expr.fields)
                return Struct(tuple(fields))
            case ir.InterfaceType():
                return self._interface(expr, file, bindings)
            case _:
                return None

    def _interface(self, expr: ir.InterfaceType, file: PackageFile, bindings: Bindings) -> Type:
        methods = tuple(
            (method.name, self.signature(method.type.params, method.type.results, file, bindings))
            for method in expr.methods
        )
        embedded = tuple(self.resolve(inner, file, bindings) for inner in expr.embedded)
        return Interface(methods, embedded, bool(expr.unions))

    def signature(
        self,
        params: Iterable[ir.Param],
        results: Iterable[ir.Param],
        file: PackageFile,
        bindings: Bindings = NO_BINDINGS,
    ) -> Signature:
        """The type of a function with these parameters and results."""
        variadic = False
        types: list[Type | None] = []
        for param in params:
            resolved = self.resolve(param.type, file, bindings)
            types.append(Slice(resolved) if param.variadic else resolved)
            variadic = param.variadic
        return Signature(tuple(types), tuple(self.resolve(r.type, file, bindings) for r in results), variadic)

    def _named(self, expr: ir.NamedType, file: PackageFile, bindings: Bindings) -> Type | None:
        args = tuple(self.resolve(arg, file, bindings) for arg in expr.args)
        if expr.package:
            path = self._world.imported(file, expr.package)
            return self._of_package(path, expr.name, args, file.package) if path else None
        symbol = expr.symbol
        if symbol is not None:
            if id(symbol) in bindings:
                return bindings[id(symbol)]
            if symbol.kind is ir.SymbolKind.TYPE_PARAM:
                return TypeParameter(expr.name, symbol)
            return self._local_type(symbol, args, file)
        if expr.name in file.package.types:
            return self._of_package(file.package.path, expr.name, args, file.package)
        for path in file.dot_imports:
            package = self.package(path, file.package)
            if package is not None and expr.name in package.types:
                return self._of_package(path, expr.name, args, file.package)
        return _UNIVERSE.get(expr.name)

    def declare_local(self, statement: ir.LocalType, file: PackageFile) -> None:
        """Make a type that a function declares known, so that its name resolves."""
        self._locals[statement.symbol] = statement.decl, file
        self._local_files[id(statement.decl)] = file

    def _local_type(self, symbol: ir.Symbol, args: tuple[Type | None, ...], file: PackageFile) -> Type | None:
        known = self._locals.get(symbol)
        if known is None:
            return None
        declaration, _ = known
        if declaration.alias:
            return self.resolve(declaration.type, file)
        return Named(file.package.path, declaration.name, args, declaration)

    def _of_package(self, path: str, name: str, args: tuple[Type | None, ...], importer: Package) -> Type | None:
        package = self.package(path, importer)
        found = package.types.get(name) if package is not None else None
        if not found:
            if package is not None and package.directory == "" and not name[:1].isupper():
                return None
            return Named(path, name, args) if package is None or not package.files else None
        declared = found[0]
        if isinstance(declared.node, ir.TypeDecl) and declared.node.alias:
            return self._alias(declared, args)
        return Named(declared.package.path, name, args)

    def _alias(self, declared: Declared, args: tuple[Type | None, ...]) -> Type | None:
        key = ("alias", id(declared.node))
        if key in self._busy or not isinstance(declared.node, ir.TypeDecl):
            return None
        self._busy.add(key)
        try:
            return self.resolve(declared.node.type, declared.file, _bound(declared.node.type_params, args))
        finally:
            self._busy.discard(key)

    # -- underlying types

    def underlying(self, type_: Type | None, importer: Package) -> Type | None:
        """What a type is made of: the struct, interface, map … behind its names."""
        if isinstance(type_, TypeParameter):
            return None
        if not isinstance(type_, Named):
            return type_
        if type_ in _UNIVERSE_UNDERLYING:
            return _UNIVERSE_UNDERLYING[type_]
        if type_ not in self._underlying:
            self._underlying[type_] = None  # `type T T` is nothing
            self._underlying[type_] = self._compute_underlying(type_, importer)
        return self._underlying[type_]

    def _compute_underlying(self, type_: Named, importer: Package) -> Type | None:
        if type_.local is not None:
            file = self._local_files.get(id(type_.local))
            inner = self.resolve(type_.local.type, file, _bound(type_.local.type_params, type_.args)) if file else None
            return self.underlying(inner, importer)
        declared = self.declared_type(type_, importer)
        if declared is None or not isinstance(declared.node, ir.TypeDecl):
            return None
        inner = self.resolve(declared.node.type, declared.file, _bound(declared.node.type_params, type_.args))
        return self.underlying(inner, declared.package)

    def core(self, parameter: TypeParameter, file: PackageFile) -> Type | None:
        """The one underlying type of all types in a parameter's constraint (``S ~[]E``); None when they differ."""
        if ("core", parameter.symbol) in self._busy:
            return None
        self._busy.add(("core", parameter.symbol))
        try:
            return self._core_of(parameter.symbol.type, file)
        finally:
            self._busy.discard(("core", parameter.symbol))

    def _core_of(self, expr: ir.TypeExpr | None, file: PackageFile) -> Type | None:
        if isinstance(expr, ir.InterfaceType):
            terms = [term for union in expr.unions for term in union] + list(expr.embedded)
            cores = {self._core_of(term, file) for term in terms}
            return cores.pop() if len(cores) == 1 else None
        resolved = self.resolve(expr, file) if expr is not None else None
        if isinstance(resolved, TypeParameter):
            return self.core(resolved, file)
        underlying = self.underlying(resolved, file.package)
        if not isinstance(underlying, Interface):
            return underlying
        declared = (
            self.declared_type(resolved, file.package) if isinstance(resolved, Named) and not resolved.args else None
        )
        node = declared.node if declared is not None else None
        return (
            self._core_of(node.type, declared.file) if declared is not None and isinstance(node, ir.TypeDecl) else None
        )

    # -- members

    def member(self, type_: Type | None, name: str, importer: Package) -> Member | None:
        """What ``x.name`` selects for an x of the type, through pointers, embedding and interfaces."""
        if type_ is None:
            return None
        key = type_, name
        if key not in self._members:
            self._members[key] = self._find_member(type_, name, importer)
        return self._members[key]

    def _find_member(self, type_: Type, name: str, importer: Package) -> Member | None:
        level: list[tuple[Type, Package]] = [(type_, importer)]
        seen: set[Named] = set()
        for _ in range(MAX_EMBEDDING):
            following: list[tuple[Type, Package]] = []
            for candidate, package in level:
                found = self._own_member(candidate, name, package, seen, following)
                if found is not None:
                    return found
            if not following:
                return None
            level = following
        return None

    def _own_member(
        self,
        candidate: Type,
        name: str,
        importer: Package,
        seen: set[Named],
        following: list[tuple[Type, Package]],
    ) -> Member | None:
        """The member at this depth of embedding; what is embedded goes to ``following``."""
        while isinstance(candidate, Pointer):
            if candidate.elem is None:
                return None
            candidate = candidate.elem
        owner: Named | None = None
        if isinstance(candidate, Named):
            if candidate in seen:
                return None
            seen.add(candidate)
            owner = candidate
            method = self._method(candidate, name, importer)
            if method is not None:
                return method
            declared = self.declared_type(candidate, importer)
            importer = declared.package if declared is not None else importer
        inner = self._constraint(candidate, importer) if isinstance(candidate, TypeParameter) else candidate
        match self.underlying(inner, importer):
            case Struct(fields=fields):
                for field in fields:
                    if field.name == name:
                        return Member(MemberKind.FIELD, field.type, owner)
                    if field.embedded and field.type is not None:
                        following.append((field.type, importer))
            case Interface(methods=methods, embedded=embedded):
                for method_name, signature in methods:
                    if method_name == name:
                        return Member(MemberKind.METHOD, signature, owner, interface=True)
                following += [(part, importer) for part in embedded if part is not None]
            case Pointer(elem=elem) if elem is not None:
                following.append((elem, importer))
            case _:
                pass
        return None

    def _constraint(self, parameter: TypeParameter, importer: Package) -> Type | None:
        if parameter.constraint is not None or parameter.symbol.type is None:
            return parameter.constraint
        file = next(iter(importer.files), None)
        return self.resolve(parameter.symbol.type, file) if file is not None else None

    def _method(self, owner: Named, name: str, importer: Package) -> Member | None:
        if not owner.path or owner.local is not None:
            return None
        package = self.package(owner.path, importer)
        declared = self._declared_method(package, owner.name, name) if package is not None else None
        if declared is None or not isinstance(declared.node, ir.Function):
            return None
        signature = self.method_signature(declared, owner.args)
        return Member(MemberKind.METHOD, signature, owner, declared=declared)

    def _declared_method(self, package: Package, type_name: str, name: str) -> Declared | None:
        found = package.method(type_name, name)
        if found is not None:
            return found
        for alias in self._aliases_of(package, type_name):
            found = package.method(alias, name)
            if found is not None:
                return found
        return None

    @staticmethod
    def _aliases_of(package: Package, type_name: str) -> Iterable[str]:
        """Aliases of the type in its package: methods may be declared through them."""
        for name in package.methods:
            for declared in package.types.get(name, ()):
                node = declared.node
                if isinstance(node, ir.TypeDecl) and node.alias and receiver_name(node.type) == type_name:
                    yield name

    def method_signature(self, declared: Declared, args: tuple[Type | None, ...] = ()) -> Signature | None:
        """The signature of a declared function or method; ``args`` are those of the receiver's type."""
        node = declared.node
        if not isinstance(node, ir.Function):
            return None
        bindings: dict[int, Type | None] = {}
        if node.receiver is not None and args:
            receiver = node.receiver.type
            while isinstance(receiver, ir.PointerType):
                receiver = receiver.elem
            if isinstance(receiver, ir.NamedType):
                for written, arg in zip(receiver.args, args, strict=False):
                    if isinstance(written, ir.NamedType) and written.symbol is not None:
                        bindings[id(written.symbol)] = arg
        return self.signature(node.params, node.results, declared.file, bindings)

    # -- interfaces

    def implements_error(self, type_: Type | None, importer: Package) -> bool:
        """Whether values of the type are errors: ``error`` itself, or a type with ``Error() string``."""
        if type_ == ERROR:
            return True
        if not isinstance(type_, Named | Pointer):
            return False
        found = self.member(type_, "Error", importer)
        if found is None or found.kind is not MemberKind.METHOD or not isinstance(found.type, Signature):
            return False
        return not found.type.params and found.type.results == (STRING,)


def _bound(params: tuple[ir.TypeParam, ...], args: tuple[Type | None, ...]) -> Bindings:
    return {id(param.symbol): arg for param, arg in zip(params, args, strict=False)}


def unify(param: Type | None, arg: Type | None, found: dict[int, Type]) -> None:
    """Learn from an argument's type what the type parameters in a parameter's type stand for."""
    if param is None or arg is None:
        return
    match param, arg:
        case TypeParameter(symbol=symbol), _:
            if not (isinstance(arg, Basic) and arg.name == "nil"):
                found.setdefault(id(symbol), default_type(arg))
        case (Pointer(elem=inner), Pointer(elem=outer)) | (Slice(elem=inner), Slice(elem=outer)):
            unify(inner, outer, found)
        case (Array(elem=inner), Array(elem=outer)) | (Chan(elem=inner), Chan(elem=outer)):
            unify(inner, outer, found)
        case Map(), Map():
            unify(param.key, arg.key, found)
            unify(param.value, arg.value, found)
        case Signature(), Signature():
            for left, right in zip(param.params + param.results, arg.params + arg.results, strict=False):
                unify(left, right, found)
        case Named(), Named() if (param.path, param.name) == (arg.path, arg.name):
            for left, right in zip(param.args, arg.args, strict=False):
                unify(left, right, found)
        case _:
            pass


def substitute(type_: Type | None, found: Mapping[int, Type]) -> Type | None:
    """The type with its type parameters replaced; None when one of them stays open."""
    match type_:
        case TypeParameter(symbol=symbol):
            return found.get(id(symbol))
        case Pointer(elem=elem):
            return Pointer(substitute(elem, found))
        case Slice(elem=elem):
            return Slice(substitute(elem, found))
        case Array(elem=elem):
            return Array(substitute(elem, found))
        case Map(key=key, value=value):
            return Map(substitute(key, found), substitute(value, found))
        case Chan(elem=elem, direction=direction):
            return Chan(substitute(elem, found), direction)
        case Signature(params=params, results=results, variadic=variadic):
            return Signature(
                tuple(substitute(p, found) for p in params), tuple(substitute(r, found) for r in results), variadic
            )
        case Named(args=args) if args:
            return Named(type_.path, type_.name, tuple(substitute(arg, found) for arg in args), type_.local)
        case Tuple(items=items):
            return Tuple(tuple(substitute(item, found) for item in items))
        case _:
            return type_


def default_type(type_: Type) -> Type:
    """The type that an untyped constant gets when nothing else decides."""
    return Basic(type_.name) if isinstance(type_, Basic) and type_.untyped else type_
