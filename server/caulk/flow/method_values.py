"""Methods that are taken as values: of their objects there is one for all requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caulk.flow.importers import index_of
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.semantics.model import Member, MemberKind

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit


def is_method_value(unit: FunctionUnit) -> bool:
    """Whether the package takes the method as a value, or its module has one of its name where handlers are registered."""
    if any(_takes(other, unit) for other in unit.program.mentioning(unit.name.encode())):
        return True
    index = index_of(unit.program) if unit.name[:1].isupper() else None
    return index is not None and unit.name.encode() in index.registered


def _takes(other: FunctionUnit, unit: FunctionUnit) -> bool:
    if other.function.body is None:
        return False
    called: set[int] = set()
    for part in expressions(other.function.body, literals=True):  # from the outside in
        if isinstance(part, ir.Call):
            called.add(id(part.func))
        elif isinstance(part, ir.Selector) and part.field == unit.name and id(part) not in called:
            member = other.typer.member(other.typer.type_of(part.base), part.field)
            if member is None or (member.kind is MemberKind.METHOD and _may_be(unit, member)):
                return True
    return False


def _may_be(unit: FunctionUnit, member: Member) -> bool:
    return member.declared is None or unit.program.unit_of(member.declared) is unit
