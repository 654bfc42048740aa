"""Constructors whose object runs a goroutine until it is closed: whoever drops the object keeps the goroutine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from caulk.flow.access import place_of
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements
from caulk.semantics.contracts import CALL_ITSELF
from caulk.semantics.model import CalleeKind, Named, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

_CANCELS = ("context.CancelFunc", "context.CancelCauseFunc")
ENDS = ("Close", "Stop", "Shutdown")
"""Methods of an object by which its users end it."""


class Started(NamedTuple):
    """What a caller gets: the result that holds the object, its type, and the method that ends its goroutine."""

    result: int
    type: str
    method: str
    returns_error: bool


def started_by(unit: FunctionUnit, function: ir.Function) -> Started | None:
    """The object that ``function`` makes, when it starts a loop for it which ends only by a method of the object."""
    if function.body is None or b"go" not in unit.words or _has_context(unit, function):
        return None
    # one that is started under a condition belongs to an option
    loops = [statement for statement in function.body.statements if isinstance(statement, ir.Go)]
    for result, owner in _made_results(unit, function) if loops else ():
        for method in _ending_methods(unit, owner):
            signals = frozenset(_signals(method))
            if any(_waits_for(unit, statement, signals) for statement in loops):
                return Started(result, owner.name, method.name, bool(method.function.results))
    return None


def _has_context(unit: FunctionUnit, function: ir.Function) -> bool:
    """Whether the goroutine may end by something that the caller has: a context or a channel that it gave."""
    types = [unit.typer.resolve(param.type) for param in function.params]
    owners = [named(type_) for type_ in types]
    given = any(owner is not None and owner.qualified == "context.Context" for owner in owners)
    return given or any(isinstance(param.type, ir.ChanType) for param in function.params)


def _made_results(unit: FunctionUnit, function: ir.Function) -> Iterator[tuple[int, Named]]:
    """The results that are objects of a struct type of the package, made in the function."""
    seen: set[int] = set()
    for statement in statements(function.body) if function.body is not None else ():
        if not isinstance(statement, ir.Return):
            continue
        for number, value in enumerate(statement.values):
            plain = value.operand if isinstance(value, ir.Unary) and value.op == "&" else value
            place = place_of(plain, lambda _: False)
            made = isinstance(plain, ir.Composite) or (
                place is not None
                and not place.path
                and unit.program.summaries.is_made_here(unit, function, place.symbol)
            )
            owner = named(unit.typer.type_of(value)) if made and number not in seen else None
            if owner is not None and owner.path == unit.program.package.path and owner.local is None:
                seen.add(number)
                yield number, owner


def _ending_methods(unit: FunctionUnit, owner: Named) -> Iterator[FunctionUnit]:
    for name in ENDS:
        for method in unit.program.named(owner.name, name):
            if method.function.body is not None and not method.function.params:
                yield method


def _signals(method: FunctionUnit) -> Iterator[str]:
    """The fields of the receiver by which the method ends a goroutine: channels that it closes; ``()`` when it calls a cancel
    function that the object keeps."""
    receiver, body = method.function.receiver, method.function.body
    symbol = receiver.symbol if receiver is not None else None
    for part in expressions(body, literals=True) if body is not None else ():
        if isinstance(part, ir.Call) and isinstance(part.func, ir.Selector):
            owner = named(method.typer.type_of(part.func))
            kept = place_of(part.func, lambda _: False)
            if owner is not None and owner.qualified in _CANCELS and kept is not None and kept.symbol is symbol:
                yield CALL_ITSELF
        if not isinstance(part, ir.Call) or not isinstance(part.func, ir.Name) or len(part.args) != 1:
            continue
        place = place_of(part.args[0], lambda _: False)
        closes = part.func.name == "close" and part.func.symbol is None
        if closes and place is not None and place.symbol is symbol and len(place.path) == 1:
            yield place.path[0]


def _waits_for(unit: FunctionUnit, statement: ir.Go, signals: frozenset[str]) -> bool:
    """Whether the goroutine loops until a field that ``signals`` names is closed, and by nothing else."""
    call = statement.call
    callee = unit.typer.callee(call) if isinstance(call, ir.Call) else None
    if callee is None:
        return False
    body_unit = unit if callee.kind is CalleeKind.LITERAL else unit.program.own_unit_of_callee(callee)
    function = callee.literal if callee.kind is CalleeKind.LITERAL else body_unit.function if body_unit else None
    if function is None or function.body is None:
        return False
    endless = any(isinstance(part, ir.For) and part.cond is None for part in statements(function.body))
    received = [part.operand for part in expressions(function.body) if isinstance(part, ir.Unary) and part.op == "<-"]
    fields = {part.field for part in received if isinstance(part, ir.Selector)}
    others = any(
        isinstance(part, ir.Call) and isinstance(part.func, ir.Selector) and part.func.field == "Done"
        for part in received
    )
    if CALL_ITSELF in signals and others:  # its own context: nobody else gave one
        return endless and not {b"Background", b"TODO"}.isdisjoint(unit.words)
    return endless and not others and not signals.isdisjoint(fields)
