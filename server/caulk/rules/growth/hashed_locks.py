"""What a fix needs to know to put a fixed number of locks in the place of one for each key."""

from __future__ import annotations

import re

from caulk.findings.evidence_requests import HashedLocks
from caulk.flow.containers import Insert, name_of
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.fix_names import package_name
from caulk.rules.growth.write_counters import is_made_by_position
from caulk.rules.naming import free_name
from caulk.semantics.model import STRING, named


def hashed_locks(insert: Insert) -> HashedLocks | None:
    """The evidence for ``made, _ := locks.LoadOrStore(key, &sync.Mutex{})`` right before the only use of ``made``, where nothing
    else uses the map; None for all other shapes."""
    unit, call = insert.code.unit, insert.node
    first = unit.uses.parent(call)
    package = package_name(unit, "hash/maphash")
    if not insert.sync_map or not isinstance(call, ir.Call) or len(call.args) != 2 or package is None:
        return None
    lock, declared = _lock_type(unit, call.args[1]), _declared_type(insert)
    statement = first if isinstance(first, ir.Assign) and first.right == (call,) else None
    found = _lookup(unit, statement) if statement is not None else None
    if not lock or declared is None or statement is None or found is None or unit.typer.type_of(insert.key) != STRING:
        return None
    second, prefix = found
    return HashedLocks(
        unit.span(statement),
        unit.span(second),
        prefix,
        unit.source_text(insert.key),
        lock,
        declared,
        free_name(unit, f"{name_of(insert.identity)}Seed", package_level=True),
        unit.chunk.end,
        *package,
    )


def _lock_type(unit: FunctionUnit, value: ir.Expr) -> str:
    """``sync.Mutex`` of ``&sync.Mutex{}`` or ``new(sync.Mutex)``, as written."""
    match value:
        case ir.Unary(op="&", operand=ir.Composite(type=ir.NamedType() as type_, elements=())):
            return unit.source_text(type_)
        case ir.Call(func=ir.Name(name="new", symbol=None), args=(ir.TypeOperand() | ir.Selector() as operand,)):
            return unit.source_text(operand)
        case _:
            return ""


def _lookup(unit: FunctionUnit, first: ir.Assign) -> tuple[ir.Stmt, str] | None:
    """The statement behind the first, with what it does with the lock: ``mu := `` or ``return ``."""
    block = unit.uses.parent(first)
    symbol = first.new[0] if first.new else None
    if not isinstance(block, ir.Block) or symbol is None or not _is_blank(first.left[-1]):
        return None
    following = block.statements[block.statements.index(first) + 1 :]
    uses = [name for name in unit.uses.names.get(symbol, ()) if name.start != symbol.start]
    match following[:1]:
        case (ir.Assign(op=":=", left=(ir.Name(name=name),), right=(ir.Assertion(base=base),)) as second,):
            prefix = f"{name} := "
        case (ir.Return(values=(ir.Assertion(base=base),)) as second,):
            prefix = "return "
        case _:
            return None
    return (second, prefix) if uses == [base] else None


def _is_blank(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Name) and expr.name == "_"


def _declared_type(insert: Insert) -> tuple[int, int] | None:
    """Where this file declares the map, as a variable of the package or a field; None when it is used anywhere else."""
    unit, container = insert.code.unit, insert.container
    name = name_of(insert.identity)
    word = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
    counts = [len(word.findall(file.split.code)) for file in unit.program.files if file is not unit.file]
    if any(counts) or len(word.findall(unit.file.split.code)) != 2:
        return None
    type_ = _field_type(unit, container) if isinstance(container, ir.Selector) else _variable_type(unit, name)
    return unit.file.span(type_) if isinstance(type_, ir.NamedType) and type_.name == "Map" else None


def _field_type(unit: FunctionUnit, container: ir.Selector) -> ir.TypeExpr | None:
    owner = named(unit.typer.type_of(container.base))
    declared = next((d for d in unit.file.decls.types if owner is not None and d.name == owner.name), None)
    struct = declared.type if declared is not None and not is_made_by_position(unit, declared.name) else None
    fields = struct.fields if isinstance(struct, ir.StructType) else ()
    return next((field.type for field in fields if field.name == container.field), None)


def _variable_type(unit: FunctionUnit, name: str) -> ir.TypeExpr | None:
    values = (value for value in unit.file.decls.values if [n.name for n in value.names] == [name] and not value.values)
    return next((value.type for value in values), None)
