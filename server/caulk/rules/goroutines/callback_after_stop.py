"""Methods that go on sending to a loop which can be stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caulk.findings.evidence import Evidence, OtherStatements
from caulk.findings.finding import Finding, Tier
from caulk.flow.census import KeptChannel, Place, waits
from caulk.flow.channels import ChannelUse, Ends, Use
from caulk.flow.program import FunctionUnit, Program
from caulk.ir import nodes as ir
from caulk.rules.report import NO_EVIDENCE, finding_at, related_at
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests

_CODE = "callback-after-stop"


@dataclass(frozen=True, slots=True, eq=False)
class _Stop:
    """The clause by which a loop of the object ends: ``case <-s.stop: return``, ``case <-s.ctx.Done(): return``."""

    unit: FunctionUnit
    case: ir.CommCase
    field: str
    is_context: bool


def _check(program: Program) -> Iterator[Finding]:
    if is_for_tests(program):
        return
    census = program.census
    for place in census.served:
        kept = census.kept(place)
        stop = _stop(kept) if not kept.held & Ends.RECEIVE and None not in kept.capacities else None
        if stop is None or not (stop.is_context or _is_closed(program, Place(place.type, stop.field))):
            continue
        for send in kept.of(Use.SEND):
            if _is_from_outside(send, place, stop):
                yield _finding(send, place, stop)


def _stop(kept: KeptChannel) -> _Stop | None:
    """The way out of the only loop that receives; None where somebody receives in another way."""
    receives = kept.of(Use.RECEIVE, Use.RANGE)
    if len(receives) != 1 or receives[0].use is not Use.RECEIVE:
        return None
    unit, node = receives[0].unit, receives[0].node
    around = list(unit.uses.around(node))
    select = next((outer for outer in around if isinstance(outer, ir.Select)), None)
    if select is None or not any(isinstance(outer, ir.For) and outer.cond is None for outer in around):
        return None
    return next((stop for case in select.cases for stop in (_leaving(unit, case),) if stop is not None), None)


def _leaving(unit: FunctionUnit, case: ir.CommCase) -> _Stop | None:
    last = case.body.statements[-1] if case.body.statements else None
    if not isinstance(last, ir.Return):
        return None
    match case.comm:
        case ir.ExprStmt(expr=ir.Unary(op="<-", operand=ir.Selector() as field)) if _is_of_receiver(unit, field):
            return _Stop(unit, case, field.field, is_context=False)
        case ir.ExprStmt(
            expr=ir.Unary(
                op="<-", operand=ir.Call(func=ir.Selector(base=ir.Selector() as field, field="Done"), args=())
            )
        ) if _is_of_receiver(unit, field):
            return _Stop(unit, case, field.field, is_context=True)
        case _:
            return None


def _is_of_receiver(unit: FunctionUnit, field: ir.Selector) -> bool:
    return isinstance(field.base, ir.Name) and field.base.symbol is _receiver(unit) is not None


def _receiver(unit: FunctionUnit) -> ir.Symbol | None:
    receiver = unit.function.receiver
    return receiver.symbol if receiver is not None else None


def _is_closed(program: Program, place: Place) -> bool:
    """Whether somebody closes the channel that ends the loop: all who wait for it then go on."""
    return place in program.census.places.get(place.name, ()) and bool(program.census.kept(place).of(Use.CLOSE))


def _is_from_outside(send: ChannelUse, place: Place, stop: _Stop) -> bool:
    """Whether a method that others call sends, and nothing there asks whether the loop has ended."""
    unit = send.unit
    return (
        waits(send)
        and unit.receiver == place.type == stop.unit.receiver
        and unit is not stop.unit
        and unit.name[:1].isupper()
        and send.function is unit.function
        and stop.field.encode() not in unit.words
    )


def _finding(send: ChannelUse, place: Place, stop: _Stop) -> Finding:
    unit = send.unit
    return finding_at(
        unit,
        send.node,
        code=_CODE,
        tier=Tier.EXPERIMENTAL,
        message=f"when {stop.unit.qualified} has ended nobody receives from {place.text}: who calls {unit.name} then waits for ever",
        evidence=_evidence(send, stop),
        related=(
            related_at(stop.unit, ir.Node(stop.case.start, stop.case.start + len("case")), "the loop ends here", unit),
        ),
    )


def _evidence(send: ChannelUse, stop: _Stop) -> Evidence:
    unit, node, receiver = send.unit, send.node, _receiver(send.unit)
    text = unit.source_text(node)
    if receiver is None or unit.function.results or "\n" in text or not isinstance(unit.uses.parent(node), ir.Block):
        return NO_EVIDENCE
    ended = f"{receiver.name}.{stop.field}{'.Done()' if stop.is_context else ''}"
    lines = ("select {", f"case {text}:", f"case <-{ended}:", "\treturn", "}")
    return OtherStatements(*unit.span(node), lines, f"Give up when {ended} tells that the loop has ended")


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXPERIMENTAL,
    summary="a method sends to a loop that may have been stopped",
    check_package=_check,
    fix="unsafe",
    tests_too=False,
)
