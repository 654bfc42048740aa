"""Memory of C that nobody frees."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Place, Where
from caulk.findings.evidence_insertions import MissingStatements
from caulk.findings.finding import Finding, Tier
from caulk.flow.cfg import Block, FunctionEnd
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule, words

_MAKERS = frozenset({"CString", "CBytes", "malloc", "calloc", "strdup"})
_VERBS = (
    "set",
    "own",
    "take",
    "new",
    "create",
    "init",
    "add",
    "append",
    "push",
    "register",
    "insert",
    "store",
    "assign",
    "adopt",
)
_OWNS = re.compile(
    rf"(?:^|_)(?i:{'|'.join(_VERBS)}|attach|free|put(?!s|c))|(?<=[a-z])(?:{'|'.join(map(str.title, _VERBS))}|Attach|Put)"
)
"""Names of C functions that may keep what they are given."""


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for node in walk(unit.function.body, literals=True) if unit.function.body is not None else ():
        match node:
            case ir.Assign(right=(ir.Call() as call,), new=(ir.Symbol() as symbol,)) if _c_name(call) in _MAKERS:
                yield from _made(unit, node, call, symbol)
            case _:
                pass


def _c_name(call: ir.Expr) -> str:
    """The C function that is called, empty for others."""
    match call:
        case ir.Call(func=ir.Selector(base=ir.Name(name="C", symbol=None), field=field)):
            return field
        case _:
            return ""


def _made(unit: FunctionUnit, statement: ir.Assign, call: ir.Call, symbol: ir.Symbol) -> Iterator[Finding]:
    function = unit.uses.function_of(call)
    frees: set[int] = set()
    for name in unit.uses.names.get(symbol, ()):
        if name.start == symbol.start:
            continue
        use = _use(unit, name)
        if use is None or symbol.assigned:
            return
        if _c_name(use) == "free":
            around = unit.uses.parent(use)
            if not isinstance(around, ir.ExprStmt | ir.Defer) or unit.uses.function_of(use) is not function:
                return
            frees.add(id(around))
        elif not frees and _OWNS.search(_c_name(use)):
            return
    left = _way_out(unit, function, statement, frees)
    if left is not None:
        where = f"on the way out at line {unit.line(left.start)}" if frees else "anywhere"
        message = f"{symbol.name} is memory of C and not freed {where}: the collector does not know it"
        evidence = NO_EVIDENCE if frees else _evidence(unit, function, statement, symbol)
        yield finding_at(unit, call, code=RULE.code, tier=Tier.CORE, message=message, evidence=evidence)


def _use(unit: FunctionUnit, name: ir.Name) -> ir.Call | None:
    """The C function that gets the pointer, perhaps converted; None for everything else that may happen to it."""
    node: ir.Node = name
    parent = unit.uses.parent(node)
    while isinstance(parent, ir.Call) and parent.func is not node and not _c_function(parent):
        if len(parent.args) != 1 or not _is_conversion(parent):
            return None
        node, parent = parent, unit.uses.parent(parent)
    return parent if isinstance(parent, ir.Call) and _c_function(parent) else None


def _c_function(call: ir.Call) -> bool:
    return bool(_c_name(call)) and _c_name(call)[:1] != "_" and not _is_c_type(call)


def _is_c_type(call: ir.Call) -> bool:
    return _c_name(call) in _TYPES or _c_name(call).endswith("_t")


_TYPES = frozenset(
    {"int", "uint", "char", "uchar", "long", "ulong", "longlong", "float", "double", "short", "GoString"}
)


def _is_conversion(call: ir.Call) -> bool:
    match call.func:
        case ir.Selector(base=ir.Name(name="unsafe", symbol=None), field="Pointer"):
            return True
        case ir.TypeOperand():
            return True
        case _:
            return False


def _way_out(
    unit: FunctionUnit, function: ir.Function, start: ir.Assign, stops: set[int]
) -> ir.Return | FunctionEnd | None:
    """The first way out behind the statement that passes none of the others."""
    todo: list[tuple[Block, int]] = [
        (block, number + 1)
        for block in unit.cfg(function).reachable()
        for number, item in enumerate(block.items)
        if item is start
    ]
    seen: set[int] = set()
    for block, number in todo:
        for item in block.items[number:]:
            if id(item) in stops:
                break
            if isinstance(item, ir.Return | FunctionEnd):
                return item
        else:
            for edge in block.edges:
                if edge.target.index not in seen:
                    seen.add(edge.target.index)
                    todo.append((edge.target, 0))
    return None


def _evidence(unit: FunctionUnit, function: ir.Function, statement: ir.Assign, symbol: ir.Symbol) -> Evidence:
    """A deferred free, where the file declares ``free`` and the statement runs once."""
    if b"<stdlib.h>" not in unit.file.source.data or unit.placement(function).loop_around(statement) is not None:
        return NO_EVIDENCE
    line = f"defer C.free(unsafe.Pointer({symbol.name}))"
    at = Place(Where.AFTER, unit.offset(statement.end))
    return MissingStatements(at, (line,), f"Add `{line}`", changes_behaviour=False, imports=frozenset({"unsafe"}))


RULE = Rule(
    module=__name__,
    code="cgo-memory-unfreed",
    tier=Tier.CORE,
    summary="memory of C is not freed on some way out",
    check_function=_check,
    gate=words(*(f"C {name}" for name in sorted(_MAKERS))),
    needs=("C",),
    fix="safe",
)
