"""What the fixes need to know of a leak: where a defer fits, which ways out lack a release, and who else comes by there."""

from __future__ import annotations

from dataclasses import replace

from caulk.findings.evidence import (
    Evidence,
    Exit,
    ExitKind,
    LoopDefer,
    Place,
    PrematureRelease,
    Unreleased,
    Where,
)
from caulk.flow.access import DERIVED, captured_symbols, mentions, place_of
from caulk.flow.acquires import Acquire
from caulk.flow.cfg import BodyEnd, FunctionEnd, leaves
from caulk.flow.jumps import jumps_out
from caulk.flow.leaks import Leak, LeakKind, leaves_by
from caulk.flow.outcomes import Ending, OpenExit
from caulk.flow.placement import NewPlace
from caulk.flow.program import FunctionUnit
from caulk.flow.shapes import EXPRESSIONS
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements
from caulk.rules.context_life import context_outlives
from caulk.rules.discard_evidence import discarded, inline
from caulk.rules.error_result import error_result, fails, succeeds
from caulk.rules.fix_names import means_the_same
from caulk.rules.kept_evidence import goroutine_evidence, kept_evidence
from caulk.rules.release_call import release_of

_ELSEWHERE = (Ending.RETURNED, Ending.TRANSFERRED, Ending.RELEASED, Ending.DEFERRED)
"""How an obligation ends other than open."""
_REMOVING = frozenset({"os.Remove", "os.RemoveAll", "os.Rename"})


def evidence_of(leak: Leak) -> Evidence:
    """What the fixes need to know of a leak; plain Evidence when no fix can help."""
    match leak.kind:
        case LeakKind.DISCARDED:
            return discarded(leak)
        case LeakKind.INLINE:
            return inline(leak)
        case LeakKind.PREMATURE:
            return _premature(leak)
        case LeakKind.LOOP_DEFER:
            return _loop_defer(leak)
        case LeakKind.OPEN | LeakKind.OVERWRITTEN:
            return _unreleased(leak)
        case LeakKind.KEPT:
            return kept_evidence(leak)
        case LeakKind.FORGOTTEN:
            return goroutine_evidence(leak)
        case _:
            return Evidence()


def _place(unit: FunctionUnit, place: NewPlace | None) -> Place | None:
    return Place(Where(place.where), unit.offset(place.offset)) if place is not None else None


def _defer_at(leak: Leak) -> Place | None:
    """Where the value is surely there: behind the check of its error."""
    acquire = leak.acquire
    placement = leak.unit.placement(acquire.function)
    error = acquire.error_symbol
    value = acquire.symbol_at(acquire.contract.result) if acquire.contract.given is None else None
    return _place(leak.unit, placement.after_check(acquire.item, error, value))


def _unreleased(leak: Leak) -> Evidence:
    unit, acquire, outcome = leak.unit, leak.acquire, leak.outcome
    release = release_of(leak)
    place = acquire.place
    if outcome is None or release is None or place is None:
        return Evidence()
    if _is_cut_off(leak):
        return Evidence()
    graph = unit.cfg(acquire.function)
    spawned = leak.goroutines
    return Unreleased(
        release=release,
        acquire_start=unit.offset(acquire.item.start),
        acquire_end=unit.offset(acquire.item.end),
        exits=tuple(_exit(leak, exit_) for exit_ in _exits(leak)),
        defer_at=_defer_at(leak),
        in_loop=graph.reaches(acquire.block, acquire.block),
        explicit_release=not acquire.contract.idempotent
        and any(not isinstance(event.item, EXPRESSIONS) for event in outcome.of(Ending.RELEASED)),
        transferred=outcome.has(Ending.TRANSFERRED, Ending.RETURNED),
        late_defer=_late_defer(leak),
        rebound=place.symbol.assigned > (0 if _declares(acquire, place.symbol) or acquire.given is not None else 1),
        goroutine=_goroutine_start(leak, spawned),
        spawned=bool(spawned),
        context_kept=context_outlives(leak),
        error=error_result(unit, acquire.function),
        succeeds=all(succeeds(acquire.function, statement) for statement in outcome.return_statements),
    )


def _is_cut_off(leak: Leak) -> bool:
    """Whether what a compressing writer writes to is closed by a plain call: a close of the writer behind it comes too late."""
    acquire = leak.acquire
    target = acquire.call.args[0] if acquire.contract.kind == "compressor" and acquire.call.args else None
    body = acquire.function.body
    if not isinstance(target, ir.Name) or target.symbol is None or body is None:
        return False
    deferred = {id(statement.call) for statement in statements(body) if isinstance(statement, ir.Defer)}
    closes = (
        part.func.base
        for part in expressions(body)
        if isinstance(part, ir.Call)
        and id(part) not in deferred
        and isinstance(part.func, ir.Selector)
        and part.func.field.startswith("Close")
    )
    return any(isinstance(base, ir.Name) and base.symbol is target.symbol for base in closes)


def _goroutine_start(leak: Leak, spawned: list[ir.Go]) -> Place | None:
    """The start of the goroutine's body, when it is one literal and nothing after it uses the value."""
    place, body = leak.acquire.place, leak.acquire.function.body
    if len(spawned) != 1 or place is None or body is None:
        return None
    call = spawned[0].call
    if not isinstance(call, ir.Call) or not isinstance(call.func, ir.FuncLit) or call.func.function.body is None:
        return None
    later = (p for p in expressions(body, literals=True) if isinstance(p, ir.Name) and p.symbol is place.symbol)
    if any(part.start >= spawned[0].end for part in later) or call.args:
        return None
    return Place(Where.BLOCK_START, leak.unit.offset(call.func.function.body.start))


def _declares(acquire: Acquire, symbol: ir.Symbol) -> bool:
    return isinstance(acquire.item, ir.Assign) and symbol in acquire.item.new


def _late_defer(leak: Leak) -> tuple[int, int] | None:
    """The one deferred release of the function, when it may simply move up: a plain call, or a literal over this value."""
    outcome, place = leak.outcome, leak.acquire.place
    if outcome is None or place is None:
        return None
    events = outcome.of(Ending.DEFERRED)
    items = {id(event.item): event.item for event in events}
    if len(items) != 1:
        return None
    (item,) = items.values()
    if not isinstance(item, ir.Defer) or not isinstance(item.call, ir.Call):
        return None
    placement = leak.unit.placement(leak.acquire.function)
    if item.start < leak.acquire.item.end or placement.of(item) is None:
        return None
    return leak.unit.span(item) if _may_move_up(leak, item.call, place.symbol) else None


def _may_move_up(leak: Leak, call: ir.Call, own: ir.Symbol) -> bool:
    """Whether the deferred call does the same when it is deferred earlier: it sees this value only, and on a way out that is
    open so far it is right (a commit is not)."""
    func = call.func
    if isinstance(func, ir.FuncLit):
        return captured_symbols(func.function) <= {own} and not call.args
    contract = leak.acquire.contract
    if contract.idempotent and isinstance(func, ir.Selector) and func.field != contract.release:
        return False
    others = [part for arg in call.args for part in expressions(arg) if isinstance(part, ir.Name) and part.symbol]
    return all(part.symbol is own for part in others)


def _exits(leak: Leak) -> list[OpenExit]:
    """The open exits. Where the value lives in the body of a loop that is left by its rounds only, a release at the end of the
    round serves those of later rounds and behind the loop too, which do not know the value any more."""
    unit, acquire = leak.unit, leak.acquire
    loop = unit.placement(acquire.function).loop_around(acquire.item)
    if loop is None or not _lives_in(leak, loop.body):
        return leak.exits
    ends = [exit_ for exit_ in leak.exits if isinstance(exit_.branch, BodyEnd) and exit_.branch.end == loop.body.end]
    return [exit_ for exit_ in leak.exits if exit_ in ends or _knows(leak, exit_, loop.body)] if ends else leak.exits


def _knows(leak: Leak, exit_: OpenExit, body: ir.Block) -> bool:
    """Whether the variable still holds the value at a way out in the loop body."""
    place = leak.acquire.place
    here = body.start <= leaves_by(exit_).start < body.end
    return here and any(place is not None and alias.symbol is place.symbol for alias in exit_.aliases)


def _lives_in(leak: Leak, body: ir.Block) -> bool:
    """Whether no name outside of the loop body may hold the value, and no jump leaves the loop with it."""
    place = leak.acquire.place
    if place is None or not _declares(leak.acquire, place.symbol):
        return False
    if any(alias.symbol.start < body.start for exit_ in leak.exits for alias in exit_.aliases):
        return False
    jumps = (jump for jump in jumps_out(body) if not isinstance(jump, ir.Return))
    return all(isinstance(jump, ir.Branch) and jump.keyword == "continue" and not jump.label for jump in jumps)


def _exit(leak: Leak, exit_: OpenExit) -> Exit:
    unit = leak.unit
    node = leaves_by(exit_)
    kind = ExitKind.RETURN
    if exit_.overwritten:
        branch = exit_.branch
        kind = (
            ExitKind.OVERWRITTEN if branch is None else ExitKind.END if isinstance(branch, BodyEnd) else ExitKind.BRANCH
        )
    elif isinstance(exit_.item, FunctionEnd):
        kind = ExitKind.END
    start, end = unit.span(node)
    return Exit(
        kind,
        start,
        end,
        uses_value=_uses_value(leak, exit_),
        maybe_nil=bool(exit_.errors) or _comes_by(leak, exit_, Ending.ABSENT) or _may_skip(leak, exit_),
        maybe_released=_comes_by(leak, exit_, Ending.RELEASED, Ending.DEFERRED, Ending.TRANSFERRED),
        goes_on=_goes_on(leak, exit_),
        hidden=_is_hidden(leak, exit_),
        fails=fails(leak.acquire.function, exit_.item),
        before=_removal_before(leak, exit_),
    )


def _is_hidden(leak: Leak, exit_: OpenExit) -> bool:
    """Whether a name of the release means something else where control leaves."""
    unit, acquire, release = leak.unit, leak.acquire, release_of(leak)
    there = _standing(leak, exit_)
    if release is None or acquire.place is None or there is None:
        return True
    return not means_the_same(unit, release.call, acquire.item, acquire.place.symbol, there)


def _standing(leak: Leak, exit_: OpenExit) -> ir.Node | None:
    """The statement in front of which a release would stand; the block at whose end it would."""
    item = exit_.branch if exit_.overwritten and exit_.branch is not None else exit_.item
    body = leak.acquire.function.body
    if isinstance(item, FunctionEnd):
        return body
    if not isinstance(item, BodyEnd):
        return item
    loops = statements(body) if body is not None else ()
    return next(
        (loop.body for loop in loops if isinstance(loop, ir.For | ir.Range) and loop.body.end == item.end), None
    )


def _removal_before(leak: Leak, exit_: OpenExit) -> int:
    """Where the statements start, right in front of the way out, that remove or rename the file that is still open: where a
    file must be closed first, they fail."""
    position = leak.unit.placement(leak.acquire.function).of(exit_.item)
    place, found = leak.acquire.place, -1
    if position is None or position.owner is not None or place is None or leak.acquire.contract.kind != "file":
        return found
    for statement in reversed(position.block.statements[: position.index]):
        if not isinstance(statement, ir.ExprStmt | ir.Assign) or not _removes(leak, statement):
            break
        found = leak.unit.offset(statement.start)
    return found


def _removes(leak: Leak, statement: ir.ExprStmt | ir.Assign) -> bool:
    values = (statement.expr,) if isinstance(statement, ir.ExprStmt) else statement.right
    calls = [value for value in values if isinstance(value, ir.Call)]
    return bool(calls) and all(leak.unit.typer.callee(call).name in _REMOVING for call in calls)


def _may_skip(leak: Leak, exit_: OpenExit) -> bool:
    """Whether a path that never acquired leads through the same way out: ``if d > 0 { ctx, cancel = … }`` before it."""
    graph, start = leak.unit.cfg(leak.acquire.function), leak.acquire.block
    if start in (graph.entry, exit_.block):
        return False
    return graph.entry is exit_.block or graph.reaches(graph.entry, exit_.block, avoiding=start)


def _comes_by(leak: Leak, exit_: OpenExit, *endings: Ending) -> bool:
    """Whether a path on which the obligation has ended so leads through the same way out."""
    graph, start = leak.unit.cfg(leak.acquire.function), leak.acquire.block
    return leak.outcome is not None and any(
        (event.block is exit_.block and event.item is not exit_.item and event.item.start <= exit_.item.start)
        or graph.reaches(event.block, exit_.block, avoiding=start)
        for event in leak.outcome.of(*endings)
    )


def _goes_on(leak: Leak, exit_: OpenExit) -> bool:
    """Whether the obligation may meet another end on the way on from where the loop goes round."""
    if exit_.branch is None or leak.outcome is None:
        return False
    graph, start = leak.unit.cfg(leak.acquire.function), leak.acquire.block
    other = leak.outcome.of(*_ELSEWHERE)
    leaving = [open_.block for open_ in _exits(leak) if not open_.overwritten]
    blocks = [*(event.block for event in other), *leaving]
    return any(graph.reaches(exit_.block, block, avoiding=start) for block in blocks)


def _uses_value(leak: Leak, exit_: OpenExit) -> bool:
    """Whether the leaving statement still reads the value, or is how another path ends it: a release in front of it would
    come too early."""
    events = leak.outcome.events if leak.outcome is not None else []
    ends = any(event.item is exit_.item and event.ending in _ELSEWHERE for event in events)
    return not exit_.overwritten and (ends or _reads(leak, exit_.item))


def _reads(leak: Leak, item: ir.Node) -> bool:
    """Whether a return reads the value (or, for a cancel function, its context)."""
    place = leak.acquire.place
    if not isinstance(item, ir.Return) or place is None:
        return False
    partners = frozenset(
        target.symbol
        for target in leak.acquire.left
        if leak.acquire.contract.kind == "cancel" and isinstance(target, ir.Name) and target.symbol is not None
    )
    derived, holders = _over(leak)
    for value in item.values:
        if mentions(value, partners | derived) or (not isinstance(value, ir.Name) and mentions(value, holders)):
            return True
        for part in expressions(value, literals=True):
            found = place_of(part, lambda _: False)
            # `resp.StatusCode` does not read `resp.Body`
            if found is not None and found.symbol is place.symbol and found.path[: len(place.path)] == place.path:
                return True
    return False


def _over(leak: Leak) -> tuple[frozenset[ir.Symbol], frozenset[ir.Symbol]]:
    """The variables whose values read from the resource (a buffered reader over it), and those of structs that hold it."""
    place = leak.acquire.place
    aliases = [
        alias for exit_ in leak.exits for alias in exit_.aliases if place is None or alias.symbol is not place.symbol
    ]
    derived = frozenset(alias.symbol for alias in aliases if DERIVED in alias.path)
    return derived, frozenset(alias.symbol for alias in aliases) - derived


def _premature(leak: Leak) -> Evidence:
    if leak.event is None:
        return Evidence()
    unit, item = leak.unit, leak.event.item
    start, end = unit.span(item)
    movable = isinstance(item, ir.Defer) and unit.placement(leak.acquire.function).of(item) is not None
    return PrematureRelease(start, end, _defer_at(leak) if movable else None)


def _loop_defer(leak: Leak) -> Evidence:
    if leak.event is None:
        return Evidence()
    unit, item = leak.unit, leak.event.item
    placement = unit.placement(leak.acquire.function)
    loop = placement.loop_around(item)
    position = placement.of(item)
    if loop is None or position is None or any(name.start >= loop.body.end for name in _uses(leak)):
        return Evidence()
    after = [jump for jump in jumps_out(loop.body) if jump.start > item.start and not isinstance(jump, ir.Labeled)]
    return replace(
        deferred_in(unit, item, loop),
        release=release_of(leak) if position.block is loop.body else None,
        leaving=tuple(unit.offset(jump.start) for jump in after),
        uses_value=any(_reads(leak, jump) for jump in after),
        held=_may_be_held(leak),
    )


def deferred_in(unit: FunctionUnit, item: ir.Node, loop: ir.For | ir.Range) -> LoopDefer:
    """A defer in a loop, as far as the loop is concerned: what wrapping its body needs to know."""
    jumps = list(jumps_out(loop.body))
    rounds = [jump for jump in jumps if isinstance(jump, ir.Branch) and jump.keyword == "continue" and not jump.label]
    start, end = unit.span(item)
    return LoopDefer(
        defer_start=start,
        defer_end=end,
        body_start=unit.offset(loop.body.start),
        body_end=unit.offset(loop.body.end),
        crosses=len(rounds) < len(jumps),
        continues=tuple(unit.span(jump) for jump in rounds),
        falls_through=not leaves(loop.body, unit.never_returns),
    )


def _uses(leak: Leak) -> list[ir.Name]:
    """Where the variables that the acquire sets are used, its error left out."""
    left = leak.acquire.left
    symbols = {target.symbol for target in left if isinstance(target, ir.Name) and target.symbol is not None}
    symbols -= {leak.acquire.error_symbol}
    names = [name for symbol in symbols for name in leak.unit.uses.names.get(symbol, ())]
    return [name for name in names if all(name is not target for target in left)]


def _may_be_held(leak: Leak) -> bool:
    """Whether the value may be meant to live longer than a round: nothing but the release uses it."""
    event = leak.event
    return event is None or all(event.item.start <= name.start < event.item.end for name in _uses(leak))
