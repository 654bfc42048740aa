"""What the functions of a package do with what they are given and what they return: the walk of ``obligations`` with other
seeds, computed on demand and remembered. Recursion is solved by a fixpoint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from caulk.flow import facts as known
from caulk.flow.access import DERIVED, Path, Place, captured_symbols, place_of
from caulk.flow.acquires import Acquire, acquires_in
from caulk.flow.cfg import FunctionEnd, Graph, items
from caulk.flow.directives import NONE
from caulk.flow.fixpoint import Fixpoint
from caulk.flow.nilness import nil_results
from caulk.flow.obligations import State, Walk
from caulk.flow.outcomes import BORROWS, DIVERGES, TAKES, Effect, EffectKind, Ending, Outcome, Terms
from caulk.flow.shapes import is_nil
from caulk.flow.starters import started_by
from caulk.ir import nodes as ir
from caulk.ir.visit import statements, walk
from caulk.semantics.contracts import CALL_ITSELF, NOT_AT_HAND, Contract
from caulk.semantics.model import Callee, CalleeKind, Interface, Named, Type, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit, Program

CLOSING_METHODS = ("Close", "Stop", "Release", "Shutdown")
PLAIN_RELEASE = re.compile(
    r"(?i:close|stop|shut|release|free|dispose|destroy)|(?:[Aa]bort|[Cc]ancel|[Dd]iscard|[Rr]ollback)$"
)
"""Methods that only release, by their names: the others that do (``Commit``, ``Finish``, ``cleanup…``) may do much more."""
_NEVER_FAILS = re.compile(
    r"(?:hash\.Hash(?:32|64)?|bytes\.Buffer|strings\.Builder|hash/maphash\.Hash)\.Write(?:String|Rune)?"
)
"""Writers whose documentation says so; their second result is the error."""


class Result(NamedTuple):
    """A result of a function, and the path from it to the resource."""

    number: int
    path: Path


@dataclass(slots=True)
class Summary:
    """What is known of one function. What belongs to a literal or a call in it is found by its ``id``."""

    acquires: dict[int, list[Acquire]] = field(default_factory=dict)
    outcomes: dict[int, Outcome | None] = field(default_factory=dict)
    fresh: dict[int, tuple[Contract, ...]] = field(default_factory=dict)
    never_returns: bool | None = None
    nil_results: tuple[bool | None, ...] | None = None


class Summaries:
    """The summaries of one package."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._ownership = program.contracts.ownership
        self._effects: Fixpoint[Effect] = Fixpoint(TAKES)
        self._occurring: dict[int, frozenset[ir.Symbol]] = {}
        self._captured: dict[int, frozenset[ir.Symbol]] = {}
        self._made_here: dict[int, frozenset[int]] = {}
        self._repeated: dict[int, frozenset[str]] = {}
        self.exceeded = 0
        """How many walks ran over their budget."""

    def forget(self, units: Iterable[FunctionUnit]) -> None:
        """These functions, or what they rely on, are others now."""
        gone = {id(unit) for unit in units}
        self._effects.forget(lambda question: question[0] in gone)
        for by_tree in (self._occurring, self._captured, self._made_here, self._repeated):
            by_tree.clear()  # a new tree may get the number of an old one

    # -- effects

    def effect(
        self, unit: FunctionUnit, function: ir.Function, symbol: ir.Symbol, paths: Iterable[Path], terms: Terms
    ) -> Effect:
        """What ``function`` does with the obligation behind ``paths`` of its parameter ``symbol``."""
        if function is unit.function and unit.directives is not NONE:
            if symbol.name in unit.directives.closes:
                return Effect(EffectKind.RELEASES)
            if symbol.name in unit.directives.owns:
                return TAKES
        return self._effect(unit, function, frozenset(Place(symbol, path) for path in paths), terms, DIVERGES)

    def literal_effect(
        self, unit: FunctionUnit, literal: ir.Function, aliases: frozenset[Place], terms: Terms
    ) -> Effect:
        """What running a literal does with an obligation that it captures."""
        return self._effect(unit, literal, aliases, terms, BORROWS)

    def _effect(
        self, unit: FunctionUnit, function: ir.Function, seeds: frozenset[Place], terms: Terms, least: Effect
    ) -> Effect:
        if function.body is None:
            return TAKES
        terms = terms.for_others()

        def walk() -> Effect:
            start = State(unit.cfg(function).entry, 0, seeds, frozenset(), frozenset())
            return self._walk(unit, function, start, terms).effect()

        find = partial(unit.program.reads.about, unit, walk)
        return self._effects.solve((id(unit), id(function), seeds, terms), least, find)

    def _walk(self, unit: FunctionUnit, function: ir.Function, start: State, terms: Terms) -> Outcome:
        outcome = Walk(unit, function, terms).run(start)
        self.exceeded += outcome.exceeded
        return outcome

    # -- facts about functions

    def captured(self, literal: ir.Function) -> frozenset[ir.Symbol]:
        """The outer variables that a literal uses."""
        found = self._captured.get(id(literal))
        if found is None:
            found = self._captured[id(literal)] = captured_symbols(literal)
        return found

    def occurring(self, item: ir.Node) -> frozenset[ir.Symbol]:
        """The variables that occur in an item of a block, and in the closures that it has or names."""
        found = self._occurring.get(id(item))
        if found is None:
            found = self._occurring[id(item)] = _occurring(item)
        return found

    def repeated_conditions(self, graph: Graph) -> frozenset[str]:
        found = self._repeated.get(id(graph))
        if found is None:
            found = self._repeated[id(graph)] = known.repeated(graph)
        return found

    def is_made_here(self, unit: FunctionUnit, function: ir.Function, symbol: ir.Symbol) -> bool:
        """Whether all values of the variable of this function are composite literals, ``new(T)``, nil or its zero value."""
        if symbol.function is not function or symbol.kind not in (ir.SymbolKind.LOCAL, ir.SymbolKind.RESULT):
            return False
        shared = self._made_here.get(id(function))
        if shared is None:
            shared = self._made_here[id(function)] = _shared_locals(function)
        return id(symbol) not in shared

    def never_returns(self, callee: Callee) -> bool:
        """Whether the callee is a function of the package without results whose exit cannot be reached."""
        unit = self._program.unit_of_callee(callee)
        if unit is None or not unit.program.endings.has(unit):
            return False
        known = unit.summary
        if known.never_returns is None:
            known.never_returns = False  # recursion: it returns as far as we know
            known.never_returns = unit.function.body is not None and not self._reaches_exit(unit)
        return known.never_returns

    @staticmethod
    def _reaches_exit(unit: FunctionUnit) -> bool:
        return any(
            isinstance(item, ir.Return | FunctionEnd) for block in unit.cfg().reachable() for item in block.items
        )

    def nil_results(self, callee: Callee) -> tuple[bool | None, ...]:
        """For every result of the callee whether it is always nil; None, or nothing, where nobody can say. What another module
        never fails to do, its next version may; what writes to memory says that it never fails."""
        if _NEVER_FAILS.fullmatch(callee.name):
            return (None, True)
        own = self._program.unit_of_callee(callee)
        unit = own or self._program.foreign_unit_of_callee(callee)
        if unit is None:
            return ()
        found = unit.summary.nil_results
        if found is None:
            found = unit.summary.nil_results = nil_results(unit.function)
        return found if own is not None else tuple(None if result else result for result in found)

    # -- acquisitions

    def acquires(self, unit: FunctionUnit, function: ir.Function) -> list[Acquire]:
        """The acquiring statements of a function or literal (those of the literals inside are their own)."""
        known = unit.summary.acquires
        found = known.get(id(function))
        if found is None:
            known[id(function)] = []
            found = known[id(function)] = unit.program.reads.about(unit, lambda: list(acquires_in(unit, function)))
        return found

    def outcome(self, unit: FunctionUnit, acquire: Acquire) -> Outcome | None:
        """Where the obligation of ``acquire`` ends; None while that is being computed, or when it has no local name."""
        place = acquire.place
        if place is None:
            return None
        outcomes, key = unit.summary.outcomes, id(acquire.call)
        if key not in outcomes:
            outcomes[key] = None
            outcomes[key] = unit.program.reads.about(unit, lambda: self._follow(unit, acquire, place))
        return outcomes[key]

    def _follow(self, unit: FunctionUnit, acquire: Acquire, place: Place) -> Outcome:
        graph = unit.cfg(acquire.function)
        facts = known.dominating(graph, acquire.block, acquire.index, self.repeated_conditions(graph))
        for target in acquire.left:
            if isinstance(target, ir.Name) and target.symbol is not None:
                facts = known.without(facts, target.symbol)
        error = acquire.error_symbol
        errors = frozenset([error] if error is not None else [])
        ok = acquire.symbol_at(acquire.contract.ok_result)
        terms = Terms.of(acquire.contract, frozenset([ok] if ok is not None else []), acquire.owner, acquired=True)
        companion = acquire.symbol_at(acquire.contract.companion)
        also = [Place(companion, (CALL_ITSELF,))] if companion is not None else []
        start = State(acquire.block, acquire.index + 1, frozenset([place, *also]), errors, facts)
        return self._walk(unit, acquire.function, start, terms)

    def is_dropped_with_error(self, unit: FunctionUnit, result: int, path: Path, terms: Terms) -> bool:
        """Whether the callers of the function, as far as they are in the package, all look at its error and drop the
        value that came with it in ``result``. False when there is none to judge by."""
        name = unit.name.encode()
        outcomes = [
            self._walk(caller, inside, start, terms)
            for caller in self._program.mentioning(name)
            for inside in caller.function.walk()
            for start in self._failed_calls(caller, inside, unit, Result(result, path))
        ]
        return bool(outcomes) and all(
            outcome.open and not outcome.has(Ending.RELEASED, Ending.DEFERRED, Ending.TRANSFERRED, Ending.RETURNED)
            for outcome in outcomes
        )

    def _failed_calls(
        self, caller: FunctionUnit, inside: ir.Function, called: FunctionUnit, result: Result
    ) -> Iterator[State]:
        """The states of ``caller`` behind its calls of ``called`` that give both a value and an error."""
        error = self._error_result(called, called.function, result.number)
        if inside.body is None or error is None:
            return
        for block, index, item in items(caller.cfg(inside)):
            if not isinstance(item, ir.Assign) or len(item.right) != 1 or not isinstance(item.right[0], ir.Call):
                continue
            if max(result.number, error) >= len(item.left):
                continue
            if self._program.unit_of_callee(caller.typer.callee(item.right[0])) is not called:
                continue
            value, failed = item.left[result.number], item.left[error]
            if isinstance(value, ir.Name) and isinstance(failed, ir.Name) and value.symbol and failed.symbol:
                facts = frozenset({(known.nil_fact(failed.symbol)[0], False)})
                yield State(block, index + 1, frozenset({Place(value.symbol, result.path)}), frozenset(), facts)

    # -- fresh results

    def fresh(self, unit: FunctionUnit, function: ir.Function) -> tuple[Contract, ...]:
        """The obligations that a caller of ``function`` gets: what it acquires and returns."""
        known, key = unit.summary.fresh, id(function)
        found = known.get(key)
        if found is None:
            known[key] = ()
            found = known[key] = unit.program.reads.about(unit, lambda: self._find_fresh(unit, function))
        return found

    def _find_fresh(self, unit: FunctionUnit, function: ir.Function) -> tuple[Contract, ...]:
        return (*self._fresh_results(unit, function), *self._started_results(unit, function))[:1]

    def _started_results(self, unit: FunctionUnit, function: ir.Function) -> Iterator[Contract]:
        """The objects whose goroutine nobody but their users ends."""
        started = started_by(unit, function)
        if started is not None:
            yield Contract(
                code="resource-unclosed",
                kind="closer",
                noun=started.type,
                why="keeps its goroutine, which runs until then",
                must_call=frozenset({started.method}) | self._ownership.release_names,
                release=started.method,
                result=started.result,
                unless_error=self._error_result(unit, function, started.result),
                returns_error=started.returns_error,
            )

    def _fresh_results(self, unit: FunctionUnit, function: ir.Function) -> Iterable[Contract]:
        if function is unit.function and unit.directives.acquires:
            yield self._declared_contract(unit, function)
            return
        for acquire in self.acquires(unit, function):
            contract = acquire.contract
            if acquire.returned is not None:
                path = (*acquire.behind, *contract.resource)
                made = self._as_result(unit, function, contract, acquire.returned, path)
                if made is not None:
                    yield made
                continue
            outcome = self.outcome(unit, acquire)
            if outcome is None or outcome.exceeded:
                continue
            if self._returns_it_after_its_end(unit, acquire, outcome):
                continue
            for result, path in sorted(outcome.returned):
                made = self._as_result(unit, function, contract, result, path)
                if made is not None:
                    yield replace(
                        made,
                        ok_result=_ok_result(unit, function, outcome.return_statements),
                        companion=min(outcome.companions, default=None),
                    )

    @staticmethod
    def _returns_it_after_its_end(unit: FunctionUnit, acquire: Acquire, outcome: Outcome) -> bool:
        """Whether some way on from a release or a hand-over returns the same value: callers get it open on one path and
        closed on another (``err = decode(resp); return resp, err``), so that nobody can say whose duty it is."""
        place, graph = acquire.place, unit.cfg(acquire.function)
        if place is None:
            return False
        returns = [
            (block, item)
            for block in graph.blocks
            for item in block.items
            if isinstance(item, ir.Return)
            and any(
                (found := place_of(value, lambda _: False)) and found.symbol is place.symbol for value in item.values
            )
        ]
        return any(
            (block is event.block and item.start > event.item.start)
            or graph.reaches(event.block, block, avoiding=acquire.block)
            for event in outcome.of(Ending.RELEASED, Ending.DEFERRED, Ending.TRANSFERRED)
            for block, item in returns
        )

    def _declared_contract(self, unit: FunctionUnit, function: ir.Function) -> Contract:
        """What ``//caulk:acquires Close`` says: about the first result that is no error."""
        names = unit.directives.acquires
        results = [unit.typer.resolve(result.type) for result in function.results]
        number = next((n for n, type_ in enumerate(results) if not unit.typer.implements_error(type_)), 0)
        return Contract(
            code="resource-unclosed",
            kind="closer",
            noun="value",
            why="must be released, as its declaration says",
            must_call=frozenset(names),
            release=names[0],
            result=number,
            unless_error=self._error_result(unit, function, number),
        )

    def _as_result(
        self, unit: FunctionUnit, function: ir.Function, contract: Contract, result: int, path: Path
    ) -> Contract | None:
        """``contract`` for the callers of a function that returns the obligation in ``result`` behind ``path``."""
        if result >= len(function.results) or DERIVED in path or contract.given is not None:
            return None
        type_ = unit.typer.resolve(function.results[result].type)
        error = self._error_result(unit, function, result)
        nothing = _may_give_nothing(function, result, error)
        made = replace(contract, result=result, unless_error=error, resource=path, inline=False, maybe_nil=nothing)
        if CALL_ITSELF in contract.must_call:
            return made if path == () else None
        if isinstance(unit.typer.underlying(type_), Interface):
            names = (contract.release, *CLOSING_METHODS)
            release = next((name for name in names if name and unit.typer.member(type_, name)), None)
            if release is None:
                return None
            must_call = contract.must_call | self._ownership.release_names
            return replace(made, resource=(), release=release, must_call=must_call)
        if path == contract.resource:
            return made
        method = self._releasing_method(unit, type_, path, contract)
        return self._through(made, method) if method is not None else None

    def _through(self, made: Contract, method: FunctionUnit) -> Contract:
        """``made`` for a value that is released by ``method`` of its owner."""
        typer, results = method.typer, method.function.results
        returns_error = any(typer.implements_error(typer.resolve(result.type)) for result in results)
        argument = _argument_of(method) if PLAIN_RELEASE.match(method.name) else NOT_AT_HAND
        return replace(made, released_through=method.name, release_argument=argument, returns_error=returns_error)

    def _error_result(self, unit: FunctionUnit, function: ir.Function, result: int) -> int | None:
        for number in reversed(range(len(function.results))):
            if number != result and unit.typer.implements_error(unit.typer.resolve(function.results[number].type)):
                return number
        return None

    def _releasing_method(
        self, unit: FunctionUnit, type_: Type | None, path: Path, contract: Contract
    ) -> FunctionUnit | None:
        """The method of the struct by which somebody can release what lies behind ``path``: the plainest of them (``Close``
        rather than ``cleanupDirectory``); None when there is none."""
        owner = named(type_)
        found = [
            method
            for method in (self._methods(unit, owner) if owner is not None else ())
            if self._ownership.release_pattern.match(method.name) and self._releases_behind(method, path, contract)
        ]
        return min(found, key=_plainness, default=None)

    def _releases_behind(self, method: FunctionUnit, path: Path, contract: Contract) -> bool:
        receiver = method.function.receiver
        if receiver is None or receiver.symbol is None:
            return False
        return self.effect(method, method.function, receiver.symbol, [path], Terms.of(contract)).releases

    def _methods(self, unit: FunctionUnit, owner: Named) -> Iterable[FunctionUnit]:
        return unit.program.methods(owner.name) if owner.path == unit.program.package.path else ()

    def callee_contract(self, unit: FunctionUnit, callee: Callee) -> tuple[bool, Contract | None]:
        """Whether the callee has a body here, and if so which obligation its caller gets."""
        if callee.kind is CalleeKind.LITERAL and callee.literal is not None:
            return True, next(iter(self.fresh(unit, callee.literal)), None)
        body = self._program.unit_of_callee(callee)
        if body is None:
            return False, None
        if not body.program.gate.may_hand_out(body):
            return True, None
        return True, next(iter(body.program.summaries.fresh(body, body.function)), None)


def _argument_of(method: FunctionUnit) -> str:
    """What a releasing method wants, as a contract says it."""
    params = method.function.params
    if not params:
        return ""
    only = named(method.typer.resolve(params[0].type)) if len(params) == 1 else None
    return "context" if only is not None and only.qualified == "context.Context" else NOT_AT_HAND


def _plainness(method: FunctionUnit) -> tuple[bool, bool, int, int]:
    """The order of methods that release the same: first those that do nothing else by their name, and want no argument."""
    return (
        method.name not in CLOSING_METHODS,
        PLAIN_RELEASE.match(method.name) is None,
        len(method.function.params),
        len(method.name),
    )


def _occurring(item: ir.Node) -> frozenset[ir.Symbol]:
    found: set[ir.Symbol] = set()
    todo = [item]
    while todo:
        for part in walk(todo.pop(), literals=True):
            if isinstance(part, ir.Name) and part.symbol is not None and part.symbol not in found:
                found.add(part.symbol)
                if part.symbol.literal is not None:
                    todo.append(part.symbol.literal)
    return frozenset(found)


def _shared_locals(function: ir.Function) -> frozenset[int]:
    """The ids of the locals that get a value from elsewhere (a call, a map, another variable)."""
    shared: set[int] = set()
    if function.body is None:
        return frozenset()
    for statement in statements(function.body):
        match statement:
            case ir.Assign(op="=" | ":=" | "var") if statement.right:
                paired = len(statement.left) == len(statement.right)
                for number, target in enumerate(statement.left):
                    if isinstance(target, ir.Name) and target.symbol is not None:
                        value = statement.right[number] if paired else None
                        if value is None or not _makes(value):
                            shared.add(id(target.symbol))
            case ir.Range():
                for part in (statement.key, statement.value):
                    if isinstance(part, ir.Name) and part.symbol is not None:
                        shared.add(id(part.symbol))
            case _:
                pass
    return frozenset(shared)


def _makes(value: ir.Expr) -> bool:
    plain = value.operand if isinstance(value, ir.Unary) and value.op == "&" else value
    match plain:
        case ir.Composite():
            return True
        case ir.Name(name="nil", symbol=None):
            return True
        case ir.Call(func=ir.Name(name="new", symbol=None)):
            return True
        case _:
            return False


def _may_give_nothing(function: ir.Function, result: int, error: int | None) -> bool:
    """Whether some return says nil for the result, and nil for the error where there is one."""
    wanted = [number for number in (result, error) if number is not None]
    return any(
        len(statement.values) == len(function.results) and all(is_nil(statement.values[number]) for number in wanted)
        for statement in (statements(function.body) if function.body is not None else ())
        if isinstance(statement, ir.Return)
    )


def _ok_result(unit: FunctionUnit, function: ir.Function, returns: list[ir.Return]) -> int | None:
    """The bool result that is the constant true in every return that carries the obligation."""
    for number, result in enumerate(function.results):
        is_bool = isinstance(result.type, ir.NamedType) and result.type.name == "bool" and not result.type.package
        if is_bool and returns and all(_is_true(statement, number) for statement in returns):
            return number
    return None


def _is_true(statement: ir.Return, number: int) -> bool:
    value = statement.values[number] if number < len(statement.values) else None
    return isinstance(value, ir.Name) and value.symbol is None and value.name == "true"
