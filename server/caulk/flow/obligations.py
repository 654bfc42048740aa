"""The walk that follows one obligation from its acquisition to every way out of the function.

A state is (aliases, errors, facts); **every event ends the path**: released, handed over, returned, absent. Only "still open"
is a state, which keeps the walk small. It goes breadth first, so the first open exit has the shortest path.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from caulk.flow import facts as known
from caulk.flow.access import DERIVED, Path, Place, held, mentions, place_of
from caulk.flow.cfg import Block, BodyEnd, Edge, FunctionEnd, Item
from caulk.ir import nodes as ir
from caulk.semantics.contracts import CALL_ITSELF, Contract
from caulk.semantics.model import Callee, CalleeKind, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

MAX_STATES = 3000
"""A function with more is given up on: silent, and counted."""

Errors: TypeAlias = frozenset[ir.Symbol]
Aliases: TypeAlias = frozenset[Place]
Held: TypeAlias = list[tuple[int, Path]]
"""Which results of an expression hold the obligation, and behind which path."""


class Ending(Enum):
    """How a path ends for the obligation."""

    RELEASED = "released"
    DEFERRED = "released by a defer"
    TRANSFERRED = "handed over"
    RETURNED = "returned"
    ABSENT = "never existed"
    OVERWRITTEN = "overwritten"
    STOPPED = "does not go on"


class EffectKind(Enum):
    """What a callee does with a value that it is given."""

    RELEASES = "releases"
    MAY_RELEASE = "may release"
    TAKES = "takes"
    RETURNS = "returns"
    BORROWS = "borrows"


@dataclass(frozen=True, slots=True)
class Effect:
    kind: EffectKind
    returned: tuple[tuple[int, Path], ...] = ()
    """For RETURNS: which results hold the value, and behind which path."""

    @property
    def releases(self) -> bool:
        return self.kind in (EffectKind.RELEASES, EffectKind.MAY_RELEASE)


TAKES = Effect(EffectKind.TAKES)
BORROWS = Effect(EffectKind.BORROWS)


class PathEnd(Exception):
    """Control flow of the walk only: the obligation ends here."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.value)
        self.ending = ending


@dataclass(frozen=True, slots=True)
class Event:
    """An end of a path: where, and which errors were still untested."""

    ending: Ending
    block: Block
    """Where the path goes on without the obligation: the block of ``item``, or the one behind the edge that decided."""
    item: Item
    errors: Errors


@dataclass(frozen=True, slots=True)
class OpenExit:
    """A way out with the obligation still open."""

    block: Block
    """Where control leaves: the block of ``item``, or that of ``branch``."""
    item: Item
    errors: Errors
    aliases: Aliases
    overwritten: bool = False
    branch: ir.Branch | BodyEnd | None = None
    """For an overwriting one: how the loop went round, when it did."""


@dataclass(slots=True)
class Outcome:
    """All ends of all paths."""

    open: list[OpenExit] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    returned: set[tuple[int, Path]] = field(default_factory=set)
    return_statements: list[ir.Return] = field(default_factory=list)
    """The returns that carry the obligation."""
    exceeded: bool = False

    def has(self, *endings: Ending) -> bool:
        return any(event.ending in endings for event in self.events)

    def of(self, *endings: Ending) -> list[Event]:
        return [event for event in self.events if event.ending in endings]

    def effect(self) -> Effect:
        """The outcome seen by a caller."""
        if self.exceeded:
            return TAKES
        if self.has(Ending.RELEASED, Ending.DEFERRED):
            still_open = any(not exit_.overwritten for exit_ in self.open)
            return Effect(EffectKind.MAY_RELEASE if still_open else EffectKind.RELEASES)
        if self.has(Ending.TRANSFERRED, Ending.OVERWRITTEN):
            return TAKES
        if self.has(Ending.RETURNED):
            return Effect(EffectKind.RETURNS, tuple(sorted(self.returned)))
        return BORROWS


@dataclass(frozen=True, slots=True)
class State:
    block: Block
    index: int
    aliases: Aliases
    errors: Errors
    facts: known.Facts


@dataclass(frozen=True, slots=True)
class Terms:
    """What is being followed: the names that release it, and what the contract adds."""

    must_call: frozenset[str]
    released_by: frozenset[str] = frozenset()
    ok_symbols: frozenset[ir.Symbol] = frozenset()
    """Bool variables that are true exactly when the resource exists."""

    @classmethod
    def of(cls, contract: Contract, ok_symbols: frozenset[ir.Symbol] = frozenset()) -> Terms:
        return cls(contract.must_call, contract.released_by, ok_symbols)


_ERROR_ABSENT_NAME = re.compile(r"(?i)^no|nil|ok$|success|noerr")
"""A predicate of an error whose name says that it is true for no error."""
_RETRY_NAME = re.compile(r"(?i)(should)?retry|temporary|again|isnot|not")


class Walk:
    """Follows one obligation through one function or literal."""

    def __init__(self, unit: FunctionUnit, function: ir.Function, terms: Terms) -> None:
        self._unit = unit
        self._function = function
        self._terms = terms
        self._typer = unit.typer
        self._summaries = unit.program.summaries
        self._ownership = unit.program.contracts.ownership
        self._graph = unit.cfg(function)
        self._wanted = self._summaries.repeated_conditions(self._graph)
        self._aliases: Aliases = frozenset()
        self._errors: Errors = frozenset()
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
            for edge in state.block.edges:
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
            self._aliases, self._errors = aliases, errors
            try:
                aliases, errors, facts = self._item(item, facts, outcome)
            except PathEnd as end:
                outcome.events.append(Event(end.ending, state.block, item, errors))
                if end.ending is Ending.OVERWRITTEN:
                    block, branch = self._loop_branch(state, came_from)
                    outcome.open.append(OpenExit(block, item, errors, aliases, overwritten=True, branch=branch))
                return None
        return State(state.block, 0, aliases, errors, facts)

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

    def _edge(self, edge: Edge, after: State, outcome: Outcome) -> State | None:
        if edge.cond is None:
            return State(edge.target, 0, after.aliases, after.errors, after.facts)
        self._aliases, self._errors = after.aliases, after.errors
        try:
            decided = self._branch(edge.cond, edge.value, after.facts)
        except PathEnd as end:
            outcome.events.append(Event(end.ending, edge.target, edge.cond, after.errors))
            return None
        if decided is None:
            return None
        return State(edge.target, 0, after.aliases, *decided)

    def _branch(self, cond: ir.Expr, value: bool, facts: known.Facts) -> tuple[Errors, known.Facts] | None:
        """What taking the branch adds; None when it cannot be taken."""
        errors = self._errors
        if isinstance(cond, ir.Binary) and cond.op in ("==", "!="):
            decided = self._comparison(cond, (cond.op == "==") == value, facts)
            if decided is not None:
                return decided
        if errors and isinstance(cond, ir.Call | ir.Binary) and self._dereferences_error(cond):
            raise PathEnd(Ending.ABSENT)
        if isinstance(cond, ir.Call):
            if errors and self._mentions_error(cond):
                return self._predicate(cond, value, facts)
            self._released_by_edge(cond, value)
        if isinstance(cond, ir.Name) and cond.symbol is not None:
            self._flag(cond.symbol, value, facts)
        fact = known.key(cond)
        if fact is not None:
            truth = value == fact[1]
            if (fact[0], not truth) in facts:
                return None
            if fact[0] in self._wanted:
                facts = facts | {(fact[0], truth)}
        return errors, facts

    def _comparison(self, cond: ir.Binary, equal: bool, facts: known.Facts) -> tuple[Errors, known.Facts] | None:
        """An edge of ``x == y``: tests of the error and of the value itself."""
        subject = _tested_for_nil(cond)
        if equal and _is_switching_protocols(cond) and any(self._held_field(side) for side in (cond.left, cond.right)):
            raise PathEnd(Ending.TRANSFERRED)  # the body of such an answer is the live connection
        if subject is None:
            sides = (cond.left, cond.right)
            if any(isinstance(side, ir.Name) and side.symbol in self._errors for side in sides):
                if equal:  # err == io.EOF
                    raise PathEnd(Ending.ABSENT)
                return self._errors, facts
            return None
        is_error = isinstance(subject, ir.Name) and subject.symbol in self._errors
        is_value = bool(held(self._aliases, self._place(subject)))
        if not is_error and not is_value:
            return None
        if is_error != equal:  # the error is non-nil, or the value is nil
            raise PathEnd(Ending.ABSENT)
        return frozenset(), facts | {known.nil_fact(symbol) for symbol in self._errors}

    def _held_field(self, expr: ir.Expr) -> bool:
        """Whether ``expr`` is a field of something that holds the obligation (``resp.StatusCode``)."""
        return isinstance(expr, ir.Selector) and bool(self._held(expr.base))

    def _predicate(self, cond: ir.Call, value: bool, facts: known.Facts) -> tuple[Errors, known.Facts]:
        """An edge of a call that looks at the error: ``errors.Is(err, x)``, ``os.IsNotExist(err)``, ``isNil(err)``."""
        negated = bool(_ERROR_ABSENT_NAME.search(_last_name(cond.func)))
        if value != negated:
            raise PathEnd(Ending.ABSENT)
        return (frozenset() if negated else self._errors), facts

    def _released_by_edge(self, cond: ir.Call, value: bool) -> None:
        func = cond.func
        if (
            not value
            and isinstance(func, ir.Selector)
            and func.field in self._terms.released_by
            and self._held(func.base)
        ):
            raise PathEnd(Ending.RELEASED)

    def _flag(self, symbol: ir.Symbol, value: bool, facts: known.Facts) -> None:
        """A bool that tells whether the resource exists."""
        if not value and (symbol in self._terms.ok_symbols or (f"ok{known.token(symbol)}", True) in facts):
            raise PathEnd(Ending.ABSENT)
        if value and (f"error{known.token(symbol)}", True) in facts:
            raise PathEnd(Ending.ABSENT)

    # -- statements

    def _item(self, item: Item, facts: known.Facts, outcome: Outcome) -> tuple[Aliases, Errors, known.Facts]:
        match item:
            case ir.Assign():
                return self._assign(item, facts)
            case ir.Return():
                self._return(item, outcome)
            case FunctionEnd():
                self._leave(item, outcome)
            case ir.Defer(call=ir.Call() as call):
                self._call(call, deferred=True)
            case ir.Go(call=ir.Call() as call):
                self._call(call, spawned=True)
            case ir.Send():
                self._use(item.channel)
                self._use(item.value, escapes=True)
            case ir.Range():
                left = tuple(part for part in (item.key, item.value) if part is not None)
                return self._bind(left, [None] * len(left), (), facts)
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

    def _forget(self, operand: ir.Expr, facts: known.Facts) -> known.Facts:
        return known.without(facts, operand.symbol) if isinstance(operand, ir.Name) and operand.symbol else facts

    # -- leaving the function

    def _return(self, item: ir.Return, outcome: Outcome) -> None:
        if any(self._literal_effect(literal) is EffectKind.TAKES for literal in self._deferred_literals()):
            raise PathEnd(Ending.TRANSFERRED)
        for index, value in enumerate(item.values):
            if self._errors and self._dereferences_error(value):
                raise PathEnd(Ending.ABSENT)
            returned = self._returned(value, index, len(item.values))
            if returned:
                outcome.returned.update(returned)
                outcome.return_statements.append(item)
                raise PathEnd(Ending.RETURNED)
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

    def _leave(self, item: ir.Return | FunctionEnd, outcome: Outcome) -> None:
        """The function is left with the obligation open, unless a deferred call that sees the variable ends it."""
        self._run_defers()
        outcome.open.append(OpenExit(self._block_now, item, self._errors, self._aliases))
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
            if isinstance(call.func, ir.FuncLit):
                effect = self._literal_effect(call.func.function)
                if effect in (EffectKind.RELEASES, EffectKind.MAY_RELEASE, EffectKind.TAKES):
                    raise PathEnd(Ending.DEFERRED)
            if any(isinstance(arg, ir.Unary) and arg.op == "&" and self._held(arg) for arg in call.args) and self._ends(
                call
            ):
                raise PathEnd(Ending.DEFERRED)

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
        closure = _closure(value)
        if closure is not None:
            if self._literal_effect(closure) not in (None, EffectKind.BORROWS):
                raise PathEnd(Ending.TRANSFERRED)
            return []
        if isinstance(value, ir.Call):
            through = self._call(value, binds=True)
            return [(index if count > 1 else result, path) for result, path in through]
        self._use(value)
        return []

    # -- assignments

    def _assign(self, item: ir.Assign, facts: known.Facts) -> tuple[Aliases, Errors, known.Facts]:
        if item.op not in ("=", ":=", "var", "const"):
            for part in (*item.right, *item.left):
                self._use(part)
            return self._aliases, self._errors, self._forget(item.left[0], facts) if item.left else facts
        if not item.right:
            return self._bind(item.left, [None] * len(item.left), (), facts)
        for value in item.right:
            if self._errors and self._dereferences_error(value):
                raise PathEnd(Ending.ABSENT)
        values = self._values(item)
        facts, retry = self._flags(item, values, facts)
        self._errors = self._errors_after(item, retry)
        paired = item.right if len(item.left) == len(item.right) else ()
        return self._bind(item.left, values, paired, facts)

    def _values(self, item: ir.Assign) -> list[list[Path] | None]:
        """For every left side the paths of the obligation in the value that it gets."""
        left, right = item.left, item.right
        values: list[list[Path] | None] = [None] * len(left)
        if len(left) == len(right):
            for number, (target, value) in enumerate(zip(left, right, strict=True)):
                if _closure(value) is not None and not self._is_own_local(target):
                    self._use(value, escapes=True)
                values[number] = [path for _, path in self._value(value)] or None
        elif len(right) == 1:
            for result, path in self._value(right[0]):
                if result < len(values):
                    values[result] = [*(values[result] or ()), path]
            if isinstance(right[0], ir.Call) and self._unit.never_returns(right[0]):
                raise PathEnd(Ending.STOPPED)
        return values

    def _is_own_local(self, target: ir.Expr) -> bool:
        symbol = target.symbol if isinstance(target, ir.Name) else None
        return symbol is not None and symbol.function is self._function and symbol.kind is ir.SymbolKind.LOCAL

    def _value(self, expr: ir.Expr) -> Held:
        """Which results of ``expr`` hold the obligation once it is evaluated."""
        paths = self._held(expr)
        if paths:
            return [(0, path) for path in paths]
        literal = expr.operand if isinstance(expr, ir.Unary) and expr.op == "&" else expr
        if isinstance(literal, ir.Composite):
            return self._composite(literal, keep_unkeyed=False)
        if isinstance(expr, ir.Call):
            return self._call(expr, binds=True)
        if isinstance(expr, ir.FuncLit):
            return []  # bound to a variable: applied where that is called
        self._use(expr)
        return []

    def _composite(self, literal: ir.Composite, *, keep_unkeyed: bool) -> Held:
        """The paths to the obligation inside a composite literal that is kept."""
        found: Held = []
        for element in literal.elements:
            inner = element.value
            paths = self._held(inner)
            if paths:
                if not element.field and not keep_unkeyed:
                    raise PathEnd(Ending.TRANSFERRED)
                found += [(0, (element.field or "?", *path)) for path in paths]
                continue
            plain = inner.operand if isinstance(inner, ir.Unary) and inner.op == "&" else inner
            if isinstance(plain, ir.Composite | ir.Call) and element.field:
                found += [(0, (element.field, *path)) for _, path in self._value(inner)]
            else:
                self._use(inner, escapes=True)
        return found

    def _flags(
        self, item: ir.Assign, values: list[list[Path] | None], facts: known.Facts
    ) -> tuple[known.Facts, ir.Symbol | None]:
        """Bools that this assignment makes speak about the obligation: the ok of an assertion of the value itself, and a
        predicate computed from the error (``retry, err := classify(err)``; the second result)."""
        left, right = item.left, item.right
        if len(right) != 1:
            return facts, None
        if len(left) == 2 and isinstance(right[0], ir.Assertion) and values[0]:
            flag = left[1]
            if isinstance(flag, ir.Name) and flag.symbol is not None:
                facts = known.without(facts, flag.symbol) | {(f"ok{known.token(flag.symbol)}", True)}
            return facts, None
        if self._errors and isinstance(right[0], ir.Call) and any(map(self._mentions_error, right[0].args)):
            for target in left:
                symbol = target.symbol if isinstance(target, ir.Name) else None
                if symbol is not None and (_is_bool(self._typer.symbol_type(symbol)) or _RETRY_NAME.match(symbol.name)):
                    return facts | {(f"error{known.token(symbol)}", True)}, symbol
        return facts, None

    def _errors_after(self, item: ir.Assign, retry: ir.Symbol | None) -> Errors:
        """The symbols that hold this acquisition's error afterwards: a function of the error keeps it."""
        if not self._errors:
            return self._errors
        errors = set(self._errors)
        paired = len(item.left) == len(item.right)
        for number, target in enumerate(item.left):
            symbol = target.symbol if isinstance(target, ir.Name) else None
            if symbol is None:
                continue
            value = item.right[number] if paired else item.right[0]
            keeps = symbol is not retry and (paired or retry is not None) and self._mentions_error(value)
            if keeps:
                errors.add(symbol)
            else:
                errors.discard(symbol)
        return frozenset(errors)

    def _bind(
        self,
        left: tuple[ir.Expr, ...],
        values: list[list[Path] | None],
        paired: tuple[ir.Expr, ...],
        facts: known.Facts,
    ) -> tuple[Aliases, Errors, known.Facts]:
        """Give the left sides their values: new aliases come, those of what is overwritten go."""
        added: set[Place] = set()
        overwritten: list[tuple[Place, int]] = []
        for number, target in enumerate(left):
            paths = values[number]
            if isinstance(target, ir.Name):
                facts = self._bind_name(target, number, paths, paired, facts, added, overwritten)
            else:
                self._bind_place(target, number, paths, added, overwritten)
        kept = {alias for alias in self._aliases if _overwriting(alias, overwritten) is None} | added
        if kept or not self._aliases:
            return frozenset(kept), self._errors, facts
        number = next(n for alias in self._aliases if (n := _overwriting(alias, overwritten)) is not None)
        is_nil = bool(paired) and _is_nil(paired[number])
        # `x = nil` is how a hand-over is written; `resp.Body = wrap(resp.Body)` replaces the body by its owner.
        raise PathEnd(Ending.TRANSFERRED if is_nil or isinstance(left[number], ir.Selector) else Ending.OVERWRITTEN)

    def _bind_name(
        self,
        target: ir.Name,
        number: int,
        paths: list[Path] | None,
        paired: tuple[ir.Expr, ...],
        facts: known.Facts,
        added: set[Place],
        overwritten: list[tuple[Place, int]],
    ) -> known.Facts:
        symbol = target.symbol
        if symbol is None:
            if paths and target.name != "_":
                raise PathEnd(Ending.TRANSFERRED)
            return facts
        facts = known.without(facts, symbol)
        if paired and known.token(symbol) in self._wanted:
            truth = _bool_constant(paired[number])
            if truth is not None:
                facts = facts | {(known.token(symbol), truth)}
        if paired and _is_nil(paired[number]) and known.nil_fact(symbol)[0] in self._wanted:
            facts = facts | {known.nil_fact(symbol)}
        if paired and known.appends_to(paired[number], symbol):
            facts = facts | {fact for fact in known.not_empty(symbol) if fact[0] in self._wanted}
        if paths:
            if symbol.function is not self._function:
                raise PathEnd(Ending.TRANSFERRED)
            added.update(Place(symbol, path) for path in paths)
        overwritten.append((Place(symbol, ()), number))
        return facts

    def _bind_place(
        self,
        target: ir.Expr,
        number: int,
        paths: list[Path] | None,
        added: set[Place],
        overwritten: list[tuple[Place, int]],
    ) -> None:
        place = self._place(target)
        if paths:
            if place is not None and self._is_fresh_holder(place.symbol):
                added.update(Place(place.symbol, place.path + path) for path in paths)
            elif not (isinstance(target, ir.Selector) and target.field in self._ownership.borrowing_fields):
                raise PathEnd(Ending.TRANSFERRED)
        if place is not None:
            overwritten.append((place, number))
        if isinstance(target, ir.Index):
            self._use(target.base)

    def _is_fresh_holder(self, symbol: ir.Symbol) -> bool:
        """Whether the variable only ever holds values made in this function (a literal, ``new``, the zero value)."""
        return (
            symbol.function is self._function
            and symbol.kind is ir.SymbolKind.LOCAL
            and self._summaries.only_made_here(self._unit, self._function, symbol)
        )

    # -- expressions

    def _place(self, expr: ir.Expr) -> Place | None:
        return place_of(expr, self._is_conversion)

    def _is_conversion(self, call: ir.Call) -> bool:
        return self._typer.callee(call).kind is CalleeKind.CONVERSION

    def _held(self, expr: ir.Expr) -> list[Path]:
        return held(self._aliases, self._place(expr))

    def _use(self, expr: ir.Expr, *, escapes: bool = False) -> None:
        """Evaluate ``expr``; raises PathEnd when that ends the obligation. ``escapes``: its value is kept elsewhere."""
        match expr:
            case ir.Name() | ir.Selector() | ir.Unary() | ir.Assertion():
                self._use_place(expr, escapes)
            case ir.Call():
                self._call(expr, escapes=escapes)
            case ir.Composite():
                for element in expr.elements:
                    self._use(element.value, escapes=True)
            case ir.FuncLit():
                if self._literal_effect(expr.function) not in (None, EffectKind.BORROWS):
                    raise PathEnd(Ending.TRANSFERRED)
            case ir.Binary():
                self._use(expr.left)
                self._use(expr.right)
            case ir.Index():
                self._use(expr.base)
                for index in expr.indices:
                    self._use(index)
            case ir.SliceExpr():
                self._use(expr.base, escapes=escapes)
            case ir.BadExpr():
                for part in expr.parts:
                    self._use(part, escapes=True)

    def _use_place(self, expr: ir.Name | ir.Selector | ir.Unary | ir.Assertion, escapes: bool) -> None:
        if self._held(expr):
            if escapes:
                raise PathEnd(Ending.TRANSFERRED)
            return
        match expr:
            case ir.Name():
                closure = _closure(expr)
                if escapes and closure is not None and self._literal_effect(closure) not in (None, EffectKind.BORROWS):
                    raise PathEnd(Ending.TRANSFERRED)
            case ir.Selector():
                self._use_selector(expr)
            case ir.Unary():
                self._use(expr.operand, escapes=escapes and expr.op == "&")
            case ir.Assertion():
                self._use(expr.base, escapes=escapes)

    def _use_selector(self, expr: ir.Selector) -> None:
        paths = self._held(expr.base)
        releasing = (() in paths and expr.field in self._terms.must_call) or (
            bool(paths) and expr.field in self._ownership.release_names
        )
        if releasing:  # a method value that is not called here: `register(f.Close)`
            raise PathEnd(Ending.TRANSFERRED)
        if not paths:
            self._use(expr.base)

    # -- calls

    def _call(
        self,
        call: ir.Call,
        *,
        escapes: bool = False,
        binds: bool = False,
        deferred: bool = False,
        spawned: bool = False,
    ) -> Held:
        """Evaluate a call; what its results hold when ``binds`` is set."""
        callee = self._typer.callee(call)
        if callee.kind is CalleeKind.CONVERSION and len(call.args) == 1:
            self._use(call.args[0], escapes=escapes)
            return []
        release = Ending.DEFERRED if deferred else Ending.RELEASED
        if CALL_ITSELF in self._terms.must_call and () in self._held(call.func):
            raise PathEnd(release)
        through = self._called(call, callee, release, spawned=spawned, deferred=deferred)
        through += self._arguments(call, callee, release, spawned=spawned)
        if not through and (binds or escapes) and callee.kind is CalleeKind.FUNCTION:
            through = self._derived(call, callee)
        if through and not binds:
            raise PathEnd(Ending.TRANSFERRED)
        return through

    def _called(self, call: ir.Call, callee: Callee, release: Ending, *, spawned: bool, deferred: bool) -> Held:
        """What calling does to the obligation by way of the function part: a method of its holder, a literal."""
        func = call.func
        if isinstance(func, ir.Selector):
            paths = self._held(func.base)
            if paths:
                return self._method(call, func, callee, paths, release)
            if not (isinstance(func.base, ir.Name) and func.base.symbol is None):
                self._use(func.base)
            return []
        literal = callee.literal
        if literal is not None:
            effect = self._literal_effect(literal)
            if effect in (EffectKind.RELEASES, EffectKind.MAY_RELEASE):
                raise PathEnd(Ending.TRANSFERRED if spawned else release)
            if effect in (EffectKind.TAKES, EffectKind.RETURNS):
                raise PathEnd(Ending.TRANSFERRED)
        elif not isinstance(func, ir.Name):
            self._use(func)
        return []

    def _method(self, call: ir.Call, func: ir.Selector, callee: Callee, paths: list[Path], release: Ending) -> Held:
        """A method called on the value itself (path ``()``), on a holder of it, or on something derived from it."""
        name = func.field
        own = self._ownership
        if () in paths and (name in self._terms.must_call or name in own.release_names):
            raise PathEnd(release)
        unit = self._unit.program.unit_of_callee(callee)
        if unit is not None:
            return self._own_method(unit, paths, release)
        derived = all(path[:1] == (DERIVED,) for path in paths)
        if own.release_pattern.match(name) and (derived or callee.kind is not CalleeKind.VALUE):
            raise PathEnd(release)
        if derived or callee.kind is CalleeKind.VALUE:
            return []
        if () not in paths:  # a method of a holder
            if name in own.release_names:
                raise PathEnd(release)
            if not (callee.kind is CalleeKind.METHOD and self._is_std(callee)):
                raise PathEnd(Ending.TRANSFERRED)
        elif name.endswith(own.handing_out_suffixes):
            raise PathEnd(Ending.TRANSFERRED)
        return []

    def _own_method(self, unit: FunctionUnit, paths: list[Path], release: Ending) -> Held:
        receiver = unit.function.receiver
        if receiver is None or receiver.symbol is None:
            return []
        effect = self._summaries.effect(unit, unit.function, receiver.symbol, paths, self._terms)
        return self._apply(effect, release, spawned=False)

    def _apply(self, effect: Effect, release: Ending, *, spawned: bool) -> Held:
        if effect.releases:
            raise PathEnd(Ending.TRANSFERRED if spawned else release)
        if effect.kind is EffectKind.TAKES:
            raise PathEnd(Ending.TRANSFERRED)
        return list(effect.returned)

    def _arguments(self, call: ir.Call, callee: Callee, release: Ending, *, spawned: bool) -> Held:
        through: Held = []
        for index, arg in enumerate(call.args):
            paths = self._held(arg)
            if paths:
                effect = self._argument_effect(call, callee, index, paths)
                through += self._apply(effect, release, spawned=spawned)
                continue
            plain = arg.operand if isinstance(arg, ir.Unary) and arg.op == "&" else arg
            closure = _closure(arg)
            if isinstance(plain, ir.Composite):
                self._use_literal_argument(arg, callee)
            elif closure is not None:
                if self._literal_effect(closure) not in (None, EffectKind.BORROWS):
                    raise PathEnd(Ending.TRANSFERRED)
            elif isinstance(arg, ir.Call):
                if any(path[:1] != (DERIVED,) for _, path in self._call(arg, binds=True)):
                    self._taken_unless_borrowed(callee)
            else:
                self._use(arg)
        return through

    def _use_literal_argument(self, arg: ir.Expr, callee: Callee) -> None:
        """``f(&T{r: resp})``: taken, unless the standard library only looks at it."""
        if callee.kind is CalleeKind.FUNCTION and self._is_std(callee) and self._borrows(callee):
            self._value(arg)
        else:
            self._use(arg, escapes=True)

    def _taken_unless_borrowed(self, callee: Callee) -> None:
        """The argument is the result of a call and still stands for the obligation."""
        if not (self._is_std(callee) and self._borrows(callee)):
            raise PathEnd(Ending.TRANSFERRED)

    def _argument_effect(self, call: ir.Call, callee: Callee, index: int, paths: list[Path]) -> Effect:
        """What the callee does with its argument number ``index``."""
        match callee.kind:
            case CalleeKind.CONVERSION:
                return BORROWS
            case CalleeKind.BUILTIN:
                return TAKES if callee.name in ("append", "copy") else BORROWS
            case CalleeKind.LITERAL if callee.literal is not None:
                return self._parameter_effect(self._unit, callee.literal, index, paths)
            case CalleeKind.FUNCTION | CalleeKind.METHOD:
                unit = self._unit.program.unit_of_callee(callee)
                if unit is not None:
                    return self._parameter_effect(unit, unit.function, index, paths)
                return self._foreign_effect(call, callee, index, paths)
            case _:
                return TAKES

    def _parameter_effect(self, unit: FunctionUnit, function: ir.Function, index: int, paths: list[Path]) -> Effect:
        count = len(function.params)
        if index >= count or (function.variadic and index >= count - 1):
            return TAKES
        symbol = function.params[index].symbol
        if symbol is None:
            return BORROWS
        return self._summaries.effect(unit, function, symbol, paths, self._terms)

    def _foreign_effect(self, call: ir.Call, callee: Callee, index: int, paths: list[Path]) -> Effect:
        """A callee without a body here: the standard library borrows, known borrowers borrow, all others take."""
        own = self._ownership
        if CALL_ITSELF in self._terms.must_call and () in paths:
            return TAKES  # whoever gets a cancel function may call it: t.Cleanup(cancel)
        if callee.interface and callee.package == self._unit.program.package.path:
            return TAKES
        if callee.short in ("Do", "RoundTrip") and any(path[:1] == ("Body",) for path in paths):
            return TAKES
        if callee.name in own.request_takers:
            return TAKES
        if self._is_std(callee):
            return BORROWS if self._borrows(callee) else TAKES
        if callee.interface:
            return TAKES
        if self._is_generated_client(callee, call.args[index]):
            return BORROWS
        if callee.package.startswith(own.borrowing_packages):
            decodes = "Decoder" in callee.short or "Reader" in callee.short
            return TAKES if callee.short.startswith(own.borrowing_exceptions) and not decodes else BORROWS
        return TAKES

    def _is_generated_client(self, callee: Callee, arg: ir.Expr) -> bool:
        """``pb.NewGreeterClient(conn)`` of generated gRPC code uses the connection without owning it."""
        if not re.fullmatch(r"New\w*Client", callee.short):
            return False
        connection = named(self._typer.type_of(arg))
        return connection is not None and connection.qualified == "google.golang.org/grpc.ClientConn"

    def _derived(self, call: ir.Call, callee: Callee) -> Held:
        """``bufio.NewReader(f)``, ``io.TeeReader(f, w)``: the result stands for the argument without releasing it."""
        if not callee.short.startswith(self._ownership.deriving_prefixes):
            return []
        return [(0, (DERIVED, *path)) for arg in call.args for path in self._held(arg)]

    def _is_std(self, callee: Callee) -> bool:
        return self._unit.program.is_std(callee.package)

    def _borrows(self, callee: Callee) -> bool:
        own = self._ownership
        return not (
            callee.name in own.takers or callee.declared_name in own.takers or callee.package in own.taking_packages
        )

    # -- closures and errors

    def _literal_effect(self, literal: ir.Function) -> EffectKind | None:
        """What running the literal does to the obligation by the variables it captures; None when it sees none of them."""
        captured = self._summaries.captured(literal)
        seen = frozenset(alias for alias in self._aliases if alias.symbol in captured)
        if not seen:
            return None
        return self._summaries.literal_effect(self._unit, literal, seen, self._terms).kind

    def _mentions_error(self, expr: ir.Expr) -> bool:
        return mentions(expr, self._errors)

    def _dereferences_error(self, expr: ir.Expr) -> bool:
        """Whether evaluating ``expr`` calls a method of the error: it is not nil, then."""
        match expr:
            case ir.Call():
                func = expr.func
                if isinstance(func, ir.Selector):
                    if isinstance(func.base, ir.Name) and func.base.symbol in self._errors:
                        return True
                    if self._dereferences_error(func.base):
                        return True
                return any(map(self._dereferences_error, expr.args))
            case ir.Binary():
                return self._dereferences_error(expr.left) or self._dereferences_error(expr.right)
            case ir.Composite():
                return any(self._dereferences_error(element.value) for element in expr.elements)
            case _:
                return False


EXPRESSIONS = (
    *(ir.Name, ir.Literal, ir.Selector, ir.Call, ir.Index, ir.SliceExpr, ir.Unary, ir.Binary, ir.Assertion),
    *(ir.Composite, ir.FuncLit, ir.TypeOperand, ir.BadExpr),
)


def asserts_no_error(call: ir.Call) -> bool:
    """``require.NoError(t, err)``, ``must.NoError``, ``assert.Nil(t, err)`` and the like, which stop the test."""
    return bool(
        re.fullmatch(r"(?:Must)?(?:NoErrorf?|NotError|Nilf?|NilError|CheckErr|AssertNoError)", _last_name(call.func))
    )


def _closure(expr: ir.Expr) -> ir.Function | None:
    """The literal that ``expr`` is, or that its variable only ever holds."""
    if isinstance(expr, ir.FuncLit):
        return expr.function
    if isinstance(expr, ir.Name) and expr.symbol is not None and expr.symbol.literal is not None:
        return expr.symbol.literal.function
    return None


def _overwriting(alias: Place, overwritten: list[tuple[Place, int]]) -> int | None:
    """The number of the left side that overwrites ``alias``."""
    for place, number in overwritten:
        if alias.symbol is place.symbol and alias.path[: len(place.path)] == place.path:
            return number
    return None


def _is_switching_protocols(cond: ir.Binary) -> bool:
    """Whether a side is ``http.StatusSwitchingProtocols`` or 101."""
    return any(
        (isinstance(side, ir.Selector) and side.field == "StatusSwitchingProtocols")
        or (isinstance(side, ir.Literal) and side.text == "101")
        for side in (cond.left, cond.right)
    )


def _tested_for_nil(cond: ir.Binary) -> ir.Expr | None:
    if _is_nil(cond.right):
        return cond.left
    return cond.right if _is_nil(cond.left) else None


def _is_nil(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Name) and expr.symbol is None and expr.name == "nil"


def _bool_constant(expr: ir.Expr) -> bool | None:
    if isinstance(expr, ir.Name) and expr.symbol is None and expr.name in ("true", "false"):
        return expr.name == "true"
    return None


def _is_bool(type_: object) -> bool:
    return getattr(type_, "name", "") == "bool"


def _last_name(func: ir.Expr) -> str:
    match func:
        case ir.Selector():
            return func.field
        case ir.Name():
            return func.name
        case _:
            return ""
