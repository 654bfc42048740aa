"""Make the shipped signature database: one stub source a package, with what importers can see and nothing else."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.semantics.packages import Declared, Package, PackageFile
from caulk.semantics.sources import Sources
from caulk.semantics.world import World

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SIMPLE_VALUE = re.compile(r"[\w.\"'+\-*/<>|() ]{1,60}|&?[\w.]+\{\s*\}|[\w.]+\(.{0,80}\)", re.S)


def write(out: Path, packages: Iterable[tuple[str, str]], sources: Sources) -> dict[str, int]:
    """Write the database of ``packages`` (import path, directory) to ``out``; the size in bytes of every stub.

    Raises OSError when a directory cannot be read."""
    world = World(sources=sources)
    sizes: dict[str, int] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, directory in sorted(set(packages)):
            package = world.load_directory(path, directory)
            if package is None or package.name == "main":
                continue
            text = "\n".join(_Stub(world, package).lines()) + "\n"
            archive.writestr(zipfile.ZipInfo(f"{path}.go", _EPOCH), text, zipfile.ZIP_DEFLATED)
            sizes[path] = len(text)
    return sizes


def public_packages(root: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The importable packages below a source root: no internal, vendored, test or command ones."""
    for directory, names, files in os.walk(root):
        names[:] = sorted(
            name
            for name in names
            if name
            not in (
                "internal",
                "semconv",
                "vendor",
                "testdata",
                "cmd",
                "examples",
                "example",
                "_examples",
                "test",
                "tests",
            )
            and name[0] not in "._"
        )
        below = os.path.relpath(directory, root)
        if any(name.endswith(".go") and not name.endswith("_test.go") for name in files):
            parts = [prefix] if prefix else []
            yield "/".join([*parts, *([] if below == "." else below.split(os.sep))]), directory


class _Stub:
    """The source of one package as its importers see it."""

    def __init__(self, world: World, package: Package) -> None:
        self._world = world
        self._package = package
        self._imports: dict[str, str] = {}
        self._wanted_types: list[str] = []
        self._texts: dict[str, bytes] = {}

    def lines(self) -> Iterator[str]:
        body = list(self._declarations())
        yield f"package {self._package.name}"
        for path, name in sorted(self._imports.items()):
            yield f'import {name} "{path}"'
        yield from body

    def _declarations(self) -> Iterator[str]:
        for name, found in sorted(self._package.functions.items()):
            if name[:1].isupper() and isinstance(found[0].node, ir.Function):
                yield self._function(found[0], found[0].node)
        for name, found in sorted(self._package.values.items()):
            if name[:1].isupper() and isinstance(found[0].node, ir.ValueDecl):
                yield self._value(found[0], found[0].node)
        done: set[str] = set()
        self._wanted_types += [name for name in self._package.types if name[:1].isupper()]
        while self._wanted_types:
            name = self._wanted_types.pop()
            if name not in done and name in self._package.types:
                done.add(name)
                yield from self._type_with_methods(name)

    def _type_with_methods(self, name: str) -> Iterator[str]:
        declared = self._package.types[name][0]
        node = declared.node
        if not isinstance(node, ir.TypeDecl):
            return
        params = self._type_params(node.type_params, declared.file)
        yield f"type {name}{params} {'= ' if node.alias else ''}{self._type(node.type, declared.file)}"
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
        word = "const" if node.const else "var"
        if node.type is not None:
            suffix = " = 0" if node.const else ""
            return f"{word} {declared.name} {self._type(node.type, declared.file)}{suffix}"
        index = next(n for n, name in enumerate(node.names) if name.name == declared.name)
        if len(node.values) != len(node.names):
            return f"{word} {declared.name} any"
        value = node.values[index]
        return f"{word} {declared.name} = {self._value_text(value, declared.file)}"

    def _value_text(self, value: ir.Expr, file: PackageFile) -> str:
        """The initialiser when it is short; its imports come along."""
        data = self._texts.setdefault(file.path, self._world.read(file.path))
        text = " ".join(data[value.start : value.end].decode("utf-8", "replace").split())
        if not _SIMPLE_VALUE.fullmatch(text):
            return "0" if isinstance(value, ir.Literal | ir.Binary) else "nil"
        for part in expressions(value):
            if isinstance(part, ir.Selector) and isinstance(part.base, ir.Name):
                path = self._world.imported(file, part.base.name)
                if path is not None:
                    self._imports.setdefault(path, part.base.name)
        return text

    # -- types as text

    def _type_params(self, params: tuple[ir.TypeParam, ...], file: PackageFile) -> str:
        if not params:
            return ""
        return "[" + ", ".join(f"{p.name} {self._type(p.constraint, file)}" for p in params) + "]"

    def _signature(self, params: tuple[ir.Param, ...], results: tuple[ir.Param, ...], file: PackageFile) -> str:
        inside = ", ".join(("..." if p.variadic else "") + self._type(p.type, file) for p in params)
        out = [self._type(result.type, file) for result in results]
        return f"({inside})" + (f" {out[0]}" if len(out) == 1 else f" ({', '.join(out)})" if out else "")

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
                return f"{type_.direction.value} {self._type(type_.elem, file)}"
            case ir.FuncType():
                return "func" + self._signature(type_.params, type_.results, file)
            case ir.StructType():
                return self._struct(type_, file)
            case ir.InterfaceType():
                return self._interface(type_, file)
            case _:
                return "any"

    def _named(self, type_: ir.NamedType, file: PackageFile) -> str:
        args = "[" + ", ".join(self._type(arg, file) for arg in type_.args) + "]" if type_.args else ""
        if not type_.package:
            if type_.symbol is None:
                self._wanted_types.append(type_.name)
            return type_.name + args
        path = self._world.imported(file, type_.package)
        if path is None:
            return "any"
        taken = {name: known for known, name in self._imports.items()}
        name = type_.package
        while taken.get(name, path) != path:
            name += "_"
        name = self._imports.setdefault(path, name)
        return f"{name}.{type_.name}{args}"

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
