"""Goroutines that wait on a channel for ever: what the explorations of a function prove, one record for each channel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from caulk.flow.cfg import FunctionEnd
from caulk.flow.channels import Channel, Ends, Use, body_of
from caulk.flow.frequency import is_command, runs_once
from caulk.flow.rendezvous import Exploration, Explorer, Stuck
from caulk.flow.scope import context_at
from caulk.ir import nodes as ir
from caulk.ir.visit import statements, walk
from caulk.semantics.model import Array, Basic, Map, Slice

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit, Program


class Why(Enum):
    LEFT = "the function leaves"
    LOST = "the next round of a loop makes a new channel"
    OVERSENT = "more sends than receives"
    ALONE = "nobody else knows the channel"
    NIL = "the channel is nil"
    DROPPED = "the caller drops the channel"


@dataclass(frozen=True, slots=True, eq=False)
class Blocked:
    """One channel on which a goroutine waits for ever."""

    unit: FunctionUnit
    """The function to report it in."""
    stuck: Stuck
    why: Why
    dropped: ir.Call | None = None
    """For DROPPED: the call whose result is dropped; ``stuck`` is then about the function that it calls."""


def blocked_in(unit: FunctionUnit) -> Iterator[Blocked]:
    """What is known to block for ever on the channels that ``unit`` makes, or is given and drops."""
    if b"chan" in unit.text and b"<-" in unit.text and not runs_once(unit):
        for exploration in unit.explorations:
            if not any(is_command(unit, channel.function) for channel in exploration.channels):
                yield from _on_channels(unit, exploration)
    yield from _dropped_results(unit)


def _on_channels(unit: FunctionUnit, exploration: Exploration) -> Iterator[Blocked]:
    for channel in exploration.channels:
        for uses in ((Use.SEND,), (Use.RECEIVE, Use.RANGE)):
            found = [
                Blocked(unit, stuck, why)
                for stuck in exploration.stuck
                if stuck.channel is channel and stuck.use in uses
                for why in (_reason(exploration, stuck),)
                if why is not None
            ]
            if found:
                yield min(found, key=_place)


def _place(blocked: Blocked) -> tuple[bool, bool, int]:
    """The order of the records of one channel: the first one stands for all. One that is wrong on every path goes first."""
    stuck = blocked.stuck
    return blocked.why is not Why.OVERSENT, stuck.unit is not blocked.unit, stuck.node.start


def _reason(exploration: Exploration, stuck: Stuck) -> Why | None:
    """Why the operation blocks; None when that is not certain enough."""
    channel = stuck.channel
    if channel.make is None:
        return Why.NIL
    if stuck.spawn is None:
        return Why.ALONE if _is_alone(exploration, stuck) else None
    if stuck.left is None or _is_counted(stuck) or (stuck.sent_before and stuck.function.results):
        return None  # a function with results may tell its caller that it has sent
    sure = _surely_sends(stuck) if stuck.use is Use.SEND else _surely_waits(stuck)
    if not sure or (channel.capacity and not _exceeds_buffer(stuck)):
        return None
    if _is_oversent(exploration, stuck):
        return Why.OVERSENT
    if isinstance(stuck.left, ir.Assign):
        return Why.LOST if _same_loop(channel, stuck.left) else None
    return Why.LEFT


def _is_counted(stuck: Stuck) -> bool:
    """Whether a variable counts up beside the ``go`` and down beside the receive: the function knows how many are running."""
    unit, channel = stuck.channel.unit, stuck.channel
    if stuck.spawn is None or stuck.spawn_unit is not unit:
        return False
    up = _counters(unit, stuck.spawn, "++")
    return any(not up.isdisjoint(_counters(unit, use.node, "--")) for use in channel.of(Use.RECEIVE)) if up else False


def _counters(unit: FunctionUnit, node: ir.Node, op: str) -> set[ir.Symbol]:
    """The variables that are counted in the block of the statement that ``node`` is part of."""
    placement = unit.placement(unit.uses.function_of(node))
    current: ir.Node | None = node
    while current is not None and placement.of(current) is None:
        current = unit.uses.parent(current)
    position = placement.of(current) if current is not None else None
    return {
        statement.operand.symbol
        for statement in (position.block.statements if position is not None else ())
        if isinstance(statement, ir.IncDec) and statement.op == op and isinstance(statement.operand, ir.Name)
        if statement.operand.symbol is not None
    }


def _is_oversent(exploration: Exploration, stuck: Stuck) -> bool:
    """Whether the goroutine has sent before, and this send never goes through when it has."""
    again = id(stuck.node) in exploration.passed_again or _in_loop(stuck.unit, stuck.node)
    return stuck.use is Use.SEND and stuck.sent_before and not again and stuck.instances == 1 and stuck.chosen is None


def _is_alone(exploration: Exploration, stuck: Stuck) -> bool:
    """Whether the function sends on a channel that no other function ever touches."""
    channel = stuck.channel
    return (
        stuck.use is Use.SEND
        and not channel.held
        and not channel.given
        and id(stuck.node) not in exploration.passed
        and _is_certain(channel, stuck.node)
        and all(use.function is channel.function for use in channel.uses)
    )


def _is_certain(channel: Channel, node: ir.Node) -> bool:
    """Whether nothing decides between the making of the channel and ``node``, which stands in the same function."""
    uses = channel.unit.uses
    around_make = set(uses.around(channel.declaration))
    deciding = (ir.If, ir.For, ir.Range, ir.Case, ir.TypeCase, ir.CommCase)
    return not any(isinstance(outer, deciding) and outer not in around_make for outer in uses.around(node))


def _surely_sends(stuck: Stuck) -> bool:
    """Whether a goroutine that waits to send is a proof. Of several goroutines of one kind perhaps only one ever sends: the
    last one, say. Errors are not like that."""
    if stuck.instances < 2:
        return True
    if any(use.function is stuck.function for use in stuck.channel.of(Use.RECEIVE, Use.RANGE)):
        return False  # a token that is passed on
    return not _may_end_without_sending(stuck) or _is_about_an_error(stuck)


def _may_end_without_sending(stuck: Stuck) -> bool:
    sends = [use.node for use in stuck.channel.of(Use.SEND) if use.function is stuck.function]
    graph = stuck.unit.cfg(stuck.function)
    seen = {graph.entry.index}
    todo = [graph.entry]
    for block in todo:
        if any(_contains(item, send) for item in block.items for send in sends):
            continue
        if any(isinstance(item, ir.Return | FunctionEnd) for item in block.items):
            return True
        for edge in block.edges:
            if edge.target.index not in seen:
                seen.add(edge.target.index)
                todo.append(edge.target)
    return False


def _is_about_an_error(stuck: Stuck) -> bool:
    """Whether the nearest condition around the send is ``x != nil``; true when there is none."""
    for outer in stuck.unit.uses.around(stuck.node):
        if isinstance(outer, ir.If):
            cond = outer.cond
            return isinstance(cond, ir.Binary) and cond.op == "!=" and getattr(cond.right, "name", "") == "nil"
    return True


def _surely_waits(stuck: Stuck) -> bool:
    """Whether a goroutine that waits to receive is a proof. With several of them data decides who gets what; in a loop, what
    was received may end it."""
    channel = stuck.channel
    sources = channel.of(Use.SEND, Use.CLOSE)
    if not sources:
        return True
    if any(use.function is stuck.function for use in sources):
        return False  # a token that is passed on
    if stuck.use is Use.RANGE:
        return True
    if stuck.instances > 1:
        return False
    if _in_loop(stuck.unit, stuck.node) and stuck.unit.program.endless.of(stuck.unit, stuck.function) is None:
        return False
    own = [use for use in sources if use.function is channel.function]
    return not own or any(_is_certain(channel, use.node) for use in own)


def _exceeds_buffer(stuck: Stuck) -> bool:
    """Whether a buffer of one or two is provably too small: not where data decides how often there is a send."""
    if _in_loop(stuck.unit, stuck.node):
        return False
    loops = _spawning_loops(stuck.channel, stuck.spawn) if stuck.spawn is not None else []
    return stuck.instances == 1 or all(isinstance(loop, ir.Range) or loop.post is not None for loop in loops)


def _same_loop(channel: Channel, declaration: ir.Assign) -> bool:
    return _loop_around(channel.unit, channel.declaration) is _loop_around(channel.unit, declaration)


def _loop_around(unit: FunctionUnit, node: ir.Node) -> ir.Node | None:
    return next((outer for outer in unit.uses.around(node) if isinstance(outer, ir.For | ir.Range)), None)


# -- channels that a caller drops


def channel_makers(program: Program) -> re.Pattern[bytes] | None:
    """Matches a mention of a function of the package that returns a channel; None when there is none."""
    names = {
        head.name.encode()
        for file in program.files
        for head in file.decls.functions
        if b"chan" in head.text and any(isinstance(result.type, ir.ChanType) for result in head.function.results)
    }
    return re.compile(rb"\b(?:" + b"|".join(map(re.escape, sorted(names))) + rb")\(") if names else None


def _dropped_results(unit: FunctionUnit) -> Iterator[Blocked]:
    makers = unit.program.channel_makers
    if makers is None or not makers.search(unit.text) or unit.function.body is None:
        return
    for statement in walk(unit.function.body, literals=True):
        call = _dropped_call(statement)
        if call is None:
            continue
        body = body_of(unit, unit.typer.callee(call))
        if body is None or body[1].parent is not None or not body[1].results:
            continue
        called, function = body
        for stuck in _stuck_when_dropped(called, function, statement):
            yield Blocked(unit, stuck, Why.DROPPED, call)


def _dropped_call(statement: ir.Node) -> ir.Call | None:
    match statement:
        case ir.ExprStmt(expr=ir.Call() as call):
            return call
        case ir.Assign(left=left, right=(ir.Call() as call,)) if any(_is_blank(target) for target in left):
            return call
        case _:
            return None


def _is_blank(target: ir.Expr) -> bool:
    return isinstance(target, ir.Name) and target.name == "_"


def _stuck_when_dropped(unit: FunctionUnit, function: ir.Function, statement: ir.Node) -> Iterator[Stuck]:
    """The sends that block when the channel that ``function`` returns is not kept by ``statement``."""
    for exploration in unit.explorations:
        for channel in exploration.channels:
            if (
                channel.function is not function
                or not channel.given
                or channel.held & Ends.RECEIVE
                or channel.make is None
            ):
                continue
            if not _drops(channel, statement):
                continue
            explorer = Explorer(unit, function, exploration.channels)
            explorer.with_result_dropped(channel)
            found = [
                s for s in explorer.run().stuck if s.channel is channel and s.use is Use.SEND and s.spawn is not None
            ]
            if found:
                yield min(found, key=lambda stuck: stuck.node.start)


def _drops(channel: Channel, statement: ir.Node) -> bool:
    """Whether ``statement`` drops the result that carries the channel."""
    if isinstance(statement, ir.ExprStmt):
        return True
    assert isinstance(statement, ir.Assign)
    for returned in channel.returned:
        for number, value in enumerate(returned.values):
            if isinstance(value, ir.Name) and value.symbol in channel.names:
                return number < len(statement.left) and _is_blank(statement.left[number])
    return False


# -- repairs


@dataclass(frozen=True, slots=True)
class EnoughBuffer:
    """A size for the channel's buffer with which nothing blocks any more."""

    size: str
    certain: bool


def enough_buffer(blocked: Blocked) -> EnoughBuffer | None:
    """A buffer for which another exploration finds no blocked send on that channel, and nothing new."""
    stuck = blocked.stuck
    channel = stuck.channel
    if channel.make is None or stuck.use is not Use.SEND or stuck.spawn is None or _in_loop(stuck.unit, stuck.node):
        return None
    loops = _spawning_loops(channel, stuck.spawn)
    if loops:
        size = _rounds_text(channel, loops[0]) if len(loops) == 1 else ""
        return EnoughBuffer(size, False) if size and _mends(blocked, None) else None
    if _mends(blocked, 1) and not channel.capacity:
        certain = not channel.of(Use.MEASURE) and not _sends_twice(stuck) and not _signals_afterwards(stuck)
        return EnoughBuffer("1", certain)
    return EnoughBuffer("2", False) if _mends(blocked, 2) and channel.capacity in (0, 1) else None


def _mends(blocked: Blocked, capacity: int | None) -> bool:
    channel = blocked.stuck.channel
    (before,) = (found for found in channel.unit.explorations if channel in found.channels)
    explorer = Explorer(channel.unit, channel.function, before.channels)
    explorer.with_capacity(channel, capacity)
    if blocked.why is Why.DROPPED:
        explorer.with_result_dropped(channel)
    after = explorer.run()
    old = {(id(stuck.channel), stuck.use) for stuck in before.stuck}
    new = {(id(stuck.channel), stuck.use) for stuck in after.stuck if stuck.spawn is not None}
    return not after.exceeded and (id(channel), Use.SEND) not in new and new <= old


def _in_loop(unit: FunctionUnit, node: ir.Node) -> bool:
    return _loop_around(unit, node) is not None


def _spawning_loops(channel: Channel, spawn: ir.Node) -> list[ir.For | ir.Range]:
    """The loops between the making of the channel and the ``go`` statement."""
    around_make = set(channel.unit.uses.around(channel.declaration))
    return [
        node
        for node in channel.unit.uses.around(spawn)
        if isinstance(node, ir.For | ir.Range) and node not in around_make
    ]


def _sends_twice(stuck: Stuck) -> bool:
    """Whether one run of the goroutine may send more than once."""
    sends = [use for use in stuck.channel.of(Use.SEND) if use.function is stuck.function]
    if len(sends) != len(stuck.channel.of(Use.SEND)):
        return True
    graph = stuck.unit.cfg(stuck.function)
    blocks = [
        block for block in graph.reachable() if any(_contains(item, use.node) for use in sends for item in block.items)
    ]
    return len(blocks) < len(sends) or any(graph.reaches(one, other) for one in blocks for other in blocks)


def _signals_afterwards(stuck: Stuck) -> bool:
    """Whether the goroutine may tell others something behind the send: it no longer waits for the receiver before, so that a
    select may find both ready and choose the other one (``defer close(errors)`` … ``results <- r``)."""
    spawn, unit = stuck.spawn, stuck.spawn_unit
    call = spawn.call if isinstance(spawn, ir.Go) else None
    body = body_of(unit, unit.typer.callee(call)) if isinstance(call, ir.Call) else None
    if body is None or body[1] is not stuck.function or stuck.function.body is None:
        return True  # what comes behind the end of the function is not known
    names = stuck.channel.names
    deferred = [statement for statement in statements(stuck.function.body) if isinstance(statement, ir.Defer)]
    graph = stuck.unit.cfg(stuck.function)
    here = next((block for block in graph.reachable() if any(_contains(i, stuck.node) for i in block.items)), None)
    later = [
        item
        for block in graph.reachable()
        if here is None or block is here or graph.reaches(here, block)
        for item in block.items
        if isinstance(item, ir.Node) and (block is not here or item.start > stuck.node.start)
    ]
    return any(_tells(part, names) for item in (*deferred, *later) for part in walk(item, literals=True))


def _tells(part: ir.Node, names: set[ir.Symbol]) -> bool:
    """Whether others may notice: a send or a close of another channel than that of ``names``, a call that ends a wait."""
    match part:
        case ir.Send(channel=ir.Name(symbol=symbol)):
            return symbol not in names
        case ir.Send():
            return True
        case ir.Call(func=ir.Name(name="close"), args=(ir.Name(symbol=symbol),)):
            return symbol not in names
        case ir.Call(func=ir.Name(name=name)):
            return name == "close" or "cancel" in name.lower() or "done" in name.lower()
        case ir.Call(func=ir.Selector(field=name)):
            return name in ("Done", "Broadcast", "Signal") or "cancel" in name.lower()
        case _:
            return False


def _contains(item: object, node: ir.Node) -> bool:
    return isinstance(item, ir.Node) and item.start <= node.start and node.end <= item.end


def _rounds_text(channel: Channel, loop: ir.For | ir.Range) -> str:
    """Go text for the number of rounds of the loop, valid where the channel is made; empty when there is none."""
    unit = channel.unit
    match loop:
        case ir.Range(subject=subject) if _is_fixed(channel, subject):
            return _length_text(unit, subject)
        case ir.For(
            init=ir.Assign(right=(ir.Literal(text="0"),)),
            cond=ir.Binary(op="<", right=limit),
            post=ir.IncDec(op="++"),
        ) if _is_fixed(channel, limit):
            return unit.source_text(limit)
        case _:
            return ""


def _length_text(unit: FunctionUnit, subject: ir.Expr) -> str:
    text = unit.source_text(subject)
    match unit.typer.underlying(unit.typer.type_of(subject)):
        case Basic(name="string") | Slice() | Array() | Map():
            return f"len({text})"
        case Basic(name="int"):
            return text
        case _:
            return ""


def _is_fixed(channel: Channel, expr: ir.Expr) -> bool:
    """Whether the expression means the same where the channel is made as where the loop starts."""
    match expr:
        case ir.Literal(kind="int"):
            return True
        case ir.Name(symbol=ir.Symbol() as symbol):
            return not symbol.assigned and symbol.start < channel.declaration.start
        case ir.Name():
            return True
        case ir.Selector():
            return _is_fixed(channel, expr.base)
        case ir.Call(func=ir.Name(name="len", symbol=None), args=(arg,)):
            return _is_fixed(channel, arg)
        case _:
            return False


def lone_send_context(blocked: Blocked) -> ir.Symbol | None:
    """A context that the blocked send could wait for as well; None when the send is no plain statement of its own in a function
    without results, or no context is in scope."""
    stuck = blocked.stuck
    statement = stuck.node
    if not isinstance(statement, ir.Send) or stuck.unit is not blocked.unit or stuck.function.results:
        return None
    if not isinstance(stuck.unit.uses.parent(statement), ir.Block):
        return None
    return context_at(stuck.unit, statement)
