"""What is wrong with the obligations of one function: records that the acquire/release rules put into words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from caulk.flow.access import Place, captured_symbols, mentions, place_of
from caulk.flow.acquires import Acquire, is_rootless
from caulk.flow.after_release import use_after
from caulk.flow.cfg import BodyEnd, Edge, FunctionEnd, Item
from caulk.flow.keeping import Slot, kept_in
from caulk.flow.outcomes import Ending, Event, OpenExit, Outcome, Terms
from caulk.flow.shapes import tested_for_nil
from caulk.flow.spawned import Spawned, forgetful_goroutine
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements, walk
from caulk.semantics.contracts import CALL_ITSELF, RECEIVER
from caulk.semantics.model import CalleeKind, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit


ENDING_METHODS = ("Close", "Stop", "Shutdown", "Release", "close", "stop", "shutdown", "release")
"""Methods by which the users of an object end it."""


class LeakKind(Enum):
    OPEN = "open"
    """Some way out is reached with the value open."""
    OVERWRITTEN = "overwritten"
    """The only ways out that are open are assignments over it."""
    DISCARDED = "discarded"
    INLINE = "inline"
    """Used on the spot without a name."""
    PREMATURE = "premature"
    """Released before its error was checked."""
    LOOP_DEFER = "deferred in a loop"
    FORGOTTEN = "forgotten in a goroutine"
    """Handed to a goroutine that releases it on some of its paths only."""
    USED = "used after its release"
    KEPT = "kept"
    """In a field or package variable whose value nobody releases."""


@dataclass(frozen=True, slots=True, eq=False)
class Leak:
    unit: FunctionUnit
    kind: LeakKind
    acquire: Acquire
    outcome: Outcome | None = None
    event: Event | None = None
    """The release in question, for PREMATURE and LOOP_DEFER."""
    slot: Slot | None = None
    """For KEPT: where it is."""
    spawned: Spawned | None = None
    """For FORGOTTEN."""
    use: ir.Call | None = None
    """For USED; ``event`` is the release."""

    @property
    def exits(self) -> list[OpenExit]:
        """The open exits, one a statement, in the order in which the walk found them (nearest first)."""
        found: dict[int, OpenExit] = {}
        for exit_ in self.outcome.open if self.outcome else ():
            found.setdefault(id(exit_.item), exit_)
        return list(found.values())

    @property
    def code(self) -> str:
        """The code of the rule that reports it."""
        contract = self.acquire.contract
        match self.kind:
            case LeakKind.FORGOTTEN | LeakKind.OPEN | LeakKind.OVERWRITTEN if self.is_accepted and self.goroutines:
                return "conn-goroutine-leak"
            case LeakKind.PREMATURE:
                return "release-before-error-check"
            case LeakKind.LOOP_DEFER:
                return "defer-in-loop"
            case LeakKind.DISCARDED:
                return contract.discard_code or contract.code
            case LeakKind.OVERWRITTEN:
                return contract.overwrite_code or contract.code
            case LeakKind.USED:
                return "use-after-release"
            case LeakKind.KEPT if contract.kind == "cancel":
                return "cancel-stored-uncalled"
            case LeakKind.OPEN if self.is_partial_construction:
                return "partial-construction-leak"
            case _:
                return contract.code

    @property
    def is_accepted(self) -> bool:
        """Whether the value is a connection that a listener accepted."""
        func = self.acquire.call.func
        name = func.field if isinstance(func, ir.Selector) else ""
        return self.acquire.contract.kind == "conn" and name.startswith("Accept")

    @property
    def goroutines(self) -> list[ir.Go]:
        """The ``go`` statements after the acquire whose call sees the value."""
        place, body = self.acquire.place, self.acquire.function.body
        if place is None or body is None:
            return []
        return [
            statement
            for statement in statements(body)
            if isinstance(statement, ir.Go)
            and statement.start > self.acquire.item.start
            and any(
                isinstance(part, ir.Name) and part.symbol is place.symbol
                for part in expressions(statement.call, literals=True)
            )
        ]

    @property
    def tier(self) -> str:
        """The tier that it has whatever its rule says; empty when the rule says it all."""
        if self.kind is LeakKind.FORGOTTEN and not self.is_accepted:
            return "experimental"
        return self.acquire.contract.tier

    @property
    def is_partial_construction(self) -> bool:
        """Whether a constructor gives up with the value open: on success it goes to the caller inside another object."""
        outcome, acquire = self.outcome, self.acquire
        if outcome is None or acquire.contract.kind in ("body", "cancel", "span"):
            return False
        resource = acquire.contract.resource
        return any(len(path) > len(resource) for _, path in outcome.returned) and all(
            isinstance(exit_.item, ir.Return) and exit_.item.values for exit_ in outcome.open
        )


def leaks_in(unit: FunctionUnit) -> Iterator[Leak]:
    """The leaks of a top-level function and its literals."""
    for function in unit.function.walk():
        if function.body is None:
            continue
        for acquire in unit.program.summaries.acquires(unit, function):
            yield from _judge(unit, acquire)


def _judge(unit: FunctionUnit, acquire: Acquire) -> Iterator[Leak]:
    if acquire.inline:
        yield Leak(unit, LeakKind.INLINE, acquire)
        return
    if acquire.is_discarded:
        if acquire.contract.discard_ok or unit.typer.callee(acquire.call).kind is CalleeKind.VALUE:
            return  # what a function value hands out may be nothing at all: who throws it away knows
        yield Leak(unit, LeakKind.DISCARDED, acquire)
        return
    outcome = unit.program.summaries.outcome(unit, acquire)
    handed_over = outcome is None or outcome.has(Ending.TRANSFERRED, Ending.RETURNED)
    if handed_over and not (outcome and (outcome.open or outcome.exceeded)):
        slot = kept_in(unit, acquire)
        if slot is not None and _is_leak(unit, acquire, slot):
            yield Leak(unit, LeakKind.KEPT, acquire, outcome, slot=slot)
            return
    if outcome is None or outcome.exceeded:
        return
    outcome = _without_special_errors(unit, acquire, outcome)
    yield from _after_its_end(unit, acquire, outcome)
    premature = _premature_release(unit, acquire, outcome)
    if premature is not None:
        yield Leak(unit, LeakKind.PREMATURE, acquire, outcome, premature)
    looped = _loop_defer(unit, acquire, outcome)
    if looped is not None:
        yield Leak(unit, LeakKind.LOOP_DEFER, acquire, outcome, looped)
    if outcome.open and not _tolerated(unit, acquire, outcome) and not _is_covered_by_parent(unit, acquire):
        only_overwritten = all(exit_.overwritten for exit_ in outcome.open)
        yield Leak(unit, LeakKind.OVERWRITTEN if only_overwritten else LeakKind.OPEN, acquire, outcome)


def _without_special_errors(unit: FunctionUnit, acquire: Acquire, outcome: Outcome) -> Outcome:
    """The value itself may be returned along with an error on purpose: that counts only where all callers drop it. An
    object that is half built is of no use to anybody. A return that also serves the good end speaks for itself."""
    serving = {id(statement) for statement in outcome.return_statements}
    resource, terms = acquire.contract.resource, Terms.of(acquire.contract)
    summaries = unit.program.summaries
    kept = [
        exit_
        for exit_ in outcome.open
        if not exit_.with_error
        or (
            id(exit_.item) not in serving
            and any(
                len(path) > len(resource)
                or (acquire.function is unit.function and summaries.is_dropped_with_error(unit, result, path, terms))
                for result, path in exit_.with_error
            )
        )
    ]
    return replace(outcome, open=kept) if len(kept) < len(outcome.open) else outcome


def _after_its_end(unit: FunctionUnit, acquire: Acquire, outcome: Outcome) -> Iterator[Leak]:
    """What goes wrong behind a release or a hand-over."""
    given_away = outcome.of(Ending.TRANSFERRED) if acquire.contract.kind not in ("cancel", "span") else []
    for event in given_away:
        spawned = forgetful_goroutine(unit, acquire, event.item) if isinstance(event.item, ir.Go) else None
        if spawned is not None:
            yield Leak(unit, LeakKind.FORGOTTEN, acquire, outcome, event, spawned=spawned)
            break
    used = use_after(unit, acquire, outcome) if not unit.file.is_test else None
    if used is not None:
        yield Leak(unit, LeakKind.USED, acquire, outcome, used[0], use=used[1])


def _is_leak(unit: FunctionUnit, acquire: Acquire, slot: Slot) -> bool:
    """Whether what is kept for ever is lost: a variable of the package may hold its file for the life of the process, an
    object without any method that ends it may do so, too."""
    kind = acquire.contract.kind
    if not slot.type:
        return kind in ("body", "rows", "tx")
    return kind in ("body", "rows", "tx", "cancel") or bool(ending_methods(unit, slot))


def ending_methods(unit: FunctionUnit, slot: Slot) -> list[FunctionUnit]:
    """The methods of the type by which its users end it."""
    program = unit.program
    return [
        method for method in program.methods(slot.type) if method.name in ENDING_METHODS and not method.file.is_test
    ]


def _tolerated(unit: FunctionUnit, acquire: Acquire, outcome: Outcome) -> bool:
    """Error paths may abandon a compressing writer: only one that is never closed counts. What was there before the call and
    is not made here (a semaphore, a field) may be meant to be held on: it counts where it is released on another path. A
    context without a parent is kept by nobody but who waits for it."""
    if acquire.contract.kind == "cancel" and is_rootless(unit.typer, acquire.call) and _nothing_waits(acquire, outcome):
        return True
    if acquire.contract.given is not None and not _is_made_here(unit, acquire):
        return not outcome.has(Ending.RELEASED, Ending.DEFERRED)
    return acquire.contract.never_only and outcome.has(
        Ending.RELEASED, Ending.DEFERRED, Ending.TRANSFERRED, Ending.RETURNED
    )


def _nothing_waits(acquire: Acquire, outcome: Outcome) -> bool:
    """Whether all open exits come before the first goroutine or literal that gets the context: calls are over by then."""
    context, body = acquire.symbol_at(0), acquire.function.body
    if context is None or body is None:
        return False
    waiting = [
        part.start
        for part in walk(body)
        if (isinstance(part, ir.Go) and mentions(part.call, frozenset({context})))
        or (isinstance(part, ir.FuncLit) and context in captured_symbols(part.function))
    ]
    return all(exit_.item.end <= min(waiting, default=exit_.item.end) for exit_ in outcome.open)


def _is_covered_by_parent(unit: FunctionUnit, acquire: Acquire) -> bool:
    """Whether the context hangs on another one of this function that is surely cancelled when the function is left. In a loop
    the children add up until then."""
    parent = acquire.call.args[0] if acquire.call.args else None
    if acquire.contract.kind != "cancel" or not isinstance(parent, ir.Name) or parent.symbol is None:
        return False
    graph, summaries = unit.cfg(acquire.function), unit.program.summaries
    if unit.typer.callee(acquire.call).package != "context" or graph.reaches(acquire.block, acquire.block):
        return False
    for other in summaries.acquires(unit, acquire.function):
        if other.contract.kind == "cancel" and other is not acquire and other.symbol_at(0) is parent.symbol:
            outcome = summaries.outcome(unit, other)
            if outcome is not None and not outcome.open and outcome.has(Ending.DEFERRED):
                return not outcome.has(Ending.TRANSFERRED, Ending.RETURNED)
    return False


def _is_made_here(unit: FunctionUnit, acquire: Acquire) -> bool:
    """Whether the value that was given is a variable of this function alone, not a semaphore to be held by convention."""
    place, contract = acquire.place, acquire.contract
    if place is None or place.path or contract.given == RECEIVER:
        return False
    symbol = place.symbol
    if symbol.function is not acquire.function or symbol.kind is not ir.SymbolKind.LOCAL:
        return False
    return not any(symbol in unit.program.summaries.captured(inner) for inner in acquire.function.walk())


def _premature_release(unit: FunctionUnit, acquire: Acquire, outcome: Outcome) -> Event | None:
    """A direct method call on the value while its error is untested, when that error is tested later on."""
    for event in outcome.of(Ending.RELEASED, Ending.DEFERRED):
        if not event.errors or not _calls_on_value(event, acquire):
            continue
        if _is_tested_after(unit, acquire, event) and not _handed_to_callee(unit, acquire, event):
            return event
    return None


def _calls_on_value(event: Event, acquire: Acquire) -> bool:
    """Whether the releasing statement is ``x.Close()`` or ``defer x.Body.Close()`` itself: helpers are often nil-safe."""
    item = event.item
    call = item.call if isinstance(item, ir.Defer) else item.expr if isinstance(item, ir.ExprStmt) else None
    if not isinstance(call, ir.Call) or not isinstance(call.func, ir.Selector):
        return False
    base = call.func.base
    depth = 0
    while isinstance(base, ir.Selector):
        base, depth = base.base, depth + 1
    place = acquire.place
    return isinstance(base, ir.Name) and place is not None and base.symbol is place.symbol and depth == len(place.path)


def _is_tested_after(unit: FunctionUnit, acquire: Acquire, event: Event) -> bool:
    """Whether a branch that follows the release tests one of the errors against nil before it gets another value."""
    item_end = event.item.end
    return any(
        edge.cond is not None
        and edge.cond.start >= item_end
        and _tests(edge.cond, event.errors)
        and not _reassigned_between(acquire.function, event, item_end, edge.cond.start)
        for block in unit.cfg(acquire.function).blocks
        for edge in block.edges
    )


def _tests(cond: ir.Expr, errors: frozenset[ir.Symbol]) -> bool:
    return (
        isinstance(cond, ir.Binary)
        and cond.op in ("==", "!=")
        and any(isinstance(side, ir.Name) and side.symbol in errors for side in (cond.left, cond.right))
    )


def _reassigned_between(function: ir.Function, event: Event, start: int, end: int) -> bool:
    if function.body is None:
        return False
    return any(
        start <= statement.start < end
        and any(isinstance(target, ir.Name) and target.symbol in event.errors for target in statement.left)
        for statement in statements(function.body)
        if isinstance(statement, ir.Assign)
    )


def _handed_to_callee(unit: FunctionUnit, acquire: Acquire, event: Event) -> bool:
    """Whether a call between acquire and release got the error: it may have checked it."""
    for block in unit.cfg(acquire.function).blocks:
        for item in block.items:
            between = acquire.item.end <= item.start < event.item.start
            if between and isinstance(item, ir.ExprStmt | ir.Assign):
                exprs = (item.expr,) if isinstance(item, ir.ExprStmt) else item.right
                if any(isinstance(expr, ir.Call) and mentions(expr, event.errors) for expr in exprs):
                    return True
    return False


def _loop_defer(unit: FunctionUnit, acquire: Acquire, outcome: Outcome) -> Event | None:
    """A deferred release after which the acquire can be reached again."""
    for event in outcome.of(Ending.DEFERRED):
        if (
            isinstance(event.item, ir.Defer)
            and _comes_round(event, acquire)
            and not _is_collected(unit, acquire)
            and not _happens_once(unit, event.item)
            and not _is_used_by_goroutine(unit, acquire, event.item)
        ):
            return event
    return None


def _is_used_by_goroutine(unit: FunctionUnit, acquire: Acquire, statement: ir.Defer) -> bool:
    """Whether a goroutine that the round of the loop starts uses the value: then it must outlive the round."""
    symbols = {target.symbol for target in acquire.left if isinstance(target, ir.Name) and target.symbol is not None}
    symbols.discard(acquire.error_symbol)
    return any(
        isinstance(around, ir.Go)
        for symbol in symbols
        for name in unit.uses.names.get(symbol, ())
        if name.start > statement.start
        for around in _all_around(unit, name)
    )


def _all_around(unit: FunctionUnit, node: ir.Node) -> Iterator[ir.Node]:
    """The nodes around ``node``, out of the literals that it stands in."""
    current = unit.uses.parent(node)
    while current is not None:
        yield current
        current = unit.uses.parent(current)


def _happens_once(unit: FunctionUnit, statement: ir.Defer) -> bool:
    """Whether the statement stands in the arm of a select that receives from a timer: it fires once, when nobody resets it."""
    if b"Reset" in unit.words:
        return False
    for around in unit.uses.around(statement):
        comm = around.comm if isinstance(around, ir.CommCase) else None
        received = comm.expr if isinstance(comm, ir.ExprStmt) else None
        if isinstance(comm, ir.Assign) and len(comm.right) == 1:
            received = comm.right[0]
        if isinstance(received, ir.Unary) and received.op == "<-" and isinstance(received.operand, ir.Selector):
            owner = named(unit.typer.type_of(received.operand.base))
            if owner is not None and owner.qualified == "time.Timer":
                return True
    return False


def _comes_round(event: Event, acquire: Acquire) -> bool:
    """Whether control can go from the deferred release to the acquire with the value open. What holds it is not nil until it
    is assigned, so that a loop goes into ``if f == nil { f = open(); defer f.Close() }`` once; and a round may end with a
    release of its own."""
    holders = frozenset(event.aliases)
    position = next((n for n, item in enumerate(event.block.items) if item is event.item), len(event.block.items))
    seen: set[tuple[int, frozenset[Place]]] = set()
    todo = [(event.block, position + 1, holders)]
    while todo:
        block, start, holders = todo.pop()
        items_left = block.items[start:]
        if any(_releases(item, holders, acquire) for item in items_left):
            continue
        left = {part for item in items_left if isinstance(item, ir.Assign) for part in item.left}
        assigned = {part.symbol for part in left if isinstance(part, ir.Name)}
        holders = frozenset(place for place in holders if place.symbol not in assigned)
        for edge in block.edges:
            if _is_nil_on(edge, holders) or (edge.target.index, holders) in seen:
                continue
            if edge.target is acquire.block:
                return True
            seen.add((edge.target.index, holders))
            todo.append((edge.target, 0, holders))
    return False


def _releases(item: Item, holders: frozenset[Place], acquire: Acquire) -> bool:
    """Whether an item calls the release of the value directly: ``err = f.Close()``, ``cancel()``."""
    for part in expressions(item) if isinstance(item, ir.Assign | ir.ExprStmt | ir.Return) else ():
        if isinstance(part, ir.Call):
            method = part.func.field if isinstance(part.func, ir.Selector) else CALL_ITSELF
            value = part.func.base if isinstance(part.func, ir.Selector) else part.func
            if method in acquire.contract.must_call and place_of(value, lambda _: False) in holders:
                return True
    return False


def _is_nil_on(edge: Edge, holders: frozenset[Place]) -> bool:
    """Whether an edge is taken only when a variable that holds the value is nil."""
    cond = edge.cond
    if not isinstance(cond, ir.Binary) or cond.op not in ("==", "!=") or (cond.op == "==") != edge.value:
        return False
    subject = tested_for_nil(cond)
    return isinstance(subject, ir.Name) and subject.symbol is not None and Place(subject.symbol, ()) in holders


def _is_collected(unit: FunctionUnit, acquire: Acquire) -> bool:
    """Whether the value, or a wrapper of it, is appended to something: then it must live as long as the function."""
    place = acquire.place
    if place is None:
        return False
    symbols = {place.symbol}
    for block in unit.cfg(acquire.function).blocks:
        for item in block.items:
            if not isinstance(item, ir.Assign) or item.start < acquire.item.start:
                continue
            for value in item.right:
                if not mentions(value, frozenset(symbols)):
                    continue
                if isinstance(value, ir.Call) and isinstance(value.func, ir.Name) and value.func.name == "append":
                    return True
                if any(isinstance(target, ir.Index) for target in item.left):
                    return True
                symbols |= {t.symbol for t in item.left if isinstance(t, ir.Name) and t.symbol is not None}
    return False


def leaves_by(exit_: OpenExit) -> ir.Node:
    """The statement by which control leaves; for a loop that went round, what sent it round."""
    if exit_.overwritten and exit_.branch is not None:
        branch = exit_.branch
        return ir.Node(branch.start, branch.end)
    item = exit_.item
    return ir.Node(item.start, item.end)


def is_end(exit_: OpenExit) -> bool:
    return isinstance(exit_.item, FunctionEnd) or (exit_.overwritten and isinstance(exit_.branch, BodyEnd))
