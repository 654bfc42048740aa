"""Values that are handed to a goroutine which leaves them open on some of its paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from caulk.flow.access import held, place_of
from caulk.flow.acquires import Acquire
from caulk.flow.obligations import State, Walk
from caulk.flow.outcomes import EffectKind, Ending, OpenExit, Terms
from caulk.ir import nodes as ir
from caulk.semantics.model import CalleeKind

if TYPE_CHECKING:
    from caulk.flow.access import Place
    from caulk.flow.program import FunctionUnit


@dataclass(frozen=True, slots=True, eq=False)
class Spawned:
    """A goroutine that got a value, and how it forgets it."""

    unit: FunctionUnit
    """The top-level function that its body stands in."""
    function: ir.Function
    """Its body: a function or a literal."""
    value: Place
    """What the value is called there."""
    exit: OpenExit
    hands_on: bool
    """Whether another path of it hands the value on."""


def forgetful_goroutine(unit: FunctionUnit, acquire: Acquire, statement: ir.Go) -> Spawned | None:
    """The goroutine of ``statement``, when it releases the value of ``acquire`` on some paths only."""
    place, call = acquire.place, statement.call
    if place is None or not isinstance(call, ir.Call) or _is_used_behind(unit, place, statement):
        return None
    body_unit, function, values = _body_of(unit, call, place)
    if body_unit is None or function is None or function.body is None or not values:
        return None
    start = State(body_unit.cfg(function).entry, 0, frozenset(values), frozenset(), frozenset())
    outcome = Walk(body_unit, function, Terms.of(acquire.contract)).run(start)
    if outcome.effect().kind is not EffectKind.MAY_RELEASE:
        return None
    exit_ = next(exit_ for exit_ in outcome.open if not exit_.overwritten)
    hands_on = outcome.has(Ending.TRANSFERRED, Ending.RETURNED)
    return Spawned(body_unit, function, values[0], exit_, hands_on)


def _is_used_behind(unit: FunctionUnit, place: Place, statement: ir.Go) -> bool:
    """Whether the function goes on using the value, or what holds it, behind the ``go`` statement."""
    return any(name.start >= statement.end for name in unit.uses.names.get(place.symbol, ()))


def _body_of(
    unit: FunctionUnit, call: ir.Call, place: Place
) -> tuple[FunctionUnit | None, ir.Function | None, list[Place]]:
    """What the goroutine runs, and the places there that hold the value."""
    callee = unit.typer.callee(call)
    body_unit, function = unit, callee.literal
    if callee.kind is not CalleeKind.LITERAL:
        body_unit = unit.program.unit_of_callee(callee)  # type: ignore[assignment]
        function = body_unit.function if body_unit is not None else None
    if function is None:
        return None, None, []
    values: list[Place] = []
    for number, arg in enumerate(call.args[: len(function.params)]):
        symbol = function.params[number].symbol
        if symbol is not None:
            paths = held([place], place_of(arg, lambda _: False))
            values += [type(place)(symbol, path) for path in paths]
    captured = callee.kind is CalleeKind.LITERAL and place.symbol in unit.program.summaries.captured(function)
    return body_unit, function, [place] if captured and not values else values
