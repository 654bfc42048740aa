"""Rows of QueryRow that nobody scans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from caulk.findings.evidence import Evidence
from caulk.findings.finding import Finding, Tier
from caulk.flow.leaks import Leak
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule
from caulk.rules.unreleased import leak_findings

_CODE = "row-unscanned"


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b"QueryRow" in unit.text:
        yield from leak_findings(_CODE, Tier.CORE, _without_edit, unit)
        yield from _only_asked_for_error(unit)


def _without_edit(leak: Leak, finding: Finding) -> Finding:
    """What to scan into nobody knows."""
    return replace(finding, evidence=Evidence())


def _only_asked_for_error(unit: FunctionUnit) -> Iterator[Finding]:
    """``Err`` ends a row for the contract, because a row with an error has no connection; alone it does not."""
    if b".Err()" not in unit.text or unit.function.body is None:
        return
    for call in expressions(unit.function.body, literals=True):
        if isinstance(call, ir.Call) and _is_query_row(unit, call) and _is_left(unit, call):
            called = unit.source_text(call.func).rpartition(".")[2]
            message = (
                f"the row of {called} is only asked for its error: only Scan gives its connection back to the pool"
            )
            yield finding_at(unit, call, code=_CODE, tier=Tier.CORE, message=message)


def _is_query_row(unit: FunctionUnit, call: ir.Call) -> bool:
    if not isinstance(call.func, ir.Selector) or not call.func.field.startswith("QueryRow"):
        return False
    contract = unit.program.contracts.of(unit.typer.callee(call))
    return contract is not None and contract.code == _CODE


def _is_left(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether the row is used for nothing else."""
    parent = unit.uses.parent(call)
    match parent:
        case ir.Selector():
            return _asks_for_error(unit, parent)
        case ir.Assign(left=(ir.Name(symbol=ir.Symbol() as symbol) as target,), op=":=" | "var"):
            names = [name for name in unit.uses.names.get(symbol, ()) if name is not target]
            return bool(names) and all(_asks_for_error(unit, unit.uses.parent(name)) for name in names)
        case _:
            return False


def _asks_for_error(unit: FunctionUnit, parent: ir.Node | None) -> bool:
    return isinstance(parent, ir.Selector) and parent.field == "Err" and isinstance(unit.uses.parent(parent), ir.Call)


RULE = Rule(
    module=__name__,
    code="row-unscanned",
    tier=Tier.CORE,
    summary="the row of QueryRow is never scanned and keeps its connection",
    check_function=_check,
    tests_too=False,
)
