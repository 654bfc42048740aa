"""The shared part of the rules about goroutines that wait on a channel for ever: records of the flow layer become findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_goroutines import BlockedSend, Buffer, LoneSend, MissingClose
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.blocked import Blocked, Why, enough_buffer, lone_send_context
from caulk.flow.census import Idle, Lack
from caulk.flow.channels import Use
from caulk.flow.program import FunctionUnit, Program
from caulk.ir import nodes as ir
from caulk.rules.report import finding_at, related_at
from caulk.rules.rule import Rule


def _may_block(unit: FunctionUnit) -> bool:
    """The gate of these rules: the function makes a channel, or is given one."""
    makers = unit.program.channel_makers
    return b"chan" in unit.words or (makers is not None and makers.search(unit.text) is not None)


def blocked_rule(
    module: str, *, code: str, summary: str, concerns: Callable[[Blocked], bool], fix: str, idle: Use | None = None
) -> Rule:
    """A rule that reports the blocked goroutines that ``concerns`` picks, and the operations ``idle`` that wait for what the
    whole package lacks."""

    def check(unit: FunctionUnit) -> Iterator[Finding]:
        for blocked in unit.blocked:
            if concerns(blocked):
                yield _finding(blocked, code)

    def check_package(program: Program) -> Iterator[Finding]:
        for found in program.census.idle:
            if found.use.use is idle:
                yield _idle_finding(found, code)

    return Rule(
        module=module,
        code=code,
        tier=Tier.CORE,
        summary=summary,
        check_function=check,
        check_package=check_package if idle is not None else None,
        gate=_may_block,
        fix=fix,
    )


def _finding(blocked: Blocked, code: str) -> Finding:
    unit = blocked.unit
    return Finding(
        code=code,
        path=unit.file.path,
        span=Span(*unit.span(_marked(blocked))),
        message=_message(blocked),
        evidence=_evidence(blocked),
        related=tuple(_related(blocked)),
        tier=Tier.CORE,
        severity=Tier.CORE.severity,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


def _idle_finding(idle: Idle, code: str) -> Finding:
    related = [related_at(unit, make, "made here", idle.unit) for unit, make in idle.kept.makes[:1]]
    ender = idle.ender
    if ender is not None:
        keyword = ir.Node(0, len("func"))
        related.append(related_at(ender, keyword, "this ends the object", idle.unit))
    return finding_at(
        idle.unit,
        _operation(idle.use.node),
        code=code,
        tier=Tier.CORE,
        message=_idle_message(idle),
        related=related,
    )


def _idle_message(idle: Idle) -> str:
    place, verb = idle.place.text, _VERBS[idle.use.use]
    match idle.lack:
        case Lack.MADE:
            return f"{place} is nil, nobody ever makes it: this {verb} blocks for ever"
        case Lack.SENDER:
            return f"this {verb} blocks for ever: nobody sends on {place} or closes it"
        case Lack.RECEIVER:
            return f"this send blocks for ever: nobody receives from {place}"
        case Lack.CLOSE:
            ender = idle.ender.qualified if idle.ender is not None else "nobody"
            return f"{ender} does not close {place}: this loop waits for ever after the last value"


def _marked(blocked: Blocked) -> ir.Node:
    """What the finding points at: the operation, or what leads to it when that is in another function."""
    stuck = blocked.stuck
    if blocked.dropped is not None:
        return blocked.dropped
    if stuck.unit is blocked.unit:
        return _operation(stuck.node)
    if stuck.spawn is not None and stuck.spawn_unit is blocked.unit:
        return stuck.spawn
    return stuck.channel.declaration


def _operation(node: ir.Node) -> ir.Node:
    """A range loop is marked by its subject: the rest of it is not the point."""
    return node.subject if isinstance(node, ir.Range) else node


# -- words

_VERBS = {Use.SEND: "send", Use.RECEIVE: "receive", Use.RANGE: "range"}
_WAITS = {Use.SEND: "send on", Use.RECEIVE: "receive from", Use.RANGE: "receive from"}
_MISSING = {
    Use.SEND: "receiving from it",
    Use.RECEIVE: "sending on it or closing it",
    Use.RANGE: "closing it",
}


def _message(blocked: Blocked) -> str:
    stuck = blocked.stuck
    name = stuck.channel.symbol.name
    verb = _VERBS[stuck.use]
    match blocked.why:
        case Why.NIL:
            return f"{name} is nil, nobody ever makes it: this {verb} blocks for ever"
        case Why.ALONE:
            return f"this send blocks for ever: no other goroutine knows {name} yet, and its buffer is full"
        case Why.DROPPED:
            assert blocked.dropped is not None
            called = blocked.unit.source_text(blocked.dropped.func)
            line = stuck.unit.line(stuck.node.start)
            return f"the channel that {called} returns is dropped: the goroutine that sends on it at line {line} blocks for ever"
        case Why.OVERSENT:
            return (
                f"this send blocks for ever: {_owner(blocked)} receives from {name} less often than the goroutine sends, "
                "so the goroutine never ends"
            )
        case _:
            return _left_message(blocked)


def _left_message(blocked: Blocked) -> str:
    stuck = blocked.stuck
    name = stuck.channel.symbol.name
    verb = _VERBS[stuck.use]
    operation = f"this {verb}" if stuck.unit is blocked.unit else f"the {verb} in {stuck.unit.qualified}"
    if not stuck.channel.of(Use.SEND, Use.CLOSE) and stuck.use is not Use.SEND:
        return f"{operation} blocks for ever: nobody sends on {name} or closes it, so the goroutine never ends"
    if stuck.use is Use.RANGE and not stuck.channel.of(Use.CLOSE):
        return f"nobody closes {name}: the goroutine that ranges over it waits for ever after the last value"
    if stuck.use is not Use.SEND and _only_goroutines_give(blocked):
        how = "closing it" if stuck.use is Use.RANGE else _MISSING[stuck.use]
        return (
            f"the goroutine that should end the wait can leave without {how}: {operation} then waits on {name} for ever"
        )
    assert stuck.left is not None
    line = blocked.unit.line(stuck.left.start)
    partner = (
        _MISSING[stuck.use].replace("it", name, 1) if stuck.use is Use.RECEIVE else f"{_MISSING[stuck.use][:-2]}{name}"
    )
    if blocked.why is Why.LOST:
        line = blocked.unit.line(stuck.channel.declaration.start)
        way = f"the loop of {_owner(blocked)} can go round and make {name} anew at line {line}"
    else:
        way = f"{_owner(blocked)} can leave at line {line}"
    if stuck.instances > 1:
        return f"{way} while goroutines still wait to {_WAITS[stuck.use]} {name}: they never end"
    return f"{way} without {partner}: the goroutine then waits at {operation} for ever"


def _only_goroutines_give(blocked: Blocked) -> bool:
    """Whether the function itself neither sends on the channel nor closes it."""
    channel = blocked.stuck.channel
    return all(use.function is not channel.function for use in channel.of(Use.SEND, Use.CLOSE))


def _owner(blocked: Blocked) -> str:
    function = blocked.stuck.channel.function
    unit = blocked.stuck.channel.unit
    return unit.qualified if function.parent is None else f"the function literal of line {unit.line(function.start)}"


def _related(blocked: Blocked) -> Iterator[Related]:
    """The path: made, started, blocked, left."""
    stuck = blocked.stuck
    channel = stuck.channel
    home = channel.unit
    other = home.file.path if home.file is not blocked.unit.file else ""
    size = "without a buffer" if channel.capacity == 0 else "here"
    what = f"{channel.symbol.name} is made {size}" if channel.make is not None else f"{channel.symbol.name} is declared"
    yield Related(Span(*home.span(channel.declaration)), what, other)
    if stuck.spawn is not None:
        started = stuck.spawn_unit
        place = started.file.path if started.file is not blocked.unit.file else ""
        yield Related(Span(*started.span(_short(stuck.spawn))), "the goroutine starts", place)
    path = stuck.unit.file.path if stuck.unit.file is not blocked.unit.file else ""
    yield Related(Span(*stuck.unit.span(_operation(stuck.node))), f"it waits at this {_VERBS[stuck.use]}", path)
    if blocked.why not in (Why.LEFT, Why.LOST):
        return
    if stuck.chosen is not None:
        yield Related(Span(*home.span(stuck.chosen)), "the select goes this way instead", other)
    if stuck.left is not None and not isinstance(stuck.left, ir.Assign):
        node = ir.Node(stuck.left.start, stuck.left.end)
        yield Related(Span(*home.span(node)), f"left without {_MISSING[stuck.use]}", other)


def _short(node: ir.Node) -> ir.Node:
    """A ``go`` statement over many lines is marked by its keyword."""
    return ir.Node(node.start, node.start + len("go")) if isinstance(node, ir.Go) else node


# -- evidence


def _evidence(blocked: Blocked) -> Evidence:
    match blocked.stuck.use:
        case Use.SEND:
            return BlockedSend(_buffer(blocked), _lone_send(blocked), _return_after(blocked))
        case Use.RANGE:
            return _missing_close(blocked)
        case _:
            return Evidence()


def _buffer(blocked: Blocked) -> Buffer | None:
    channel = blocked.stuck.channel
    enough = enough_buffer(blocked)
    make = channel.make
    if enough is None or make is None or channel.unit.file is not blocked.unit.file:
        return None
    type_end = channel.unit.offset(make.args[0].end)
    if len(make.args) < 2:
        return Buffer(type_end, type_end, enough.size, enough.certain)
    return Buffer(*channel.unit.span(make.args[1]), enough.size, enough.certain)


def _lone_send(blocked: Blocked) -> LoneSend | None:
    context = lone_send_context(blocked)
    if context is None:
        return None
    return LoneSend(*blocked.unit.span(blocked.stuck.node), context.name)


def _return_after(blocked: Blocked) -> int | None:
    """For ``if err != nil { ch <- err }`` directly in front of the blocked send: the end of that first send."""
    stuck, unit = blocked.stuck, blocked.unit
    if blocked.why is not Why.OVERSENT or stuck.unit is not unit or stuck.function.results:
        return None
    position = unit.placement(stuck.function).of(stuck.node)
    previous = position.block.statements[position.index - 1] if position is not None and position.index else None
    if not isinstance(previous, ir.If) or previous.orelse is not None or not previous.then.statements:
        return None
    first = previous.then.statements[-1]
    match first:
        case ir.Send(channel=ir.Name(symbol=ir.Symbol() as symbol)) if symbol in stuck.channel.names:
            return unit.offset(first.end)
        case _:
            return None


def _missing_close(blocked: Blocked) -> Evidence:
    """A deferred close is right where the function itself is the only one that sends, and sends no more once it leaves."""
    channel = blocked.stuck.channel
    sends = channel.of(Use.SEND, Use.CLOSE)
    only_here = bool(sends) and all(use.use is Use.SEND and use.function is channel.function for use in sends)
    if not only_here or channel.held or channel.given or channel.unit is not blocked.unit:
        return Evidence()
    return MissingClose(channel.symbol.name, blocked.unit.offset(channel.declaration.end))
