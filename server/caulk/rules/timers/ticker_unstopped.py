"""Tickers that a function makes and never stops."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Place, Where
from caulk.findings.evidence_insertions import MissingStatements
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule, words
from caulk.rules.timers.calls import calls_of, lives_on, returns_behind, runs_once


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if not lives_on(unit):
        return
    for call in calls_of(unit, "NewTicker"):
        function = unit.uses.function_of(call)
        match unit.uses.parent(call):
            case ir.Assign(new=(ir.Symbol() as symbol,)) as statement:
                if runs_once(unit, function) or not _stays(unit, function, symbol):
                    continue
                if returns_behind(unit, function, call.start):
                    yield _finding(unit, function, statement, symbol)
            case _:
                pass


def _stays(unit: FunctionUnit, function: ir.Function, symbol: ir.Symbol) -> bool:
    """Whether the function only receives from the ticker, and hands it to nobody."""
    if symbol.assigned:
        return False
    for name in unit.uses.names.get(symbol, ()):
        if name.start == symbol.start:
            continue
        field = unit.uses.parent(name)
        if not isinstance(field, ir.Selector) or unit.uses.function_of(name) is not function:
            return False
        receives = field.field == "C" and isinstance(unit.uses.parent(field), ir.Range | ir.Unary)
        if not receives and field.field != "Reset":
            return False
    return True


def _finding(unit: FunctionUnit, function: ir.Function, statement: ir.Assign, symbol: ir.Symbol) -> Finding:
    return finding_at(
        unit,
        statement.right[0],
        code=RULE.code,
        tier=Tier.CORE,
        message=f"{symbol.name} is never stopped: it ticks on for ever after the function has returned",
        evidence=_evidence(unit, function, statement, symbol),
    )


def _evidence(unit: FunctionUnit, function: ir.Function, statement: ir.Assign, symbol: ir.Symbol) -> Evidence:
    if unit.placement(function).loop_around(statement) is not None:
        return NO_EVIDENCE
    line = f"defer {symbol.name}.Stop()"
    at = Place(Where.AFTER, unit.offset(statement.end))
    return MissingStatements(at, (line,), f"Add `{line}`", changes_behaviour=False)


RULE = Rule(
    module=__name__,
    code="ticker-unstopped",
    tier=Tier.CORE,
    summary="a function that returns makes a ticker and never stops it",
    check_function=_check,
    gate=words("time NewTicker"),
    needs=("time",),
    fix="safe",
    tests_too=False,
)
