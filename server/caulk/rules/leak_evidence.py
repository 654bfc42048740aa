"""What the fixes need to know of a leak: where a defer fits, which ways out lack a release, and who else comes by there."""

from __future__ import annotations

import re

from caulk.findings.evidence import (
    Discarded,
    Evidence,
    Exit,
    ExitKind,
    LoopDefer,
    Place,
    PrematureRelease,
    Release,
    Unreleased,
    Where,
)
from caulk.flow.access import captured_symbols, mentions, place_of
from caulk.flow.acquires import Acquire
from caulk.flow.cfg import BodyEnd, FunctionEnd, leaves
from caulk.flow.jumps import jumps_out
from caulk.flow.leaks import Leak, LeakKind, leaves_by
from caulk.flow.outcomes import Ending, OpenExit
from caulk.flow.placement import NewPlace
from caulk.flow.program import FunctionUnit
from caulk.flow.shapes import EXPRESSIONS
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.kept_evidence import goroutine_evidence, kept_evidence
from caulk.semantics.contracts import CALL_ITSELF, Contract, argument_number
from caulk.semantics.model import named

_NAMES = {
    "body": "resp",
    "rows": "rows",
    "stmt": "stmt",
    "tx": "tx",
    "file": "file",
    "conn": "conn",
    "poolconn": "conn",
    "listener": "listener",
    "cancel": "cancel",
    "span": "span",
    "client": "client",
    "session": "session",
    "watch": "watcher",
}


def evidence_of(leak: Leak) -> Evidence:
    """What the fixes need to know of a leak; plain Evidence when no fix can help."""
    match leak.kind:
        case LeakKind.DISCARDED:
            return _discarded(leak)
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


def _release(leak: Leak, name: str | None = None) -> Release | None:
    """The call that releases the value; None when it needs an argument that is not at hand."""
    acquire, contract = leak.acquire, leak.acquire.contract
    place = acquire.place
    base = name or (place.symbol.name if place is not None else "")
    path = place.path if place is not None else contract.resource
    argument = _release_argument(leak)
    if argument is None:
        return None
    if contract.released_through:
        path, argument = (), ""
    method = contract.released_through or contract.release
    target = ".".join((base, *path))
    if method:
        call = f"{target}({argument})" if method == CALL_ITSELF else f"{target}.{method}({argument})"
    else:
        function = _release_function(leak)
        if function is None:
            return None
        call = f"{function}({_with_value(contract, target, argument)})"
    unchecked = contract.unless_error is not None and acquire.error_symbol is None and not contract.nil_safe
    return Release(call, contract.returns_error, base if unchecked else "")


def _with_value(contract: Contract, value: str, argument: str) -> str:
    """The arguments of the releasing function: the value, and the other argument on the side that is left."""
    function = contract.release_function
    given = [value, argument] if function is None or function.argument == 0 else [argument, value]
    return ", ".join(part for part in given if part)


def _release_function(leak: Leak) -> str | None:
    """How the function that releases is called from here: as a method of what the value was acquired from, or by the name
    that its package has in the file. None when it cannot be called."""
    unit, call, function = leak.unit, leak.acquire.call, leak.acquire.contract.release_function
    if function is None:
        return None
    owner, _, name = function.name.rpartition(".")
    if function.by_owner:
        callee = unit.typer.callee(call)
        owners = (callee.name.rpartition(".")[0], callee.declared_name.rpartition(".")[0])
        if leak.acquire.owner is None or not isinstance(call.func, ir.Selector) or owner not in owners:
            return None
        return f"{unit.source_text(call.func.base)}.{name}"
    if owner == unit.program.package.path:
        return name
    text = unit.file.source.data
    names = (local for local, path in unit.file.package_file.imports.items() if path == owner)
    local = next((local for local in names if re.search(rf"\b{local}\.".encode(), text)), None)
    return f"{local}.{name}" if local is not None else None


def _release_argument(leak: Leak) -> str | None:
    written = leak.acquire.contract.release_argument
    number = argument_number(written)
    if number is not None:
        args = leak.acquire.call.args
        simple = number < len(args) and isinstance(args[number], ir.Name | ir.Literal)
        return leak.unit.source_text(args[number]) if simple else None
    return _context_argument(leak) if written == "context" else written


def _context_argument(leak: Leak) -> str | None:
    """The context that the acquiring call was given, when it is a plain name."""
    for arg in leak.acquire.call.args:
        owner = named(leak.unit.typer.type_of(arg))
        if owner is not None and owner.qualified == "context.Context" and isinstance(arg, ir.Name):
            return arg.name
    return None


def _unreleased(leak: Leak) -> Evidence:
    unit, acquire, outcome = leak.unit, leak.acquire, leak.outcome
    release = _release(leak)
    place = acquire.place
    if outcome is None or release is None or place is None:
        return Evidence()
    graph = unit.cfg(acquire.function)
    spawned = leak.goroutines
    return Unreleased(
        release=release,
        acquire_start=unit.offset(acquire.item.start),
        acquire_end=unit.offset(acquire.item.end),
        exits=tuple(_exit(leak, exit_) for exit_ in leak.exits),
        defer_at=_defer_at(leak),
        in_loop=graph.reaches(acquire.block, acquire.block),
        explicit_release=not acquire.contract.idempotent
        and any(not isinstance(event.item, EXPRESSIONS) for event in outcome.of(Ending.RELEASED)),
        transferred=outcome.has(Ending.TRANSFERRED, Ending.RETURNED),
        late_defer=_late_defer(leak),
        rebound=place.symbol.assigned > (0 if _declares(acquire, place.symbol) or acquire.given is not None else 1),
        goroutine=_goroutine_start(leak, spawned),
        spawned=bool(spawned),
    )


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
    func = item.call.func
    if isinstance(func, ir.FuncLit):
        movable = captured_symbols(func.function) <= {place.symbol} and not item.call.args
    else:
        others = [
            part for arg in item.call.args for part in expressions(arg) if isinstance(part, ir.Name) and part.symbol
        ]
        movable = all(part.symbol is place.symbol for part in others)
    return leak.unit.span(item) if movable else None


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
    )


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
    other = leak.outcome.of(Ending.RETURNED, Ending.TRANSFERRED, Ending.RELEASED, Ending.DEFERRED)
    leaving = [open_.block for open_ in leak.outcome.open if not open_.overwritten]
    blocks = [*(event.block for event in other), *leaving]
    return any(graph.reaches(exit_.block, block, avoiding=start) for block in blocks)


def _uses_value(leak: Leak, exit_: OpenExit) -> bool:
    """Whether the leaving statement still reads the value: a release in front of it would come too early."""
    return not exit_.overwritten and _reads(leak, exit_.item)


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
    for value in item.values:
        if partners and mentions(value, partners):
            return True
        for part in expressions(value, literals=True):
            found = place_of(part, lambda _: False)
            # `resp.StatusCode` does not read `resp.Body`
            if found is not None and found.symbol is place.symbol and found.path[: len(place.path)] == place.path:
                return True
    return False


def _free_name(unit: FunctionUnit, wanted: str) -> str:
    """``wanted``, or that with a number, as does not occur in the function."""
    used = set(re.findall(r"[A-Za-z_]\w*", unit.text.decode("utf-8", "replace")))
    used |= set(unit.file.package_file.imports)
    candidates = (wanted, *(f"{wanted}{number}" for number in range(2, 100)))
    return next(name for name in candidates if name not in used)


def _discarded(leak: Leak) -> Evidence:
    unit, acquire, contract = leak.unit, leak.acquire, leak.acquire.contract
    name = _free_name(unit, _NAMES.get(contract.kind, "value"))
    release = _release(leak, name)
    if release is None:
        return Evidence()
    item, target, error = acquire.item, acquire.target, acquire.error_symbol
    placement = unit.placement(acquire.function)
    position = placement.of(item)
    may_be_missing = contract.unless_error is not None and error is None
    defer_at = None if may_be_missing and target is not None else placement.after_check(item, error, None)
    return Discarded(
        statement_start=unit.offset(item.start),
        statement_end=unit.offset(item.end),
        blank=unit.span(target) if target is not None else None,
        name=name,
        release=release,
        results=_result_names(unit, contract, name) if target is None else (),
        defines=isinstance(item, ir.Assign) and item.op == ":=",
        error_name=error.name if error is not None else "",
        defer_at=_place(unit, defer_at),
        in_loop=unit.cfg(acquire.function).reaches(acquire.block, acquire.block),
        in_header=position is None or position.owner is not None,
    )


def _result_names(unit: FunctionUnit, contract: Contract, name: str) -> tuple[str, ...]:
    count = max(contract.result, contract.unless_error or 0) + 1
    names = ["_"] * count
    names[contract.result] = name
    if contract.unless_error is not None:
        names[contract.unless_error] = _free_name(unit, "err")
    return tuple(names)


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
    if loop is None or position is None:
        return Evidence()
    jumps = list(jumps_out(loop.body))
    rounds = [jump for jump in jumps if isinstance(jump, ir.Branch) and jump.keyword == "continue" and not jump.label]
    after = [jump for jump in jumps if jump.start > item.start and not isinstance(jump, ir.Labeled)]
    start, end = unit.span(item)
    return LoopDefer(
        defer_start=start,
        defer_end=end,
        body_start=unit.offset(loop.body.start),
        body_end=unit.offset(loop.body.end),
        crosses=len(rounds) < len(jumps),
        continues=tuple(unit.span(jump) for jump in rounds),
        release=_release(leak) if position.block is loop.body else None,
        leaving=tuple(unit.offset(jump.start) for jump in after),
        uses_value=any(_reads(leak, jump) for jump in after),
        falls_through=not leaves(loop.body, unit.never_returns),
    )
