"""Which bodies a call of an interface's method may run, where that is known for certain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caulk.ir import nodes as ir
from caulk.semantics.model import Callee, Member, Pointer, named
from caulk.semantics.typer import Typer

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit, Program


class Implementations:
    """The interfaces of one package. An unexported method keeps all implementations in the package; those of tests do not
    count. Whatever is not certain has no answer."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._found: dict[tuple[str, str], tuple[FunctionUnit, ...]] = {}

    def of(self, callee: Callee) -> tuple[FunctionUnit, ...]:
        """All bodies that the call may run; empty when they are not known."""
        owner = named(callee.receiver)
        if owner is None or owner.path != self._program.package.path or owner.local is not None:
            return ()
        key = owner.name, callee.short
        if key not in self._found:
            self._found[key] = self._bodies(owner.name, callee.short)
        for unit in self._found[key]:
            self._program.reads.unit(unit)
        return self._found[key]

    def _bodies(self, interface: str, method: str) -> tuple[FunctionUnit, ...]:
        hidden = self._hidden_methods(interface)
        units: list[FunctionUnit] = []
        for name in self._types() if hidden else ():
            members = [self._member(name, wanted) for wanted in hidden]
            if not all(members):
                continue
            called = self._member(name, method)
            unit = self._program.unit_of(called.declared) if called is not None else None
            if unit is None:
                return ()
            units.append(unit)
        return tuple(units)

    def _hidden_methods(self, interface: str) -> list[str]:
        """The unexported methods of an interface that embeds nothing."""
        declared = self._program.package.types.get(interface, ())
        node = declared[0].node if len(declared) == 1 else None
        if not isinstance(node, ir.TypeDecl) or not isinstance(node.type, ir.InterfaceType) or node.type.embedded:
            return []
        return [method.name for method in node.type.methods if not method.name[:1].isupper()]

    def _types(self) -> list[str]:
        """The declared types that can have methods of their own."""
        return [
            name
            for name, declared in self._program.package.types.items()
            if not declared[0].file.is_test
            and isinstance(declared[0].node, ir.TypeDecl)
            and not isinstance(declared[0].node.type, ir.InterfaceType)
        ]

    def _member(self, type_name: str, name: str) -> Member | None:
        package = self._program.package
        typer = Typer(self._program.world, package, package.types[type_name][0].file)
        type_ = typer.resolve(ir.NamedType(0, 0, "", type_name))
        return typer.member(Pointer(type_), name) if type_ is not None else None
