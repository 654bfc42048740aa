"""Maps whose keys are weak pointers and whose entries stay all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caulk.findings.evidence import Evidence, Place, Where
from caulk.findings.evidence_insertions import MissingStatements
from caulk.findings.finding import Finding, Tier
from caulk.flow.containers import SYNC_MAP, ContainerKey, Shrinks, identity_of, name_of
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.shapes import closure_of
from caulk.ir import nodes as ir
from caulk.ir.visit import children, statements
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule
from caulk.semantics.model import Map, Pointer, named

_CODE = "weak-map-defeated"
_WEAK = "weak.Pointer"


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """A statement that puts an entry into a map with weak keys."""

    unit: FunctionUnit
    statement: ir.Stmt
    container: ir.Expr
    key: ir.Expr
    value: ir.Expr


def _check(program: Program) -> Iterator[Finding]:
    shrinks = Shrinks(program)
    growing: set[ContainerKey] = set()
    for entry in _entries(program):
        strong = _strong(entry.key)
        if strong is not None and _holds(entry.unit, entry.value, strong):
            yield _kept_alive(entry, strong)
            continue
        identity = _identity(entry)
        if identity is not None and identity not in growing and not _loses_entries(program, shrinks, identity):
            growing.add(identity)
            yield _never_deleted(entry)


def _entries(program: Program) -> Iterator[_Entry]:
    for unit in program.functions_in("weak"):
        if unit.file.is_generated or unit.function.body is None:
            continue
        for statement in statements(unit.function.body, literals=True):
            match statement:
                case ir.Assign(op="=", left=(ir.Index(indices=(key,)) as target,), right=(value,)):
                    if _is_weak_map(unit, target.base):
                        yield _Entry(unit, statement, target.base, key, value)
                case ir.ExprStmt(expr=ir.Call(func=ir.Selector(field="Store", base=base), args=(key, value))):
                    if _is_sync_map(unit, base) and _is_weak(unit, key):
                        yield _Entry(unit, statement, base, key, value)
                case _:
                    pass


def _is_weak_map(unit: FunctionUnit, container: ir.Expr) -> bool:
    type_ = unit.typer.underlying(unit.typer.type_of(container))
    owner = named(type_.key) if isinstance(type_, Map) else None
    return owner is not None and owner.qualified == _WEAK


def _is_sync_map(unit: FunctionUnit, container: ir.Expr) -> bool:
    owner = named(unit.typer.type_of(container))
    return owner is not None and owner.qualified == SYNC_MAP


def _is_weak(unit: FunctionUnit, key: ir.Expr) -> bool:
    owner = named(unit.typer.type_of(key))
    return owner is not None and owner.qualified == _WEAK


def _strong(key: ir.Expr) -> ir.Symbol | None:
    """The variable whose weak pointer the key is: of ``weak.Make(k)``, or of a variable that holds that."""
    if isinstance(key, ir.Name) and key.symbol is not None and key.symbol.definition is not None:
        key = key.symbol.definition.expr
    match key:
        case ir.Call(func=ir.Selector(field="Make"), args=(ir.Name(symbol=ir.Symbol() as symbol),)):
            return symbol
        case _:
            return None


def _holds(unit: FunctionUnit, value: ir.Expr, strong: ir.Symbol) -> bool:
    """Whether the value is the pointer, a literal with it, or a closure over it. What is called with it may only look."""
    literal = closure_of(value)
    if literal is not None:
        return any(isinstance(node, ir.Name) and node.symbol is strong for node in _all_below(literal.body))
    match value:
        case ir.Name(symbol=symbol):
            return symbol is strong and isinstance(unit.typer.symbol_type(strong), Pointer)
        case ir.Unary(op="&"):
            return _holds(unit, value.operand, strong)
        case ir.Composite():
            return any(_holds(unit, element.value, strong) for element in value.elements)
        case _:
            return False


def _all_below(node: ir.Node | None) -> Iterator[ir.Node]:
    todo = [node] if node is not None else []
    while todo:
        current = todo.pop()
        yield current
        todo += children(current)


def _identity(entry: _Entry) -> ContainerKey | None:
    found = identity_of(entry.unit, entry.container)
    if found is not None or not isinstance(entry.container, ir.Selector):
        return found
    owner = named(entry.unit.typer.type_of(entry.container.base))
    return ("field", owner.qualified, entry.container.field) if owner is not None else None


def _loses_entries(program: Program, shrinks: Shrinks, identity: ContainerKey) -> bool:
    deletes = re.compile(rb"\b" + re.escape(name_of(identity).encode()) + rb"\.(?:Delete|LoadAndDelete|Clear|Range)\b")
    return shrinks.bounds(identity) or bool(program.matching(deletes))


def _kept_alive(entry: _Entry, strong: ir.Symbol) -> Finding:
    return finding_at(
        entry.unit,
        entry.value,
        code=_CODE,
        tier=Tier.EXTENDED,
        message=(
            f"the value holds {strong.name}, to which its key only points weakly: {strong.name} is never collected, and the"
            " entry stays for ever"
        ),
    )


def _never_deleted(entry: _Entry) -> Finding:
    unit = entry.unit
    return finding_at(
        unit,
        entry.container,
        code=_CODE,
        tier=Tier.EXTENDED,
        message=(
            f"{unit.source_text(entry.container)} never loses an entry: what its keys point to is collected, the keys and the"
            " values are not; a cleanup has to delete them"
        ),
        evidence=_evidence(entry),
    )


def _evidence(entry: _Entry) -> Evidence:
    """A cleanup for a ``sync.Map`` of the package: of others the lock is to be chosen."""
    unit, strong, container = entry.unit, _strong(entry.key), entry.container
    is_package_level = isinstance(container, ir.Name) and container.symbol is None
    if strong is None or not is_package_level or not _is_sync_map(unit, container):
        return NO_EVIDENCE
    line = (
        f"runtime.AddCleanup({strong.name}, {unit.source_text(container)}.Delete, any({unit.source_text(entry.key)}))"
    )
    place = Place(Where.AFTER, unit.span(entry.statement)[1])
    return MissingStatements(
        place, (line,), f"Delete the entry when {strong.name} is gone", imports=frozenset({"runtime"})
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="a map with weak keys keeps its entries all the same",
    check_package=_check,
    needs=("weak",),
    fix="unsafe",
)
