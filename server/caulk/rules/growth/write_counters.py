"""What a fix needs to know to count the writes to a ``sync.Map``."""

from __future__ import annotations

import re

from caulk.findings.evidence_requests import Home, WriteCounter
from caulk.flow.containers import Insert
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.fix_names import package_name
from caulk.rules.naming import free_name
from caulk.semantics.model import named


def write_counter(insert: Insert) -> WriteCounter | None:
    """The counter for a write that is a statement of its own; None where it cannot be declared beside the map."""
    unit, container = insert.code.unit, insert.container
    statement = unit.uses.parent(insert.node)
    atomic = package_name(unit, "sync/atomic")
    if not insert.sync_map or atomic is None or not isinstance(statement, ir.ExprStmt | ir.Assign):
        return None
    flag = _flag(insert, statement)
    home = _home(insert)
    if flag is None or home is None or not isinstance(unit.uses.parent(statement), ir.Block):
        return None
    where, at, written = home
    name = free_name(unit, f"{written}Writes", package_level=True)
    base = f"{unit.source_text(container.base)}." if isinstance(container, ir.Selector) else ""
    return WriteCounter(name, base + name, where, at, *atomic, unit.span(statement), *flag)


def _flag(insert: Insert, statement: ir.ExprStmt | ir.Assign) -> tuple[str, tuple[int, int] | None] | None:
    """For ``LoadOrStore`` the variable that tells whether the entry is new, with the ``_`` that it replaces; for ``Store``
    nothing."""
    call, unit = insert.node, insert.code.unit
    assert isinstance(call, ir.Call)
    assert isinstance(call.func, ir.Selector)
    if call.func.field == "Store" and isinstance(statement, ir.ExprStmt):
        return "", None
    match statement:
        case ir.Assign(left=(_, ir.Name(name="_") as blank), right=(value,), op=":=") if (
            call.func.field == "LoadOrStore"
        ):
            return (free_name(unit, "loaded"), unit.span(blank)) if value is call else None
        case ir.Assign(left=(_, ir.Name(name=name)), right=(value,)) if (
            call.func.field == "LoadOrStore" and value is call
        ):
            return name, None
        case _:
            return None


def _home(insert: Insert) -> tuple[Home, int, str] | None:
    """Where the counter is declared, and the name of the map."""
    unit, container = insert.code.unit, insert.container
    match container:
        case ir.Name(symbol=None, name=name):
            return Home.PACKAGE, unit.chunk.end, name
        case ir.Name(symbol=ir.Symbol() as symbol, name=name):
            made = (parent for use in unit.uses.names.get(symbol, ()) if (parent := unit.uses.parent(use)) is not None)
            declared = next((a for a in made if isinstance(a, ir.Assign) and a.op == "var" and symbol in a.new), None)
            return (Home.LOCAL, unit.offset(declared.end), name) if declared is not None else None
        case ir.Selector(field=name):
            brace = _closing_brace(insert, container)
            return (Home.FIELD, brace, name) if brace is not None else None
        case _:
            return None


def _closing_brace(insert: Insert, container: ir.Selector) -> int | None:
    """Where the struct that has the map ends, when this file declares it over several lines."""
    unit = insert.code.unit
    owner = named(unit.typer.type_of(container.base))
    declared = next((d for d in unit.file.decls.types if owner is not None and d.name == owner.name), None)
    if owner is None or owner.path != unit.program.package.path or declared is None:
        return None
    struct = declared.type
    if is_made_by_position(unit, owner.name):
        return None
    if not isinstance(struct, ir.StructType) or all(field.name != container.field for field in struct.fields):
        return None
    brace = unit.file.at(struct.end) - 1
    data = unit.file.source.data
    before = data[unit.file.source.line_start(brace) : brace]
    return brace if data[brace : brace + 1] == b"}" and not before.strip() else None


def is_made_by_position(unit: FunctionUnit, name: str) -> bool:
    """Whether the package writes literals of the struct without the names of its fields: another field, or type, breaks them."""
    return unit.program.says(re.compile(rb"\b" + re.escape(name.encode()) + rb"\{\s*(?!\w+\s*:)[^\s}]"))
