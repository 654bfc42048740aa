"""A package reduced to what its importers can see, as Go source: the form of the shipped signatures and of the cache.

Functions have no bodies, variables and constants their type in place of a value, structs their exported and embedded fields.
Unexported types stay when something exported mentions or embeds them: ``net.TCPConn.Close`` is a method of ``net.conn``. What
is not known is written as a name that nothing declares, so that it stays unknown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caulk.ir import nodes as ir
from caulk.semantics.model import (
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
)
from caulk.semantics.packages import Declared, Package, PackageFile, guessed_name
from caulk.semantics.typer import Typer
from caulk.semantics.world import World

UNKNOWN = "_unknown"
_UNTYPED = {
    "int": "0",
    "int32": "'0'",
    "float64": "0.0",
    "complex128": "0i",
    "string": '""',
    "bool": "0 == 0",
    "nil": "nil",
}
_IDENTIFIER = re.compile(r"[A-Za-z]\w*")


@dataclass(frozen=True, slots=True)
class Condensed:
    """The source, and the import paths in it."""

    text: str
    imports: tuple[str, ...]


def condense(world: World, package: Package) -> Condensed:
    """The condensed form of a package."""
    writer = _Writer(world, package)
    body = list(writer.declarations())
    head = [f"package {package.name}"]
    head += [f'import {name} "{path}"' for path, name in sorted(writer.imports.items())]
    return Condensed("\n".join([*head, *body]) + "\n", tuple(sorted(writer.imports)))


class _Writer:
    def __init__(self, world: World, package: Package) -> None:
        self._world = world
        self._package = package
        self.imports: dict[str, str] = {}
        self._wanted: list[str] = []

    # -- declarations

    def declarations(self) -> Iterator[str]:
        package = self._package
        for name, found in sorted(package.functions.items()):
            if name[:1].isupper() and isinstance(found[0].node, ir.Function):
                yield self._function(found[0], found[0].node)
        for name, found in sorted(package.values.items()):
            if name[:1].isupper() and isinstance(found[0].node, ir.ValueDecl):
                yield self._value(found[0], found[0].node)
        done: set[str] = set()
        self._wanted += sorted((name for name in package.types if name[:1].isupper()), reverse=True)
        while self._wanted:
            name = self._wanted.pop()
            if name not in done and name in package.types:
                done.add(name)
                yield from self._type_with_methods(name)

    def _type_with_methods(self, name: str) -> Iterator[str]:
        declared = self._package.types[name][0]
        node = declared.node
        if not isinstance(node, ir.TypeDecl):
            return
        params = self._type_params(node.type_params, declared.file)
        yield f"type {name}{params} {'= ' if node.alias else ''}{self._type(node.type, declared.file)}"
        yield from self._methods(name)
        for alias, variants in self._package.types.items():
            other = variants[0].node
            if alias in self._package.methods and isinstance(other, ir.TypeDecl) and other.alias:
                self._wanted.append(alias)  # methods may be declared through it

    def _methods(self, name: str) -> Iterator[str]:
        for method, found in sorted(self._package.methods.get(name, {}).items()):
            if method[:1].isupper() and isinstance(found[0].node, ir.Function):
                yield self._function(found[0], found[0].node)

    def _function(self, declared: Declared, node: ir.Function) -> str:
        file = declared.file
        receiver = f"({self._type(node.receiver.type, file)}) " if node.receiver is not None else ""
        return (
            f"func {receiver}{node.name}{self._type_params(node.type_params, file)}"
            f"{self._signature(node.params, node.results, file)}"
        )

    def _value(self, declared: Declared, node: ir.ValueDecl) -> str:
        file = declared.file
        type_ = Typer(self._world, self._package, file).declared_value(declared)
        if node.const:
            if isinstance(type_, Basic) and type_.untyped:
                return f"const {declared.name} = {_UNTYPED.get(type_.name, UNKNOWN)}"
            shown = self._type(node.type, file) if node.type is not None else self._resolved(type_)
            return f"const {declared.name} {shown} = 0"
        return f"var {declared.name} {self._type(node.type, file) if node.type is not None else self._resolved(type_)}"

    # -- types as they are written

    def _type_params(self, params: tuple[ir.TypeParam, ...], file: PackageFile) -> str:
        if not params:
            return ""
        return "[" + ", ".join(f"{p.name} {self._type(p.constraint, file)}" for p in params) + "]"

    def _signature(self, params: tuple[ir.Param, ...], results: tuple[ir.Param, ...], file: PackageFile) -> str:
        inside = ", ".join(("..." if p.variadic else "") + self._type(p.type, file) for p in params)
        return f"({inside})" + _results([self._type(result.type, file) for result in results])

    def _type(self, type_: ir.TypeExpr, file: PackageFile) -> str:
        match type_:
            case ir.NamedType():
                return self._named(type_, file)
            case ir.PointerType():
                return "*" + self._type(type_.elem, file)
            case ir.SliceType():
                return "[]" + self._type(type_.elem, file)
            case ir.ArrayType():
                return "[1]" + self._type(type_.elem, file)
            case ir.MapType():
                return f"map[{self._type(type_.key, file)}]{self._type(type_.value, file)}"
            case ir.ChanType():
                return _channel(type_.direction, self._type(type_.elem, file))
            case ir.FuncType():
                return "func" + self._signature(type_.params, type_.results, file)
            case ir.StructType():
                return self._struct(type_, file)
            case ir.InterfaceType():
                return self._interface(type_, file)
            case _:
                return UNKNOWN

    def _named(self, type_: ir.NamedType, file: PackageFile) -> str:
        args = "[" + ", ".join(self._type(arg, file) for arg in type_.args) + "]" if type_.args else ""
        if type_.symbol is not None:
            return type_.name + args
        if type_.package:
            path = self._world.imported(file, type_.package)
            return f"{self._import(path, type_.package)}.{type_.name}{args}" if path is not None else UNKNOWN
        if type_.name in self._package.types:
            self._wanted.append(type_.name)
            return type_.name + args
        dotted = self._dot_imported(type_.name, file)
        return dotted + args if dotted else type_.name + args

    def _dot_imported(self, name: str, file: PackageFile) -> str:
        for path in file.dot_imports:
            package = self._world.import_package(path, self._package, file)
            if package is not None and name in package.types:
                return f"{self._import(path, package.name)}.{name}"
        return ""

    def _import(self, path: str, name: str) -> str:
        """The name under which a package is imported here."""
        if path not in self.imports:
            taken = set(self.imports.values())
            while name in taken or not _IDENTIFIER.fullmatch(name):
                name = name + "_" if _IDENTIFIER.fullmatch(name) else "p"
            self.imports[path] = name
        return self.imports[path]

    def _struct(self, type_: ir.StructType, file: PackageFile) -> str:
        fields = [
            self._type(field.type, file) if field.embedded else f"{field.name} {self._type(field.type, file)}"
            for field in type_.fields
            if field.embedded or field.name[:1].isupper()
        ]
        return "struct { " + "; ".join(fields) + " }"

    def _interface(self, type_: ir.InterfaceType, file: PackageFile) -> str:
        members = [
            f"{m.name}{self._signature(m.type.params, m.type.results, file)}"
            for m in type_.methods
            if m.name[:1].isupper()
        ]
        members += [self._type(inner, file) for inner in type_.embedded]
        members += [" | ".join("~" + self._type(term, file) for term in union) for union in type_.unions]
        return "interface { " + "; ".join(members) + " }"

    # -- types as they were inferred

    def _resolved(self, type_: Type | None) -> str:
        match type_:
            case Basic():
                return type_.name
            case Named():
                return self._resolved_name(type_)
            case Pointer(elem=elem):
                return "*" + self._resolved(elem)
            case Slice(elem=elem):
                return "[]" + self._resolved(elem)
            case Array(elem=elem):
                return "[1]" + self._resolved(elem)
            case Map(key=key, value=value):
                return f"map[{self._resolved(key)}]{self._resolved(value)}"
            case Chan(elem=elem, direction=direction):
                return _channel(direction, self._resolved(elem))
            case Signature():
                return "func" + self._resolved_signature(type_)
            case Struct():
                return self._resolved_struct(type_)
            case Interface() if not type_.union:
                members = [f"{name}{self._resolved_signature(s)}" for name, s in type_.methods if name[:1].isupper()]
                members += [self._resolved(part) for part in type_.embedded]
                return "interface { " + "; ".join(members) + " }"
            case _:
                return UNKNOWN

    def _resolved_name(self, type_: Named) -> str:
        if type_.local is not None:
            return UNKNOWN
        args = "[" + ", ".join(map(self._resolved, type_.args)) + "]" if type_.args else ""
        if not type_.path:
            return type_.name
        if type_.path == self._package.path:
            self._wanted.append(type_.name)
            return type_.name + args
        name = type_.declared.package.name if type_.declared is not None else guessed_name(type_.path)
        return f"{self._import(type_.path, name)}.{type_.name}{args}"

    def _resolved_signature(self, signature: Signature) -> str:
        params = [self._resolved(param) for param in signature.params]
        if signature.variadic and params:
            params[-1] = "..." + params[-1].removeprefix("[]")
        return f"({', '.join(params)})" + _results([self._resolved(result) for result in signature.results])

    def _resolved_struct(self, type_: Struct) -> str:
        fields = [
            self._resolved(field.type) if field.embedded else f"{field.name} {self._resolved(field.type)}"
            for field in type_.fields
            if field.embedded or field.name[:1].isupper()
        ]
        return "struct { " + "; ".join(fields) + " }"


def _results(types: list[str]) -> str:
    return f" {types[0]}" if len(types) == 1 else f" ({', '.join(types)})" if types else ""


def _channel(direction: ir.ChanDir, elem: str) -> str:
    return f"{direction.value} ({elem})" if elem.startswith("<-") else f"{direction.value} {elem}"
