"""What a name that no function declares means in a file: package, imports, dot imports, universe, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from caulk.semantics.model import ANY, COMPARABLE, ERROR, Basic, Named, Type
from caulk.semantics.packages import Declared, Package, PackageFile
from caulk.semantics.world import World


@dataclass(frozen=True, slots=True)
class Predeclared:
    """A builtin function, or a type or constant of the universe."""

    name: str
    type: Type | None = None
    """The type that it is (``is_type``), or that the constant has."""
    is_type: bool = False


@dataclass(eq=False)
class Imported:
    """The name of an import."""

    path: str
    _load: Callable[[], Package | None] = field(repr=False)

    @cached_property
    def package(self) -> Package | None:
        """Its declarations, read when they are asked for; None when they are nowhere to be had."""
        return self._load()


Entity: TypeAlias = Declared | Predeclared

BUILTINS = frozenset(
    [
        *("append", "cap", "clear", "close", "complex", "copy", "delete", "imag", "len", "make", "max", "min", "new"),
        *("panic", "print", "println", "real", "recover"),
    ]
)
UNSAFE_BUILTINS = frozenset(
    ["Add", "Alignof", "Offsetof", "Sizeof", "Slice", "SliceData", "String", "StringData"],
)
UNSAFE_POINTER = Named("unsafe", "Pointer")

_BASICS = (
    *("bool", "string", "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64"),
    *("uintptr", "float32", "float64", "complex64", "complex128"),
)
_TYPES: dict[str, Type] = {
    **{name: Basic(name) for name in _BASICS},
    "byte": Basic("uint8"),
    "rune": Basic("int32"),
    "error": ERROR,
    "any": ANY,
    "comparable": COMPARABLE,
}
_CONSTANTS = {
    "nil": Basic("nil", True),
    "true": Basic("bool", True),
    "false": Basic("bool", True),
    "iota": Basic("int", True),
}
_UNIVERSE: dict[str, Predeclared] = {
    **{name: Predeclared(name) for name in BUILTINS},
    **{name: Predeclared(name, type_, True) for name, type_ in _TYPES.items()},
    **{name: Predeclared(name, type_) for name, type_ in _CONSTANTS.items()},
}
_UNKNOWN = object()


class Names:
    """Looks names up; what was found is remembered by the file."""

    def __init__(self, world: World) -> None:
        self._world = world

    def entity(self, file: PackageFile, name: str) -> Entity | None:
        """What a bare name means; None when nothing of that name is known."""
        found = file.entities.get(name, _UNKNOWN)
        if found is _UNKNOWN:
            found = file.entities[name] = self._entity(file, name)
        return found  # type: ignore[return-value]

    def _entity(self, file: PackageFile, name: str) -> Entity | None:
        found = file.package.declaration(name, file)
        if found is not None:
            return found
        for path in file.dot_imports if name[:1].isupper() else ():
            package = self._world.import_package(path, file.package, file)
            found = package.declaration(name) if package is not None else None
            if found is not None:
                return found
        return _UNIVERSE.get(name)

    def imported(self, file: PackageFile, name: str) -> Imported | None:
        """The import that a name in front of a dot stands for; None when it is no import."""
        key = name + "."
        found = file.entities.get(key, _UNKNOWN)
        if found is _UNKNOWN:
            found = file.entities[key] = self._imported(file, name)
        return found  # type: ignore[return-value]

    def _imported(self, file: PackageFile, name: str) -> Imported | None:
        if file.package.declaration(name, file) is not None:
            return None
        path = self._world.imported(file, name)
        if path is None:
            return None
        return Imported(path, lambda: self._world.import_package(path, file.package, file))
