"""``time.Tick`` in functions that return."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_timers import UnstoppableTicker
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.naming import free_name
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule, words
from caulk.rules.timers.calls import UNITS, calls_of, lives_on, returns_behind, runs_once, statement_around


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for call in calls_of(unit, "Tick"):
        function = unit.uses.function_of(call)
        if runs_once(unit, function) or not returns_behind(unit, function, call.start) or _is_kept(unit, call):
            continue
        if lives_on(unit):
            tier, what = Tier.CORE, "nobody can stop it, and it ticks on for ever after the function has returned"
        else:
            tier, what = Tier.EXPERIMENTAL, "nobody can stop it: it ticks on until the collector finds it"
        message = f"the ticker of {unit.source_text(call)} is hidden: {what}"
        yield finding_at(unit, call, code=RULE.code, tier=tier, message=message, evidence=_evidence(unit, call))


def _is_kept(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether the channel leaves the function: a ticker of the same life is its caller's business."""
    parent = unit.uses.parent(call)
    match parent:
        case ir.Range() | ir.Unary(op="<-"):
            return False
        case ir.Assign(new=(ir.Symbol() as symbol,)):
            names = [name for name in unit.uses.names.get(symbol, ()) if name.start != symbol.start]
            return not all(isinstance(unit.uses.parent(name), ir.Range | ir.Unary) for name in names)
        case _:
            return True


def _evidence(unit: FunctionUnit, call: ir.Call) -> Evidence:
    statement = statement_around(unit, call)
    if isinstance(statement, ir.Range) and statement.subject is not call:
        return NO_EVIDENCE  # somewhere in a loop
    function = unit.uses.function_of(call)
    if statement is None or unit.placement(function).loop_around(statement) is not None:
        return NO_EVIDENCE
    if not isinstance(statement, ir.Assign | ir.Range | ir.ExprStmt | ir.For) or not isinstance(call.func, ir.Selector):
        return NO_EVIDENCE
    if (
        isinstance(statement, ir.For)
        and any(node is call for node in walk(statement.init or statement))
        and statement.init
    ):
        return NO_EVIDENCE
    start, end = unit.span(call)
    return UnstoppableTicker(
        start,
        end,
        before=unit.offset(statement.start),
        name=free_name(unit, "ticker"),
        constructor=f"{unit.source_text(call.func.base)}.NewTicker({', '.join(map(unit.source_text, call.args))})",
        certain=all(_is_positive(arg) for arg in call.args),
    )


def _is_positive(duration: ir.Expr) -> bool:
    """Whether the duration is a constant as people write it: ``time.Tick`` takes others that NewTicker panics on."""
    return all(
        (isinstance(node, ir.Literal) and node.text.strip("0_."))
        or isinstance(node, ir.Binary)
        or (isinstance(node, ir.Selector) and node.field in UNITS)
        or (isinstance(node, ir.Name) and node.symbol is None)
        for node in walk(duration)
    )


RULE = Rule(
    module=__name__,
    code="tick-leak",
    tier=Tier.CORE,
    summary="time.Tick makes a ticker that nobody can stop, in a function that returns",
    check_function=_check,
    gate=words("time Tick"),
    needs=("time",),
    fix="safe",
    tests_too=False,
    duplicates=("staticcheck: SA1015",),
)
