"""Cancel functions that are not called."""

from __future__ import annotations

from dataclasses import replace

from caulk.findings.finding import Finding
from caulk.flow.leaks import Leak
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.unreleased import unreleased
from caulk.semantics.model import Interface, named

_EMPTY = frozenset({"context.Background", "context.TODO", "context.WithoutCancel"})
_PLAIN = frozenset({"context.WithCancel", "context.WithCancelCause"})


def _with_cost(leak: Leak, finding: Finding) -> Finding:
    """What the lost call costs depends on the parent: say no more than is true."""
    acquire, unit = leak.acquire, leak.unit
    callee = unit.typer.callee(acquire.call).name
    if not callee.startswith("context.With") or not acquire.call.args:
        return finding
    parent = acquire.call.args[0]
    is_plain = callee in _PLAIN
    if _never_ends(unit, parent):
        why = "keeps what waits for it waiting for ever" if is_plain else "keeps its timer until the time is up"
        return _saying(leak, finding, why)
    if _is_foreign(unit, parent):
        return _saying(
            leak, finding, "keeps a goroutine that waits for the parent, whose type is not of package context"
        )
    if is_plain:
        return _saying(leak, finding, "stays registered with its parent for as long as that lives")
    return finding


def _saying(leak: Leak, finding: Finding, why: str) -> Finding:
    return replace(finding, message=finding.message.replace(leak.acquire.contract.why, why))


def _never_ends(unit: FunctionUnit, parent: ir.Expr) -> bool:
    made = parent
    if isinstance(parent, ir.Name) and parent.symbol is not None and not parent.symbol.assigned:
        made = parent.symbol.definition.expr if parent.symbol.definition is not None else parent
    return isinstance(made, ir.Call) and unit.typer.callee(made).name in _EMPTY


def _is_foreign(unit: FunctionUnit, parent: ir.Expr) -> bool:
    """Whether the parent is a value of a type of somebody else's that is a context (``*gin.Context``)."""
    type_ = unit.typer.type_of(parent)
    owner = named(type_)
    if owner is None or owner.path == "context" or not owner.path:
        return False
    return not isinstance(unit.typer.underlying(owner), Interface)


RULE = unreleased(
    __name__,
    code="cancel-uncalled",
    summary="the cancel function of a context is not called on some path",
    fix="safe",
    duplicates=("gopls: lostcancel",),
    refine=_with_cost,
)
