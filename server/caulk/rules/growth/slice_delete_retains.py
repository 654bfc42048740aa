"""Elements that stay behind the end of a slice when one is cut out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Rewrite
from caulk.findings.finding import Finding, Tier
from caulk.flow.containers import has_lock
from caulk.flow.lock_calls import lock_path
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule, words
from caulk.semantics.model import Interface, Map, Named, Pointer, Slice, Type

_HAS_DELETE = (1, 22)
"""The Go version whose ``slices.Delete`` clears what it leaves behind."""


_LOCKS = frozenset({b"Lock", b"RLock"})
_CUTS = re.compile(rb"append\(\s*[\w.]+\[:")


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if _CUTS.search(unit.code) is None:
        return
    for node in walk(unit.function.body, literals=True) if unit.function.body is not None else ():
        match node:
            case ir.Assign(
                op="=",
                left=(target,),
                right=(
                    ir.Call(
                        func=ir.Name(name="append", symbol=None),
                        args=(
                            ir.SliceExpr(
                                base=kept, bounds=(None, ir.Name() | ir.Literal() | ir.Selector() as start, None)
                            ),
                            ir.SliceExpr(base=moved, bounds=(ir.Binary() | ir.Name() as end, None, None)),
                        ),
                        spread=True,
                    ) as call,
                ),
            ) if _is_same_field(target, kept, moved):
                if _is_pointer(unit, unit.typer.type_of(target)) and _lasts(unit, target, call):
                    yield _finding(unit, call, target, start, end)
            case _:
                pass


def _is_same_field(target: ir.Expr, kept: ir.Expr, moved: ir.Expr) -> bool:
    """Whether all are one field or package variable."""
    path = lock_path(target)
    if path is None or (isinstance(target, ir.Name) and target.symbol is not None):
        return False
    return path == lock_path(kept) and path == lock_path(moved) and not path.indices


def _lasts(unit: FunctionUnit, target: ir.Expr, call: ir.Call) -> bool:
    """Whether the slice belongs to something that lasts: the package, or an object that is shared, as its lock says. What a
    function is given, or has just loaded, may be dropped when it returns, and so may an object that nobody shares."""
    path = lock_path(target)
    root = _origin(unit, path.root) if path is not None else None
    if root is None or isinstance(root, str):
        return root is not None
    if has_lock(unit, unit.typer.symbol_type(root)):
        return True
    held = unit.locks.of(unit.uses.function_of(call)).locked_before(call) if not unit.words.isdisjoint(_LOCKS) else ()
    return bool(held)


def _origin(unit: FunctionUnit, root: ir.Symbol | str) -> ir.Symbol | str | None:
    """The package variable or the receiver in which it was found; None for what came from elsewhere."""
    receiver = unit.function.receiver
    if isinstance(root, str) or (receiver is not None and receiver.symbol is root):
        return root
    if root.definition is None or root.assigned:
        return None
    found = lock_path(root.definition.expr)
    return _origin(unit, found.root) if found is not None and found.root is not root else None


def _is_pointer(unit: FunctionUnit, type_: Type | None) -> bool:
    core = unit.typer.core(type_)
    if not isinstance(core, Slice):
        return False
    elem = unit.typer.underlying(core.elem) if isinstance(core.elem, Named) else core.elem
    return isinstance(elem, Pointer | Map | Interface | Slice)


def _finding(unit: FunctionUnit, call: ir.Call, target: ir.Expr, start: ir.Expr, end: ir.Expr) -> Finding:
    name = unit.source_text(target)
    return finding_at(
        unit,
        call,
        code=RULE.code,
        tier=Tier.EXTENDED,
        message=f"the last element stays behind the end of {name} and keeps what it points to alive",
        evidence=_evidence(unit, call, name, start, end),
    )


def _evidence(unit: FunctionUnit, call: ir.Call, name: str, start: ir.Expr, end: ir.Expr) -> Evidence:
    if unit.program.go < _HAS_DELETE or any(symbol.name == "slices" for symbol in unit.function.symbols):
        return NO_EVIDENCE
    text = f"slices.Delete({name}, {unit.source_text(start)}, {unit.source_text(end)})"
    return Rewrite(*unit.span(call), text, f"Use `{text}`, which clears it", ("slices",))


RULE = Rule(
    module=__name__,
    code="slice-delete-retains",
    tier=Tier.EXTENDED,
    summary="cutting an element out of a slice leaves a pointer behind its end",
    check_function=_check,
    gate=words("append"),
    fix="unsafe",
    tests_too=False,
)
