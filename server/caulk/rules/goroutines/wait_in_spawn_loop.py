"""Loops that wait for all their goroutines when they have started the first."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_goroutines import EarlyGroupWait
from caulk.findings.finding import Finding, Tier
from caulk.flow.groups import WAIT_GROUP, LocalGroup, local_groups
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.report import NO_EVIDENCE, finding_at, related_at
from caulk.rules.rule import Rule, words

_CODE = "wait-in-spawn-loop"


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for group in local_groups(unit, WAIT_GROUP):
        waits, adds, dones = (group.calls.get(method, ()) for method in ("Wait", "Add", "Done"))
        if group.escapes or group.copies or not adds or len(waits) != 1 or len(dones) != 1 or "Go" in group.calls:
            continue
        loop = _loop_of(unit, waits[0])
        if loop is not None and _is_for_all_rounds(unit, adds, loop) and _is_once_a_round(unit, dones[0], loop):
            yield _finding(unit, group, waits[0], adds[0], loop)


def _loop_of(unit: FunctionUnit, wait: ir.Call) -> ir.For | ir.Range | None:
    """The loop each of whose rounds comes by the call, and goes on behind it."""
    statement = unit.uses.parent(wait)
    body = unit.uses.parent(statement) if isinstance(statement, ir.ExprStmt) else None
    loop = unit.uses.parent(body) if isinstance(body, ir.Block) else None
    if not isinstance(loop, ir.For | ir.Range) or not isinstance(body, ir.Block):
        return None
    behind = (part for other in body.statements if other.start > wait.start for part in walk(other))
    leaves = any(
        isinstance(part, ir.Return) or (isinstance(part, ir.Branch) and part.keyword != "continue") for part in behind
    )
    return None if leaves else loop


def _is_for_all_rounds(unit: FunctionUnit, adds: tuple[ir.Call, ...], loop: ir.For | ir.Range) -> bool:
    """Whether more than one goroutine is added in front of the loop, and none in it."""
    function = unit.uses.function_of(loop)
    return all(add.end < loop.start and unit.uses.function_of(add) is function for add in adds) and any(
        not (isinstance(count, ir.Literal) and count.text == "1") for add in adds for count in add.args
    )


def _is_once_a_round(unit: FunctionUnit, done: ir.Call, loop: ir.For | ir.Range) -> bool:
    """Whether the call stands in a goroutine that the loop starts: one is done when the loop begins to wait, not all."""
    goroutine = unit.uses.function_of(done)
    while goroutine.parent is not None and not isinstance(_start_of(unit, goroutine), ir.Go):
        goroutine = goroutine.parent
    if goroutine.parent is None or any(isinstance(part, ir.For | ir.Range) for part in unit.uses.around(done)):
        return False
    start = _start_of(unit, goroutine)
    return start is not None and unit.placement(goroutine.parent).loop_around(start) is loop


def _start_of(unit: FunctionUnit, goroutine: ir.Function) -> ir.Node | None:
    call = unit.uses.parent(unit.uses.literals[goroutine])
    return unit.uses.parent(call) if isinstance(call, ir.Call) else None


def _finding(unit: FunctionUnit, group: LocalGroup, wait: ir.Call, add: ir.Call, loop: ir.For | ir.Range) -> Finding:
    return finding_at(
        unit,
        wait,
        code=_CODE,
        tier=Tier.CORE,
        message=(
            f"{group.symbol.name} counts the goroutines of all rounds, and the first round waits for them: nobody starts"
            " the others"
        ),
        evidence=_evidence(unit, wait, loop),
        related=(
            related_at(unit, add, "all are added here"),
            related_at(unit, ir.Node(loop.start, loop.start + len("for")), "the loop that starts them"),
        ),
    )


def _evidence(unit: FunctionUnit, wait: ir.Call, loop: ir.For | ir.Range) -> Evidence:
    if loop.body.statements[-1].end != wait.end or not isinstance(unit.uses.parent(loop), ir.Block):
        return NO_EVIDENCE
    return EarlyGroupWait(*unit.span(wait), behind=unit.offset(loop.end))


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="a loop waits for all its goroutines when it has started the first",
    check_function=_check,
    gate=words("WaitGroup Add Wait Done go for"),
    needs=("sync",),
    fix="unsafe",
)
