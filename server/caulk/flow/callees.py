"""What a callee does with an argument that holds the obligation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from caulk.flow.access import ELEMENT, Path
from caulk.flow.outcomes import BORROWS, CALLED, RELEASES, TAKES, Effect, EffectKind, Terms, joined
from caulk.ir import nodes as ir
from caulk.semantics.contracts import CALL_ITSELF, Handling
from caulk.semantics.model import Callee, CalleeKind, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

RUNS_AT_ONCE = re.compile(
    r"(?i)(?:do|run|retry|try|call|exec|invoke|once|walk|visit|each|for_?each|map|filter|find|sort|range|iter|scan|go|view"
    r"|update|batch|eventually|poll|wait|measure|trace|with\w*(?:tx|lock|timeout)|\w*(?:transaction|txn?|func)$)"
)
"""Functions without a body here that call what they are given and forget it, by their names."""


class Callees:
    """Answers for the calls of one function. An unknown callee takes what it is given."""

    def __init__(self, unit: FunctionUnit, terms: Terms) -> None:
        self._unit = unit
        self._terms = terms
        self._ownership = unit.program.contracts.ownership

    def effect(self, call: ir.Call, callee: Callee, index: int, paths: list[Path]) -> Effect:
        """What the callee does with its argument number ``index``."""
        if callee.kind in (CalleeKind.FUNCTION, CalleeKind.METHOD):
            if () in paths and self._terms.releases(callee, index):
                return RELEASES
            said = self._said(callee, index, paths)
            if said is not None:
                return said
        match callee.kind:
            case CalleeKind.CONVERSION:
                return BORROWS
            case CalleeKind.BUILTIN:
                return TAKES if callee.name in ("append", "copy") else BORROWS
            case CalleeKind.LITERAL if callee.literal is not None:
                return self._parameter_effect(self._unit, callee.literal, call, index, paths)
            case CalleeKind.FUNCTION | CalleeKind.METHOD:
                units = self.bodies(callee)
                if units:
                    return joined(self._parameter_effect(unit, unit.function, call, index, paths) for unit in units)
                return self._foreign_effect(call, callee, index, paths)
            case _:
                return TAKES

    def _said(self, callee: Callee, index: int, paths: list[Path]) -> Effect | None:
        """What the tables say of the argument; None when they do not speak of it."""
        match self._unit.program.contracts.handling(callee, index):
            case Handling.OWNING:
                return TAKES
            case Handling.NOT_OWNING:
                return BORROWS
            case Handling.ALIAS:
                return Effect(EffectKind.RETURNS, tuple((0, path) for path in paths))
            case _:
                return None

    def callback(self, call: ir.Call, callee: Callee, index: int) -> Effect:
        """What the callee does with a function that it is given as argument ``index``: it may call it, keep or forget it."""
        if not self.has_body(callee):
            return TAKES
        return Callees(self._unit, CALLED).effect(call, callee, index, [()])

    def keeps_function(self, call: ir.Call, callee: Callee, index: int) -> bool:
        """Whether the function that is argument ``index`` may be called after the call has come back: a handler, a hook."""
        if self.has_body(callee):
            return self.callback(call, callee, index).kind is EffectKind.TAKES
        if callee.kind is CalleeKind.BUILTIN:
            return callee.name == "append"
        if self.is_std(callee):
            return not self.borrows(callee)
        return RUNS_AT_ONCE.match(callee.short) is None

    def has_body(self, callee: Callee) -> bool:
        """Whether what the call runs is at hand."""
        return callee.kind is CalleeKind.LITERAL or bool(self.bodies(callee))

    def bodies(self, callee: Callee) -> tuple[FunctionUnit, ...]:
        """The functions one of which the call runs; empty when that is not known."""
        if callee.interface:
            return self._unit.program.implementations.of(callee)
        program = self._unit.program
        unit = program.unit_of_callee(callee) or program.foreign_unit_of_callee(callee)
        return (unit,) if unit is not None else ()

    def _parameter_effect(
        self, unit: FunctionUnit, function: ir.Function, call: ir.Call, index: int, paths: list[Path]
    ) -> Effect:
        count = len(function.params)
        if function.variadic and index >= count - 1:
            if not call.spread:
                paths = [(ELEMENT, *path) for path in paths]
            index = count - 1
        if index >= count:
            return TAKES
        symbol = function.params[index].symbol
        if symbol is None:
            return BORROWS
        return self._unit.program.summaries.effect(unit, function, symbol, paths, self._terms)

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
        if self.is_std(callee):
            return BORROWS if self.borrows(callee) else TAKES
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
        connection = named(self._unit.typer.type_of(arg))
        return connection is not None and connection.qualified == "google.golang.org/grpc.ClientConn"

    def is_std(self, callee: Callee) -> bool:
        return self._unit.program.is_std(callee.package)

    def borrows(self, callee: Callee) -> bool:
        own = self._ownership
        return not (
            callee.name in own.takers or callee.declared_name in own.takers or callee.package in own.taking_packages
        )
