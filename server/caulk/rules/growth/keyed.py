"""Package-level maps whose keys are requests: what a weak map in their place needs to know."""

from __future__ import annotations

from caulk.findings.evidence_requests import KeyedUse, RequestKeyed
from caulk.flow.containers import Insert
from caulk.flow.program import FunctionUnit
from caulk.flow.requests import parents
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.semantics.model import Map, Pointer, named

_UNPOOLED = frozenset({"net/http.Request"})
"""Types whose values no framework uses again: a weak pointer to one names one request only."""


def is_request_keyed(insert: Insert) -> bool:
    """Whether the keys of the map are pointers to requests."""
    typer = insert.code.unit.typer
    type_ = typer.underlying(typer.type_of(insert.container))
    key = type_.key if isinstance(type_, Map) else None
    owner = named(key)
    return isinstance(key, Pointer) and owner is not None and owner.qualified in _UNPOOLED


def request_keyed(insert: Insert) -> RequestKeyed | None:
    """The evidence for a weak map; None where some use of the map does not fit one."""
    unit, container = insert.code.unit, insert.container
    if not is_request_keyed(insert) or not isinstance(container, ir.Name) or container.symbol is not None:
        return None
    declared = unit.typer.package_symbol(container)
    node = declared.node if declared is not None else None
    if declared is None or not isinstance(node, ir.ValueDecl) or declared.file is not unit.file.package_file:
        return None
    written = _map_type(node)
    source = unit.file.source
    start = unit.file.at(node.start)
    alone = source.data[source.line_start(start) : start] == b"var " and len(node.names) == 1
    uses = _uses(unit, container.name)
    if written is None or not alone or not uses or "weakMap" in unit.program.package.types:
        return None
    key = written.key
    assert isinstance(key, ir.PointerType)
    return RequestKeyed(
        package=unit.program.package.name,
        initialiser=(unit.file.at(node.names[0].end), unit.file.at(node.end)),
        key_type=source.text(*unit.file.span(key.elem)),
        value_type=source.text(*unit.file.span(written.value)),
        uses=uses,
    )


def _map_type(node: ir.ValueDecl) -> ir.MapType | None:
    """``map[*K]V{}`` or ``make(map[*K]V)``, as the only initialiser and without a written type."""
    value = node.values[0] if len(node.values) == 1 and node.type is None else None
    type_: ir.TypeExpr | None = None
    if isinstance(value, ir.Composite) and not value.elements:
        type_ = value.type
    elif isinstance(value, ir.Call) and isinstance(value.func, ir.Name) and value.func.name == "make":
        first = value.args[0] if value.args else None
        type_ = first.type if isinstance(first, ir.TypeOperand) else None
    return type_ if isinstance(type_, ir.MapType) and isinstance(type_.key, ir.PointerType) else None


def _uses(unit: FunctionUnit, name: str) -> tuple[KeyedUse, ...]:
    """Every use of the map; empty when one is no store or load of one entry, or stands in another file."""
    found: list[KeyedUse] = []
    for other in unit.program.mentioning(name.encode()):
        if other.function.body is None:
            continue
        above = parents(other.function)
        for part in expressions(other.function.body, literals=True):
            if isinstance(part, ir.Name) and part.name == name and part.symbol is None:
                use = _use(other, part, above)
                if use is None or other.file is not unit.file:
                    return ()
                found.append(use)
    return tuple(found)


def _use(unit: FunctionUnit, part: ir.Name, above: dict[int, ir.Node]) -> KeyedUse | None:
    index = above.get(id(part))
    if not isinstance(index, ir.Index) or index.base is not part or len(index.indices) != 1:
        return None
    base_end, key, end = unit.span(part)[1], unit.span(index.indices[0]), unit.span(index)[1]
    parent = above.get(id(index))
    if isinstance(parent, ir.Assign) and any(left is index for left in parent.left):
        plain = parent.op == "=" and len(parent.left) == len(parent.right) == 1
        return KeyedUse(base_end, key, end, value=unit.span(parent.right[0])) if plain else None
    if isinstance(parent, ir.IncDec | ir.Selector | ir.Unary | ir.Index):
        return None
    comma_ok = isinstance(parent, ir.Assign) and len(parent.left) == 2 and parent.right == (index,)
    return KeyedUse(base_end, key, end, comma_ok=comma_ok)
