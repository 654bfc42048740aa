"""Which results something to release can be behind, judged by the declarations of their types alone. Errs to yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caulk.ir import nodes as ir
from caulk.semantics.members import Members
from caulk.semantics.model import Interface, Named, Pointer, Signature, Struct, Type
from caulk.semantics.packages import PackageFile
from caulk.semantics.types import Types

if TYPE_CHECKING:
    from caulk.flow.program import Program

_PLAIN_TYPES = frozenset(
    {
        *("bool", "string", "byte", "rune", "error", "uintptr", "float32", "float64", "complex64", "complex128"),
        *("int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "any"),
    }
)
"""Predeclared types that nothing to release is behind."""
MAX_EMBEDDING = 8


class Holdings:
    """Asks about result types for the summaries of one package: a caller gets an obligation through a function, through a
    type or an interface with a releasing method, or through the field that a contract names (``Body``)."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._contracts = program.contracts
        self._types = Types.of(program.world)
        self._members = Members(self._types)
        self._known: dict[Named, bool] = {}

    def any_of(self, results: tuple[ir.Param, ...], file: PackageFile) -> bool:
        """Whether something to release can be behind one of these results of a function in ``file``."""
        return any(self._behind(result.type, file) for result in results)

    def _behind(self, expr: ir.TypeExpr, file: PackageFile) -> bool:
        match expr:
            case ir.PointerType():
                return self._behind(expr.elem, file)
            case ir.SliceType() | ir.ArrayType() | ir.MapType() | ir.ChanType():
                return False  # whoever gets many is given no duty
            case ir.NamedType() if expr.package and not self._is_near(file.path_of(expr.package)):
                return True
            case ir.NamedType(package="") if expr.symbol is None and expr.name in _PLAIN_TYPES:
                return False
            case _:
                return self._in(self._types.resolve(expr, file), 0)

    def _is_near(self, path: str | None) -> bool:
        """Whether reading the declarations of the package is cheap, or done anyway."""
        return path is not None and (self._program.is_std(path) or self._program.is_of_module(path))

    def _in(self, type_: Type | None, depth: int) -> bool:
        base = type_.elem if isinstance(type_, Pointer) else type_
        if not isinstance(base, Named):
            return self._made_of(base, depth)
        found = self._known.get(base)
        if found is None:
            self._known[base] = False  # recursion adds nothing
            found = self._known[base] = (
                base.qualified in self._contracts.types or self._has_release(base) or self._made_of(base, depth)
            )
        return found

    def _has_release(self, type_: Named) -> bool:
        """Whether the type itself declares a releasing method."""
        declared = type_.declared
        methods = declared.package.methods.get(type_.name, {}) if declared is not None else {}
        return any(self._contracts.releases(name) for name in methods)

    def _made_of(self, type_: Type | None, depth: int) -> bool:
        match self._types.underlying(type_):
            case None | Signature():
                return True
            case Interface() as interface:
                methods = (name for name, _ in self._members.interface_methods(interface))
                unknown = any(self._types.underlying(part) is None for part in interface.embedded)
                return unknown or any(map(self._contracts.releases, methods))
            case Struct() as struct:
                named = any(struct.field(name) is not None for name in self._contracts.resources)
                return named or depth > MAX_EMBEDDING or any(self._in(part, depth + 1) for part in struct.embedded)
            case _:
                return False
