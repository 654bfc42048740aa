"""Who meets whom on the channels of one function: every order of events of a function and of the goroutines that it starts.

The function that makes the channels is thread 0; each ``go`` statement adds a thread. Only what happens on channels that are
wholly in sight counts: everything else – calls, timers, contexts, channels of others – goes on sooner or later, a goroutine
that waits for others when none of them stands at a send. A state in which nothing can move any more, thread 0 has left and a
thread stands at a channel operation, is a goroutine that never ends.

What data decides is approximated to the quiet side: conditions that occur twice have the same outcome twice, a loop that
communicates or starts goroutines runs at least once, and one that runs to its end has met all its partners.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from caulk.flow import facts as known
from caulk.flow.cfg import Block, Edge, FunctionEnd, Item
from caulk.flow.channels import Channel, Ends, Use, channels_in
from caulk.flow.steps import Code, Codes, Kind, Loop, Loops, Step, communicating
from caulk.ir import nodes as ir
from caulk.ir.visit import walk

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

MAX_STATES = 6000
"""A function with more is given up on: silent."""
MAX_INSTANCES = 2
"""How many goroutines of one ``go`` statement are followed."""
MAX_THREADS = 6
MAX_FRAMES = 4
SATURATED = 3
"""Number of buffered values that stands for "many"."""


class Round(NamedTuple):
    """Where a frame is in a loop: ``met`` tells whether this round communicated, ``missed`` whether an earlier one did not."""

    met: bool
    missed: bool
    number: int


class Frame(NamedTuple):
    code: Code
    block: Block | None
    """None while the deferred calls run."""
    at: int
    facts: known.Facts
    loops: tuple[tuple[Loop, Round], ...]
    env: tuple[tuple[ir.Symbol, int], ...]
    """The channels that parameters stand for."""
    defers: tuple[Step, ...]


class Thread(NamedTuple):
    spawn: Step | None
    """None for the function itself."""
    frames: tuple[Frame, ...]
    ended: ir.Node | FunctionEnd | None = None
    sent: frozenset[int] = frozenset()
    """The channels that a goroutine has sent on."""
    home: FunctionUnit | None = None
    """Where it was started."""


class Pipe(NamedTuple):
    """The state of a channel."""

    made: bool = False
    buffered: int = 0
    closed: bool = False
    drained: bool = False
    """Whether every send finds a receiver."""
    fed: bool = False
    """Whether every receive finds a sender."""
    foreign: bool = False
    """Whether a value of unknown origin was received: perhaps a sender in sight should have been met."""


class State(NamedTuple):
    threads: tuple[Thread, ...]
    pipes: tuple[Pipe, ...]


Origins: TypeAlias = dict[State, tuple[State, ir.Node | None] | None]
"""How each state was reached: from which, and by which free choice of thread 0 in a select."""


class Offer(NamedTuple):
    """A channel operation that a thread stands at, and how it goes on."""

    use: Use
    pipe: int
    node: ir.Node
    then: Thread
    otherwise: Thread | None = None
    """For a range and for ``v, ok := <-c``: how it goes on when the channel is closed."""


class Free(NamedTuple):
    """A way on that needs nobody: a select's default or a communication with the outside."""

    node: ir.Node | None
    then: Thread


class Rest(NamedTuple):
    offers: tuple[Offer, ...]
    free: tuple[Free, ...]
    joined: Thread | None = None
    """For a goroutine that waits for others to end: how it goes on then."""


Move: TypeAlias = tuple[State, ir.Node | None]


@dataclass(frozen=True, slots=True, eq=False)
class Stuck:
    """A goroutine that stands at a channel operation for ever."""

    channel: Channel
    use: Use
    node: ir.Node
    """The operation."""
    unit: FunctionUnit
    """The function that holds the operation."""
    function: ir.Function
    spawn: ir.Node | None
    """What started it; None when the function itself is stuck."""
    spawn_unit: FunctionUnit
    left: ir.Node | FunctionEnd | None
    """How thread 0 left: a return, the end, or the declaration of the channel in the next round of a loop."""
    chosen: ir.Node | None
    """The communication of thread 0's last select that did without the channels in sight (a timeout, a cancelled context)."""
    instances: int
    """How many goroutines of that ``go`` statement were running on this path."""
    sent_before: bool
    """Whether the same goroutine has sent on the same channel before."""


@dataclass(slots=True)
class Exploration:
    """What was found out about the channels of one function."""

    channels: tuple[Channel, ...]
    stuck: list[Stuck] = field(default_factory=list)
    passed: frozenset[int] = frozenset()
    """The ids of the operations that go through in some order of events."""
    passed_again: frozenset[int] = frozenset()
    """The ids of the sends that go through although the goroutine has sent on that channel before."""
    exceeded: bool = False


class Explorer:
    """All orders of events of one function."""

    def __init__(self, unit: FunctionUnit, function: ir.Function, channels: tuple[Channel, ...]) -> None:
        self._unit = unit
        self._function = function
        self._channels = channels
        names = frozenset(name for channel in channels for name in channel.names)
        self._codes = Codes(names)
        self._own = {channel.symbol: number for number, channel in enumerate(channels)}
        self._capacities = [channel.capacity for channel in channels]
        self._held = [channel.held | channel.given for channel in channels]
        self._rests: dict[int, tuple[Thread, Rest | None]] = {}
        self._passed: set[int] = set()
        self._passed_again: set[int] = set()

    def with_capacity(self, channel: Channel, capacity: int | None) -> None:
        """Pretend that ``channel`` was made with another buffer (None: a large one)."""
        self._capacities[self._channels.index(channel)] = capacity

    def with_result_dropped(self, channel: Channel) -> None:
        """Pretend that the caller does not keep ``channel``."""
        self._held[self._channels.index(channel)] = channel.held

    def run(self) -> Exploration:
        result = Exploration(self._channels)
        code = self._codes.of(self._unit, self._function)
        start = State(
            (Thread(None, (Frame(code, code.graph.entry, 0, frozenset(), (), (), ()),)),),
            tuple(Pipe(drained=bool(held & Ends.RECEIVE), fed=bool(held & Ends.SEND)) for held in self._held),
        )
        came_from: Origins = {start: None}
        queue = deque([start])
        ends: list[State] = []
        while queue:
            if len(came_from) > MAX_STATES:
                result.exceeded = True
                return result
            state = queue.popleft()
            moves = self._moves(state)
            if moves is None:
                ends.append(state)
                continue
            for following, label in moves:
                if following not in came_from:
                    came_from[following] = state, label
                    queue.append(following)
        result.passed = frozenset(self._passed)
        result.passed_again = frozenset(self._passed_again)
        for end in ends:
            result.stuck += self._stuck(end, came_from)
        return result

    # -- moves

    def _moves(self, state: State) -> list[Move] | None:
        """The states that can follow; None when nothing can move any more."""
        rests: list[Rest | None] = []
        for number, thread in enumerate(state.threads):
            if not thread.frames:
                rests.append(None)
                continue
            rest = self._rest_of(thread)
            if rest is None:
                return [(following, None) for following in self._internal(state, number)]
            rests.append(rest)
        moves: list[Move] = []
        for number, rest in enumerate(rests):
            if rest is None:
                continue
            if rest.joined is not None and not _is_any_sending(rests, number):
                moves.append((self._with(state, number, rest.joined), None))
            for free in rest.free:
                if free.node is None and any(self._is_ready(state, offer) for offer in rest.offers):
                    continue
                moves.append((self._with(state, number, free.then), free.node if number == 0 else None))
            for offer in rest.offers:
                met = [(following, None) for following in self._meet(state, number, offer, rests)]
                if met:
                    self._passed.add(id(offer.node))
                    if offer.pipe in state.threads[number].sent:
                        self._passed_again.add(id(offer.node))
                moves += met
        return moves or None

    def _is_ready(self, state: State, offer: Offer) -> bool:
        """Whether the operation can be done for sure at once: then a select does not take its default."""
        pipe, capacity = state.pipes[offer.pipe], self._capacities[offer.pipe]
        if offer.use is Use.SEND:
            return capacity is not None and pipe.buffered < capacity
        return bool(pipe.buffered) or pipe.closed

    @staticmethod
    def _with(state: State, number: int, thread: Thread) -> State:
        return State((*state.threads[:number], thread, *state.threads[number + 1 :]), state.pipes)

    @staticmethod
    def _with_pipe(state: State, number: int, pipe: Pipe) -> State:
        return State(state.threads, (*state.pipes[:number], pipe, *state.pipes[number + 1 :]))

    def _meet(self, state: State, number: int, offer: Offer, rests: list[Rest | None]) -> Iterator[State]:
        """What the operation can do now."""
        pipe = state.pipes[offer.pipe]
        channel = self._channels[offer.pipe]
        if channel.make is None and not self._held[offer.pipe]:
            return
        moved = self._with(state, number, offer.then)
        match offer.use:
            case Use.CLOSE:
                if not pipe.closed:
                    yield self._with_pipe(moved, offer.pipe, pipe._replace(closed=True))
            case Use.SEND:
                yield from self._send(state, moved, number, offer, rests)
            case _:
                yield from self._receive(state, moved, number, offer)

    def _send(self, state: State, moved: State, number: int, offer: Offer, rests: list[Rest | None]) -> Iterator[State]:
        pipe = state.pipes[offer.pipe]
        capacity = self._capacities[offer.pipe]
        if pipe.closed:
            return
        if pipe.drained:
            yield moved
        if capacity is None or pipe.buffered < capacity:
            yield self._with_pipe(moved, offer.pipe, pipe._replace(buffered=min(pipe.buffered + 1, SATURATED)))
        if pipe.buffered:
            return
        for other, rest in enumerate(rests):
            for partner in rest.offers if rest is not None and other != number else ():
                if partner.pipe == offer.pipe and partner.use in (Use.RECEIVE, Use.RANGE):
                    self._passed.add(id(partner.node))
                    yield self._with(moved, other, partner.then)

    def _receive(self, state: State, moved: State, number: int, offer: Offer) -> Iterator[State]:
        """Receiving from the buffer, from a closed channel or from outside; meeting a sender is the sender's move."""
        pipe = state.pipes[offer.pipe]
        outside = bool(self._held[offer.pipe] & Ends.SEND)
        closed = self._with(state, number, offer.otherwise) if offer.otherwise is not None else moved
        if pipe.buffered:
            yield self._with_pipe(moved, offer.pipe, pipe._replace(buffered=pipe.buffered - 1))
            if pipe.buffered == SATURATED:
                yield moved
        elif pipe.closed:
            yield closed
        if outside:
            for following in (moved, closed):
                yield self._with_pipe(following, offer.pipe, pipe._replace(foreign=True))
        elif pipe.fed and offer.use is Use.RECEIVE:
            yield moved
            if offer.otherwise is not None:
                yield closed

    # -- where a thread stands

    def _rest_of(self, thread: Thread) -> Rest | None:
        """The same as :meth:`_rest`, remembered: most threads stand still while one moves."""
        known = self._rests.get(id(thread))
        if known is None:
            known = self._rests[id(thread)] = thread, self._rest(thread)
        return known[1]

    def _rest(self, thread: Thread) -> Rest | None:
        """The channel operations that the thread waits at; None when it can go on by itself."""
        frame = thread.frames[-1]
        if frame.block is None:
            return None
        steps = frame.code.steps[frame.block.index]
        if frame.at < len(steps):
            step = steps[frame.at]
            if step.kind is Kind.WAIT and thread.spawn is not None:
                return Rest((), (), self._top(thread, frame._replace(at=frame.at + 1)))
            if step.kind not in (Kind.SEND, Kind.RECEIVE, Kind.CLOSE):
                return None
            pipe = self._pipe(frame, step)
            if pipe is None:
                return None
            return Rest((self._offer(thread, frame._replace(at=frame.at + 1), pipe, step),), ())
        ranged = frame.code.ranges.get(frame.block.index)
        if ranged is not None:
            return self._range_rest(thread, frame, ranged)
        if any(edge.comm for edge in frame.block.edges):
            return self._select_rest(thread, frame)
        return None

    def _range_rest(
        self, thread: Thread, frame: Frame, ranged: tuple[Edge, Edge, ir.Range, Loop | None]
    ) -> Rest | None:
        into, out, statement, _ = ranged
        pipe = self._pipe_of(frame, statement.subject)
        if pipe is None:
            return None
        then = self._advanced(thread, frame._replace(block=into.target, at=0), pipe, Use.RANGE)
        otherwise = self._top(thread, frame._replace(block=out.target, at=0))
        return Rest((Offer(Use.RANGE, pipe, statement, then, otherwise),), ())

    def _select_rest(self, thread: Thread, frame: Frame) -> Rest | None:
        block = frame.block
        assert block is not None
        offers: list[Offer] = []
        free: list[Free] = []
        for edge in block.edges:
            target = edge.target
            first = target.items[0] if target.items else None
            entered = frame._replace(block=target, at=0)
            if first is None or id(first) not in frame.code.comms:
                free.append(Free(None, self._top(thread, entered)))
                continue
            steps = frame.code.steps[target.index][: frame.code.after_first[target.index]]
            operation = next((s for s in steps if s.kind in (Kind.SEND, Kind.RECEIVE)), None)
            entered = entered._replace(at=frame.code.after_first[target.index])
            pipe = self._pipe(frame, operation) if operation is not None else None
            if operation is None or pipe is None:
                if not _is_off(frame, first):
                    free.append(Free(_as_node(first), self._top(thread, entered)))
            else:
                for symbol in (symbol for step in steps if step.kind is Kind.FORGET for symbol in step.symbols):
                    entered = entered._replace(facts=known.without(entered.facts, symbol))
                offers.append(self._offer(thread, entered, pipe, operation))
        return Rest(tuple(offers), tuple(free)) if offers else None

    def _offer(self, thread: Thread, following: Frame, pipe: int, step: Step) -> Offer:
        """The operation of ``step``, behind which the thread goes on with ``following``."""
        use = _USES[step.kind]
        if step.fact is None:
            return Offer(use, pipe, _node(step), self._advanced(thread, following, pipe, use))
        closed = self._top(thread, _learned(following, (step.fact[0], not step.fact[1])))
        then = self._advanced(thread, _learned(following, step.fact), pipe, use)
        return Offer(use, pipe, _node(step), then, closed)

    def _pipe(self, frame: Frame, step: Step) -> int | None:
        return self._pipe_of_symbol(frame, step.symbols[0])

    def _pipe_of(self, frame: Frame, expr: ir.Expr) -> int | None:
        return (
            self._pipe_of_symbol(frame, expr.symbol) if isinstance(expr, ir.Name) and expr.symbol is not None else None
        )

    def _pipe_of_symbol(self, frame: Frame, symbol: ir.Symbol) -> int | None:
        for name, number in frame.env:
            if name is symbol:
                return number
        return self._own.get(symbol)

    @staticmethod
    def _top(thread: Thread, frame: Frame) -> Thread:
        return thread._replace(frames=(*thread.frames[:-1], frame))

    def _advanced(self, thread: Thread, frame: Frame, pipe: int, use: Use) -> Thread:
        """The thread after it communicated: all its loops met a partner in this round."""
        if frame.loops:
            frame = frame._replace(loops=tuple((loop, round_._replace(met=True)) for loop, round_ in frame.loops))
        outer = tuple(
            f._replace(loops=tuple((loop, round_._replace(met=True)) for loop, round_ in f.loops)) if f.loops else f
            for f in thread.frames[:-1]
        )
        sent = thread.sent | {pipe} if use is Use.SEND and thread.spawn is not None else thread.sent
        return thread._replace(frames=(*outer, frame), sent=sent)

    # -- steps that need nobody

    def _internal(self, state: State, number: int) -> Iterator[State]:
        thread = state.threads[number]
        frame = thread.frames[-1]
        if frame.block is None:
            yield from self._unwind(state, number, thread, frame)
            return
        steps = frame.code.steps[frame.block.index]
        if frame.at < len(steps):
            yield from self._step(state, number, thread, frame, steps[frame.at])
        elif frame.block.edges:
            for edge in frame.block.edges:
                yield from self._follow(state, number, thread, frame, edge)
        elif number:
            # a call that never returns, or an empty select: nothing that this thread holds is ever given back
            yield self._with(state, number, thread._replace(frames=()))

    def _step(self, state: State, number: int, thread: Thread, frame: Frame, step: Step) -> Iterator[State]:
        following = frame._replace(at=frame.at + 1)
        match step.kind:
            case Kind.EXIT:
                ended = step.node if len(thread.frames) == 1 else thread.ended
                left = self._top(thread, frame._replace(block=None, at=0))._replace(ended=ended)
                yield self._with(state, number, left)
            case Kind.DEFER:
                following = following._replace(defers=(*frame.defers, step)[-4:])
                yield self._with(state, number, self._top(thread, following))
            case Kind.FORGET:
                facts = frame.facts
                for symbol in step.symbols:
                    facts = known.without(facts, symbol)
                yield self._with(state, number, self._top(thread, following._replace(facts=facts)))
            case Kind.LEARN if step.fact is not None:
                yield self._with(state, number, self._top(thread, _learned(following, step.fact)))
            case Kind.MAKE:
                yield from self._make(state, number, self._top(thread, following), step)
            case Kind.BIND:
                alias, source = step.symbols
                pipe = self._pipe_of_symbol(frame, source)
                if pipe is not None:
                    following = following._replace(
                        env=(*((n, p) for n, p in frame.env if n is not alias), (alias, pipe))
                    )
                yield self._with(state, number, self._top(thread, following))
            case Kind.CALL:
                yield from self._call(state, number, self._top(thread, following), step)
            case Kind.SPAWN:
                yield from self._spawn(state, number, self._top(thread, following), step)
            case _:
                yield self._with(state, number, self._top(thread, following))

    def _make(self, state: State, number: int, thread: Thread, step: Step) -> Iterator[State]:
        frame = thread.frames[-1]
        pipe = self._own.get(step.symbols[0])
        if pipe is None:
            yield self._with(state, number, thread)
        elif not state.pipes[pipe].made:
            moved = self._with(state, number, thread)
            yield self._with_pipe(moved, pipe, state.pipes[pipe]._replace(made=True))
        else:
            # the next round of a loop makes a new one: nobody knows the old one any more
            yield self._with(state, number, thread._replace(frames=(frame._replace(block=None),), ended=step.node))

    def _call(self, state: State, number: int, thread: Thread, step: Step) -> Iterator[State]:
        frame = self._frame(thread.frames[-1], step)
        if frame is None or len(thread.frames) >= MAX_FRAMES:
            yield self._with(state, number, thread)
            return
        yield self._with(state, number, thread._replace(frames=(*thread.frames, frame)))

    def _spawn(self, state: State, number: int, thread: Thread, step: Step) -> Iterator[State]:
        running = sum(1 for other in state.threads if other.spawn is step)
        if running >= MAX_INSTANCES or len(state.threads) >= MAX_THREADS:
            return
        frame = self._frame(thread.frames[-1], step)
        moved = self._with(state, number, thread)
        if frame is None:
            yield moved
        else:
            started = Thread(step, (frame,), home=thread.frames[-1].code.unit)
            yield State((*moved.threads, started), moved.pipes)

    def _frame(self, caller: Frame, step: Step) -> Frame | None:
        """The frame of the body that the step runs."""
        if step.body is None:
            return None
        unit, function = step.body
        if function is self._function:
            return None
        inside = unit is caller.code.unit and function.parent is not None
        env = dict(caller.env) if inside else {}
        for param, arg in zip(function.params, step.call.args if step.call is not None else (), strict=False):
            pipe = self._pipe_of(caller, arg)
            if pipe is not None and param.symbol is not None:
                env[param.symbol] = pipe
        code = self._codes.of(unit, function)
        facts = caller.facts if inside else frozenset()
        return Frame(code, code.graph.entry, 0, facts, (), tuple(env.items()), ())

    def _unwind(self, state: State, number: int, thread: Thread, frame: Frame) -> Iterator[State]:
        """Run the next deferred call, or leave the frame."""
        if not frame.defers:
            yield self._with(state, number, thread._replace(frames=thread.frames[:-1]))
            return
        step = frame.defers[-1]
        rest = self._top(thread, frame._replace(defers=frame.defers[:-1]))
        if step.symbols:
            pipe = self._pipe(frame, step)
            moved = self._with(state, number, rest)
            if pipe is None:
                yield moved
            elif not state.pipes[pipe].closed:
                yield self._with_pipe(moved, pipe, state.pipes[pipe]._replace(closed=True))
        else:
            yield from self._call(state, number, rest, step)

    # -- branches and loops

    def _follow(self, state: State, number: int, thread: Thread, frame: Frame, edge: Edge) -> Iterator[State]:
        facts = frame.facts
        fact = self._codes.fact(frame.code.unit, edge)
        if fact is not None:
            if (fact[0], not fact[1]) in facts:
                return
            facts = facts | {fact}
        following = frame._replace(block=edge.target, at=0, facts=facts)
        assert frame.block is not None
        ranged = frame.code.ranges.get(frame.block.index)
        if ranged is not None and ranged[3] is not None:
            what: tuple[Loop, Loops] | None = (ranged[3], Loops.ENTER if edge is ranged[0] else Loops.LEAVE)
        else:
            what = frame.code.loops.get((id(edge.cond), edge.value)) if edge.cond is not None else None
        if what is None:
            yield self._with(state, number, self._top(thread, following))
        elif what[1] is Loops.ENTER:
            entered = self._enter(following, what[0])
            if entered is not None:
                yield self._with(state, number, self._top(thread, entered))
        else:
            yield from self._leave(state, number, thread, following, what[0])

    @staticmethod
    def _enter(frame: Frame, loop: Loop) -> Frame | None:
        rounds = dict(frame.loops)
        last = rounds.get(loop)
        if last is None:
            rounds[loop] = Round(met=False, missed=False, number=1 if loop.rounds is not None else 0)
        else:
            if loop.rounds is not None and last.number >= loop.rounds:
                return None
            number = min(last.number + 1, MAX_INSTANCES) if loop.rounds is not None else 0
            rounds[loop] = Round(met=False, missed=last.missed or not last.met, number=number)
        return frame._replace(loops=tuple(rounds.items()))

    def _leave(self, state: State, number: int, thread: Thread, frame: Frame, loop: Loop) -> Iterator[State]:
        """The loop ends by its condition."""
        rounds = dict(frame.loops)
        last = rounds.pop(loop, None)
        if last is None or (loop.rounds is not None and last.number < min(loop.rounds, MAX_INSTANCES)):
            return
        moved = self._with(state, number, self._top(thread, frame._replace(loops=tuple(rounds.items()))))
        exact = loop.rounds is not None and loop.rounds <= MAX_INSTANCES
        missed = loop.counts and (last.missed or not last.met)
        if loop.talks and not exact and not missed:
            moved = State(moved.threads, self._satisfied(frame, loop, moved.pipes))
        yield moved

    def _satisfied(self, frame: Frame, loop: Loop, pipes: tuple[Pipe, ...]) -> tuple[Pipe, ...]:
        """The channels after a loop has met all its partners."""
        found = list(pipes)
        for node in walk(loop.node.body):
            operands: tuple[ir.Expr, ...] = ()
            drained = fed = False
            match node:
                case ir.Send():
                    operands, fed = (node.channel,), True
                case ir.Unary(op="<-"):
                    operands, drained = (node.operand,), True
                case ir.Call():
                    operands, fed, drained = node.args, True, True
                case _:
                    pass
            for operand in operands:
                number = self._pipe_of(frame, operand)
                if number is not None:
                    pipe = found[number]
                    found[number] = pipe._replace(fed=pipe.fed or fed, drained=pipe.drained or drained)
        return tuple(found)

    # -- ends

    def _stuck(self, state: State, came_from: Origins) -> Iterator[Stuck]:
        """The goroutines that wait for ever in an end state."""
        rests = [self._rest_of(thread) if thread.frames else None for thread in state.threads]
        for rest in rests:
            for offer in rest.offers if rest is not None else ():
                if offer.use is Use.SEND and state.pipes[offer.pipe].closed:
                    return  # a panic, no leak
        for number, rest in enumerate(rests):
            if rest is None or not rest.offers:
                continue
            offer = rest.offers[0]
            if offer.use is Use.SEND and state.pipes[offer.pipe].foreign:
                continue
            thread = state.threads[number]
            frame = thread.frames[-1]
            spawn = thread.spawn
            yield Stuck(
                channel=self._channels[offer.pipe],
                use=offer.use,
                node=offer.node,
                unit=frame.code.unit,
                function=frame.code.function,
                spawn=_node(spawn) if spawn is not None else None,
                spawn_unit=thread.home or self._unit,
                left=state.threads[0].ended if not state.threads[0].frames else None,
                chosen=_last_choice(state, came_from),
                instances=sum(1 for other in state.threads if other.spawn is spawn),
                sent_before=offer.pipe in thread.sent,
            )


_USES = {Kind.SEND: Use.SEND, Kind.RECEIVE: Use.RECEIVE, Kind.CLOSE: Use.CLOSE}


def _learned(frame: Frame, fact: known.Fact) -> Frame:
    return frame._replace(facts=frame.facts | {fact})


def _is_any_sending(rests: list[Rest | None], number: int) -> bool:
    """Whether another goroutine stands at a send: perhaps it is among those that ``number`` waits for, or ends what they do."""
    return any(
        offer.use is Use.SEND
        for other, rest in enumerate(rests)
        if other not in (0, number) and rest is not None
        for offer in rest.offers
    )


def _is_off(frame: Frame, item: Item) -> bool:
    """Whether the clause waits on a variable that is known to be nil: the idiom that switches a clause off."""
    symbol = communicating(item)
    return symbol is not None and known.nil_fact(symbol) in frame.facts


def _node(step: Step) -> ir.Node:
    node = step.node
    return node if isinstance(node, ir.Node) else ir.Node(node.start, node.end)


def _as_node(item: Item) -> ir.Node:
    return item if isinstance(item, ir.Node) else ir.Node(item.start, item.end)


def _last_choice(state: State, came_from: Origins) -> ir.Node | None:
    origin = came_from[state]
    while origin is not None:
        previous, label = origin
        if label is not None:
            return label
        origin = came_from[previous]
    return None


def explore(unit: FunctionUnit) -> list[Exploration]:
    """The explorations of a top-level function: one for each function or literal in it that makes channels."""
    groups: dict[ir.Function, list[Channel]] = {}
    for channel in channels_in(unit):
        groups.setdefault(channel.function, []).append(channel)
    return [Explorer(unit, function, tuple(channels)).run() for function, channels in groups.items()]
