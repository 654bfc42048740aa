"""Drains of a timer whose value was received already."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_timers import BlockedDrain
from caulk.findings.finding import Finding, Tier
from caulk.flow import facts as known
from caulk.flow.cfg import Block, Item
from caulk.flow.lock_calls import LockPath, lock_path
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.report import finding_at, related_at
from caulk.rules.rule import Rule, words

_MAX_STATES = 300


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for function in unit.function.walk():
        for node in walk(function.body) if function.body is not None else ():
            stop = _drain(node) if isinstance(node, ir.If) else None
            if isinstance(node, ir.If) and stop is not None and _is_timer(unit, stop):
                received = _received_before(unit, function, node, stop)
                if received is not None:
                    yield _finding(unit, node, stop, received)


def _drain(node: ir.If) -> ir.Selector | None:
    """``t.Stop`` of ``if !t.Stop() { <-t.C }``."""
    match node:
        case ir.If(
            init=None,
            cond=ir.Unary(op="!", operand=ir.Call(func=ir.Selector(field="Stop") as stop)),
            then=ir.Block(statements=(ir.ExprStmt(expr=ir.Unary(op="<-", operand=ir.Selector(field="C") as channel)),)),
            orelse=None,
        ) if lock_path(stop.base) is not None and lock_path(stop.base) == lock_path(channel.base):
            return stop
        case _:
            return None


def _is_timer(unit: FunctionUnit, stop: ir.Selector) -> bool:
    call = unit.uses.parent(stop)
    return isinstance(call, ir.Call) and unit.typer.callee(call).declared_name == "time.Timer.Stop"


def _received_before(unit: FunctionUnit, function: ir.Function, drain: ir.If, stop: ir.Selector) -> ir.Node | None:
    """A receive from the timer from which a way leads to the drain that does not set the timer again."""
    timer = lock_path(stop.base)
    assert timer is not None
    graph = unit.cfg(function)
    wanted = known.repeated(graph)
    for block in graph.reachable():
        for number, item in enumerate(block.items):
            received = _receive(item, timer)
            if received is None or drain.start <= received.start < drain.end:
                continue
            before = known.dominating(graph, block, number, wanted)
            if _leads_to(block, number + 1, stop, timer, wanted, before):
                return received
    return None


def _receive(item: Item, timer: LockPath) -> ir.Node | None:
    for node in _parts(item):
        match node:
            case ir.Unary(op="<-", operand=ir.Selector(field="C", base=base)) if lock_path(base) == timer:
                return node
            case _:
                pass
    return None


def _parts(item: Item) -> Iterator[ir.Node]:
    """The nodes of an item, without the bodies that have blocks of their own."""
    if not isinstance(item, ir.Range | ir.TypeCase):
        yield from walk(item)


def _leads_to(
    block: Block, start: int, stop: ir.Selector, timer: LockPath, wanted: frozenset[str], before: known.Facts
) -> bool:
    seen: set[tuple[int, known.Facts]] = set()
    todo: list[tuple[Block, int, known.Facts]] = [(block, start, before)]
    for current, first, facts in todo:
        for item in current.items[first:]:
            if any(node is stop for node in _parts(item)):
                return True
            if _sets_again(item, timer):
                break
            facts = known.told(item, facts)
        else:
            for edge in current.edges:
                behind = known.taken(facts, edge.cond, edge.value, wanted)
                if behind is not None and (edge.target.index, behind) not in seen and len(seen) < _MAX_STATES:
                    seen.add((edge.target.index, behind))
                    todo.append((edge.target, 0, behind))
    return False


def _sets_again(item: Item, timer: LockPath) -> bool:
    """Whether the item resets or replaces the timer, stops it, or gives it to somebody who may."""
    if any(timer.depends_on(symbol) for symbol in known.assigned_by(item)):
        return True
    if isinstance(item, ir.Assign) and any(lock_path(target) == timer for target in item.left):
        return True
    for node in _parts(item):
        if isinstance(node, ir.Call):
            base = lock_path(node.func.base) if isinstance(node.func, ir.Selector) else None
            given = [base, *(lock_path(arg) for arg in node.args)]
            if any(path is not None and (path == timer or timer.begins_with(path)) for path in given):
                return True
    return False


def _finding(unit: FunctionUnit, node: ir.If, stop: ir.Selector, received: ir.Node) -> Finding:
    timer = unit.source_text(stop.base)
    return finding_at(
        unit,
        node.cond,
        code=RULE.code,
        tier=Tier.CORE,
        message=f"{timer}.C was received from at line {unit.line(received.start)}: "
        "Stop then gives false, and the drain waits for ever",
        evidence=BlockedDrain(*unit.span(node), f"{timer}.Stop()", f"{timer}.C"),
        related=(related_at(unit, received, "received here"),),
    )


RULE = Rule(
    module=__name__,
    code="timer-drain-deadlock",
    tier=Tier.CORE,
    summary="a timer whose value was received already is drained",
    check_function=_check,
    gate=words("Stop C if"),
    needs=("time",),
    fix="unsafe",
)
