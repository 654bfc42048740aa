"""The walk that follows one obligation from its acquisition to every way out of the function.

A state is (aliases, errors, facts); **every event ends the path**: released, handed over, returned, absent. Only "still open"
is a state, which keeps the walk small. It goes breadth first, so the first open exit has the shortest path.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caulk.flow import facts as known
from caulk.flow.access import DEPENDENT, ELEMENT, Path, Place
from caulk.flow.bindings import Bindings
from caulk.flow.branches import Branches
from caulk.flow.cfg import Block, BodyEnd, Edge, FunctionEnd, Item
from caulk.flow.outcomes import Aliases, EffectKind, Ending, Errors, Event, Held, OpenExit, Outcome, PathEnd, Terms
from caulk.flow.shapes import EXPRESSIONS, MAKES_ERROR, asserts_no_error, closure_of, last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.semantics.model import named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

MAX_STATES = 3000
"""A function with more is given up on: silent, and counted."""


@dataclass(frozen=True, slots=True)
class State:
    block: Block
    index: int
    aliases: Aliases
    errors: Errors
    facts: known.Facts


_PASSED_BY = frozenset({ir.ExprStmt, ir.Send, ir.Go, ir.Defer, *EXPRESSIONS})
"""What is passed by where no variable that the walk follows occurs in it."""


class Walk(Bindings, Branches):
    """Follows one obligation through one function or literal."""

    def __init__(self, unit: FunctionUnit, function: ir.Function, terms: Terms) -> None:
        super().__init__(unit, function, terms)
        self._block_now = self._graph.entry

    # -- the walk

    def run(self, start: State) -> Outcome:
        outcome = Outcome()
        queue = deque([start])
        came_from: dict[State, State | None] = {start: None}
        while queue:
            if len(came_from) > MAX_STATES:
                outcome.exceeded = True
                break
            state = queue.popleft()
            after = self._block(state, outcome, came_from)
            if after is None:
                continue
            for edge in self._edges(state.block):
                following = self._edge(edge, after, outcome)
                if following is not None and following not in came_from:
                    came_from[following] = state
                    queue.append(following)
        return outcome

    def _block(self, state: State, outcome: Outcome, came_from: dict[State, State | None]) -> State | None:
        """Walk the items of the block; None when the path ended."""
        aliases, errors, facts = state.aliases, state.errors, state.facts
        self._block_now = state.block
        for number in range(state.index, len(state.block.items)):
            item = state.block.items[number]
            if type(item) in _PASSED_BY and not self._concerns(item, aliases, errors):
                continue
            self._aliases, self._errors = aliases, errors
            try:
                if isinstance(item, ir.Assign) and not self._concerns(item, aliases, errors):
                    facts = self._assigned_elsewhere(item, facts)
                else:
                    aliases, errors, facts = self._item(item, facts, outcome)
            except PathEnd as end:
                outcome.events.append(Event(end.ending, state.block, item, errors, aliases))
                if end.ending is Ending.OVERWRITTEN:
                    block, branch = self._loop_branch(state, came_from)
                    outcome.open.append(OpenExit(block, item, errors, aliases, overwritten=True, branch=branch))
                return None
        return State(state.block, 0, aliases, errors, facts)

    def _concerns(self, item: Item, aliases: Aliases, errors: Errors) -> bool:
        """Whether a variable that the walk follows occurs in the item, or in a closure that it names."""
        occurring = self._summaries.occurring(item)
        if not occurring:
            return False
        for alias in aliases:
            if alias.symbol in occurring:
                return True
        owner = self._terms.owner
        return not errors.isdisjoint(occurring) or (owner is not None and owner.symbol in occurring)

    @staticmethod
    def _loop_branch(state: State, came_from: dict[State, State | None]) -> tuple[Block, ir.Branch | BodyEnd | None]:
        """How and where control last went round a loop on the way to ``state``."""
        previous = came_from.get(state)
        while previous is not None:
            for item in reversed(previous.block.items):
                if isinstance(item, BodyEnd) or (isinstance(item, ir.Branch) and item.keyword == "continue"):
                    return previous.block, item
            previous = came_from.get(previous)
        return state.block, None

    # -- edges

    def _edges(self, block: Block) -> Iterable[Edge]:
        """The edges that can be taken: a range over the channel of a ticker does not end, for nobody closes that."""
        for edge in block.edges:
            first = edge.target.items[0] if edge.target.items else None
            channel = first.subject if isinstance(first, ir.Range) else None
            if isinstance(channel, ir.Selector) and channel.field == "C":
                owner = named(self._typer.type_of(channel.base))
                if owner is not None and owner.qualified == "time.Ticker":
                    return (edge,)
        return block.edges

    def _edge(self, edge: Edge, after: State, outcome: Outcome) -> State | None:
        if edge.exhausted is not None and self._has_ended(edge.exhausted, after.aliases):
            outcome.events.append(Event(Ending.RELEASED, edge.target, edge.exhausted, after.errors, after.aliases))
            return None
        if edge.cond is None:
            return State(edge.target, 0, after.aliases, after.errors, after.facts)
        self._aliases, self._errors = after.aliases, after.errors
        try:
            decided = self._branch(edge.cond, edge.value, after.facts)
        except PathEnd as end:
            outcome.events.append(Event(end.ending, edge.target, edge.cond, after.errors, after.aliases))
            return None
        if decided is None:
            return None
        return State(edge.target, 0, after.aliases, *decided)

    def _has_ended(self, subject: ir.Expr, aliases: Aliases) -> bool:
        """Whether a range loop over ``subject`` ends only when the resource has ended by itself: a channel that it closes, or
        a channel for signals, which nobody closes."""
        self._aliases = aliases
        return self._is_stream(subject) or (self._terms.is_shared and () in self._held(subject))

    # -- statements

    def _item(self, item: Item, facts: known.Facts, outcome: Outcome) -> tuple[Aliases, Errors, known.Facts]:
        match item:
            case ir.Assign():
                return self._assign(item, facts)
            case ir.Return():
                self._return(item, facts, outcome)
            case FunctionEnd():
                self._leave(item, outcome)
            case ir.Defer(call=ir.Call() as call):
                self._call(call, deferred=True)
            case ir.Go(call=ir.Call() as call):
                self._shared_with(call)
                self._call(call, spawned=True)
            case ir.Send():
                self._use(item.channel)
                self._use(item.value, escapes=True)
            case ir.Range():
                return self._range(item, facts)
            case ir.IncDec():
                facts = self._forget(item.operand, facts)
            case ir.TypeCase():
                return self._type_case(item, facts)
            case ir.ExprStmt():
                self._expression_statement(item.expr)
                return self._checked(item.expr, facts)
            case BodyEnd() | ir.Branch() | ir.LocalType():
                pass
            case _ if isinstance(item, EXPRESSIONS):
                self._use(item)
        return self._aliases, self._errors, facts

    def _range(self, item: ir.Range, facts: known.Facts) -> tuple[Aliases, Errors, known.Facts]:
        elements = [path[1:] for path in self._held(item.subject) if path[:1] == (ELEMENT,)]
        left = tuple(part for part in (item.key, item.value) if part is not None)
        values = [elements or None if part is item.value else None for part in left]
        return self._bind(left, values, (), facts)

    def _shared_with(self, spawned: ir.Call) -> None:
        """A goroutine that sees what was there before may be meant to hold it; one that uses what lives on the value needs it."""
        paths = [path for part in expressions(spawned, literals=True) for path in self._held(part)]
        if (self._terms.is_shared and paths) or any(path[:2] == DEPENDENT for path in paths):
            raise PathEnd(Ending.TRANSFERRED)

    def _expression_statement(self, expr: ir.Expr) -> None:
        if self._errors and self._dereferences_error(expr):
            raise PathEnd(Ending.ABSENT)
        self._use(expr)

    def _checked(self, expr: ir.Expr, facts: known.Facts) -> tuple[Aliases, Errors, known.Facts]:
        """``require.NoError(t, err)``: goes on only without the error."""
        if self._errors and isinstance(expr, ir.Call) and asserts_no_error(expr) and self._mentions_error(expr):
            return self._aliases, frozenset(), facts | {known.nil_fact(symbol) for symbol in self._errors}
        return self._aliases, self._errors, facts

    def _type_case(self, item: ir.TypeCase, facts: known.Facts) -> tuple[Aliases, Errors, known.Facts]:
        definition = item.symbol.definition if item.symbol else None
        if item.symbol is None or definition is None:
            return self._aliases, self._errors, facts
        paths = self._held(definition.expr)
        return self._aliases | {Place(item.symbol, path) for path in paths}, self._errors, facts

    # -- leaving the function

    def _return(self, item: ir.Return, facts: known.Facts, outcome: Outcome) -> None:
        if any(self._literal_effect(literal) is EffectKind.TAKES for literal in self._deferred_literals()):
            raise PathEnd(Ending.TRANSFERRED)
        functions = [index for index, value in enumerate(item.values) if self._is_releasing_function(value)]
        outcome.companions.update(functions)  # `return f, f.Close, nil`
        for index, value in enumerate(item.values):
            if index in functions:
                continue
            if self._errors and self._dereferences_error(value):
                raise PathEnd(Ending.ABSENT)
            returned = self._returned(value, index, len(item.values))
            if returned:
                if any(self._held(other) for other in item.values if other is not value):
                    # `return resp, body, err`: the caller has it twice and ends either
                    raise PathEnd(Ending.TRANSFERRED)
                if self._terms.acquired and self._returns_error(item, index, facts):
                    self._leave(item, outcome, tuple(returned))
                outcome.returned.update(returned)
                outcome.return_statements.append(item)
                raise PathEnd(Ending.RETURNED)
        if functions:
            raise PathEnd(Ending.TRANSFERRED)
        if not item.values:
            self._bare_return(item, outcome)
        self._leave(item, outcome)

    def _bare_return(self, item: ir.Return, outcome: Outcome) -> None:
        for index, result in enumerate(self._function.results):
            paths = [
                alias.path for alias in self._aliases if result.symbol is not None and alias.symbol is result.symbol
            ]
            if paths:
                outcome.returned.update((index, path) for path in paths)
                outcome.return_statements.append(item)
                raise PathEnd(Ending.RETURNED)

    def _returns_error(self, item: ir.Return, index: int, facts: known.Facts) -> bool:
        """Whether another result than number ``index`` is an error that cannot be nil."""
        results = self._function.results
        if len(item.values) != len(results):
            return False
        return any(
            number != index
            and self._typer.implements_error(self._typer.resolve(results[number].type))
            and self._is_not_nil(value, facts)
            for number, value in enumerate(item.values)
        )

    def _is_not_nil(self, error: ir.Expr, facts: known.Facts) -> bool:
        """Whether it is an error that went wrong here. One with a name (``ErrIsFile``) tells the caller about the value."""
        match error:
            case ir.Name(symbol=ir.Symbol() as symbol):
                return (known.nil_fact(symbol)[0], False) in facts
            case ir.Call():
                if last_name(error.func) in MAKES_ERROR:
                    return True
                return last_name(error.func).startswith(("Wrap", "With")) and any(
                    self._is_not_nil(arg, facts) for arg in error.args
                )
            case ir.Unary(op="&", operand=ir.Composite()) | ir.Composite():
                return True
            case _:
                return False

    def _leave(
        self, item: ir.Return | FunctionEnd, outcome: Outcome, with_error: tuple[tuple[int, Path], ...] = ()
    ) -> None:
        """The function is left with the obligation open, unless a deferred call that sees the variable ends it."""
        self._run_defers()
        outcome.open.append(OpenExit(self._block_now, item, self._errors, self._aliases, with_error=with_error))
        raise PathEnd(Ending.STOPPED)

    def _deferred_literals(self) -> Iterable[ir.Function]:
        for statement in self._graph.defers:
            if isinstance(statement.call, ir.Call) and isinstance(statement.call.func, ir.FuncLit):
                yield statement.call.func.function

    def _run_defers(self) -> None:
        """Deferred literals, also those before the acquire, and deferred calls with ``&x`` see the variable at the end."""
        for statement in self._graph.defers:
            call = statement.call
            if not isinstance(call, ir.Call):
                continue
            if self._ends_owner(call):
                raise PathEnd(Ending.DEFERRED)
            if isinstance(call.func, ir.FuncLit):
                effect = self._literal_effect(call.func.function)
                if effect in (EffectKind.RELEASES, EffectKind.MAY_RELEASE, EffectKind.TAKES):
                    raise PathEnd(Ending.DEFERRED)
            if any(isinstance(arg, ir.Unary) and arg.op == "&" and self._held(arg) for arg in call.args) and self._ends(
                call
            ):
                raise PathEnd(Ending.DEFERRED)

    def _ends_owner(self, deferred: ir.Call) -> bool:
        """Whether a deferred call releases what the value was acquired from, or gives that to somebody who may."""
        owner = self._terms.owner
        return owner is not None and any(
            self._releases_owner(part) or any(self._place(arg) == owner for arg in part.args)
            for part in expressions(deferred, literals=True)
            if isinstance(part, ir.Call)
        )

    def _ends(self, call: ir.Call) -> bool:
        try:
            self._call(call, deferred=True)
        except PathEnd:
            return True
        return False

    def _returned(self, value: ir.Expr, index: int, count: int) -> Held:
        """Which results of the function hold the obligation when ``value`` is returned as number ``index``."""
        paths = self._held(value)
        if paths:
            return [(index, path) for path in paths]
        literal = value.operand if isinstance(value, ir.Unary) and value.op == "&" else value
        if isinstance(literal, ir.Composite):
            return [(index, path) for _, path in self._composite(literal, keep_unkeyed=True)]
        closure = closure_of(value)
        if closure is not None:
            self._use_closure(closure, escapes=True)
            return []
        if isinstance(value, ir.Call):
            through = self._call(value, binds=True)
            return [(index if count > 1 else result, path) for result, path in through]
        self._use(value)
        return []
