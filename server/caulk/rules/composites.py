"""Composite literals of a known type, their fields, and those that they lack."""

from __future__ import annotations

from caulk.findings.evidence_clients import MissingFields, NewField
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.semantics.model import named


def literal_of(unit: FunctionUnit, expr: ir.Node | None, type_name: str) -> ir.Composite | None:
    """``expr`` when it is a literal of the type (``net/http.Client``) with its type written."""
    if not isinstance(expr, ir.Composite) or expr.type is None:
        return None
    if not isinstance(expr.type, ir.NamedType) or expr.type.name != type_name.rpartition(".")[2]:
        return None
    owner = named(unit.typer.resolve(expr.type))
    return expr if owner is not None and owner.qualified == type_name else None


def field_of(literal: ir.Composite, name: str) -> ir.Expr | None:
    """The value of a field that the literal sets."""
    return next((element.value for element in literal.elements if element.field == name), None)


def missing_fields(
    unit: FunctionUnit, literal: ir.Composite, fields: tuple[NewField, ...], imports: tuple[str, ...] = ()
) -> MissingFields | None:
    """What it takes to add fields; None for a literal whose fields have no names."""
    if any(not element.field for element in literal.elements):
        return None
    last = (
        literal.elements[-1].end
        if literal.elements
        else unit.text.index(b"{", literal.type.end if literal.type else 0) + 1
    )
    return MissingFields(
        brace=unit.offset(literal.end - 1),
        last_end=unit.offset(last),
        is_empty=not literal.elements,
        fields=fields,
        imports=imports,
    )


def missing_in_text(
    data: bytes, literal: tuple[int, int], fields: tuple[NewField, ...], imports: tuple[str, ...] = ()
) -> MissingFields:
    """The same for a literal of a package-level declaration, given by its span: its elements only the text has."""
    brace = literal[1] - 1
    start = data.index(b"{", literal[0]) + 1
    inside = data[start:brace].rstrip().removesuffix(b",")
    return MissingFields(brace, start + len(inside), not inside.strip(), fields, imports)
