"""``time.After`` in a select that a loop comes by again and again."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule, words
from caulk.rules.timers.calls import calls_of, is_short, lives_on


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if not lives_on(unit):
        return
    for call in calls_of(unit, "After"):
        around = list(unit.uses.around(call))
        case = next((node for node in around if isinstance(node, ir.CommCase)), None)
        in_loop = any(isinstance(node, ir.For | ir.Range) for node in around)
        if case is None or not in_loop or not _may_stay_pending(unit, call, case) or is_short(call.args):
            continue
        yield finding_at(
            unit,
            call,
            code=RULE.code,
            tier=Tier.CORE,
            message=f"each round makes a timer of {unit.source_text(call)} that lives until it fires, "
            "also when another case comes first",
        )


def _may_stay_pending(unit: FunctionUnit, call: ir.Call, case: ir.CommCase) -> bool:
    """Whether the loop can come again while the timer runs: another case of the select does not leave the loop."""
    select = unit.uses.parent(case)
    in_comm = case.comm is not None and case.comm.start <= call.start < case.comm.end
    if not isinstance(select, ir.Select) or not in_comm:
        return False
    others = [other for other in select.cases if other is not case]
    return any(not _leaves(other) for other in others)


def _leaves(case: ir.CommCase) -> bool:
    last = case.body.statements[-1] if case.body.statements else None
    return isinstance(last, ir.Return) or (
        isinstance(last, ir.Branch) and last.keyword in ("break", "goto") and bool(last.label)
    )


RULE = Rule(
    module=__name__,
    code="timer-in-loop",
    tier=Tier.CORE,
    summary="every round of a loop makes a timer with time.After that lives until it fires",
    check_function=_check,
    gate=words("time After select for"),
    needs=("time",),
    tests_too=False,
)
