"""Which functions of a package run once a request: its handlers, and what they call. Request-derived values go along as
arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from caulk.flow.adapters import adapted
from caulk.flow.frequency import CallSite, Guard, guard_of
from caulk.flow.kept import KEEPERS
from caulk.flow.requests import PACKAGES, RequestCode, helps_tests, sees_request, spread
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.semantics.model import CalleeKind

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit, Program

MAX_ROUNDS = 4
"""How many calls away from a handler request-derived values are followed."""

_MAKES = re.compile(r"(?i:new|start|run|open|init|load|build|create|setup|connect|dial|get)(?![a-z])")
"""Names of functions whose result may be made once and kept."""


class Requests:
    """The request code of one package."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.code: dict[int, RequestCode] = {}
        """By ``id`` of the function."""
        self.keyed: dict[int, RequestCode] = {}
        """What runs for a request whose key is new: who calls it looks for the key first."""
        if any(file.imports(*PACKAGES) for file in program.files):
            self._find_handlers()
            self._follow_calls()

    def of(self, function: ir.Function) -> RequestCode | None:
        return self.code.get(id(function))

    def __iter__(self) -> Iterator[RequestCode]:
        self.noted()
        return iter(self.code.values())

    def noted(self) -> None:
        """Somebody looks at all of it."""
        reads = self._program.reads
        reads.requests()
        for code in (*self.code.values(), *self.keyed.values()):
            reads.unit(code.unit)

    def _find_handlers(self) -> None:
        for unit in self._program.units:
            if not helps_tests(unit.file) and unit.file.imports(*PACKAGES) and sees_request(unit):
                self.code.update((id(code.function), code.copy()) for code in unit.handlers)
        for code in adapted(self._program, self.code.values()):
            if id(code.function) not in self.code:
                self.code[id(code.function)] = code
                spread(code)

    def _follow_calls(self) -> None:
        """Same-package callees run per request too, and get request-derived arguments."""
        frontier = list(self.code.values())
        for _ in range(MAX_ROUNDS):
            reached = [found for caller in frontier for found in self._callees(caller)]
            if not reached:
                return
            frontier = reached

    def _callees(self, caller: RequestCode) -> Iterator[RequestCode]:
        for call, unit, guard in caller.unit.calls_in(caller.function):
            self._program.reads.unit(unit)
            keyed = guard is Guard.KEYED or self.of(caller.function) is None
            found = self._reach(caller, unit, call, self.keyed if keyed else self.code)
            if found is not None:
                yield found

    def _reach(
        self, caller: RequestCode, unit: FunctionUnit, call: ir.Call, reached: dict[int, RequestCode]
    ) -> RequestCode | None:
        """Note in ``reached`` that ``unit`` runs per request; the result when that, or what is known of its arguments, is new."""
        function = unit.function
        known = reached.get(id(function))
        code = known or RequestCode(unit, function, framework=caller.framework, caller=caller.unit)
        before = len(code.tainted)
        for param, arg in zip(function.params, call.args, strict=False):
            if param.symbol is not None and caller.derives(arg):
                code.tainted.add(param.symbol)
        if known is not None and len(code.tainted) == before:
            return None
        spread(code)
        reached[id(function)] = code
        return code


def calls_of_request(unit: FunctionUnit, function: ir.Function) -> Iterator[tuple[ir.Call, FunctionUnit, Guard | None]]:
    """The calls of functions of the package, and whether they are made for every request; those that run once for all are
    left out."""
    for part in expressions(function.body, literals=True) if function.body is not None else ():
        if not isinstance(part, ir.Call):
            continue
        callee = unit.typer.callee(part)
        called = unit.program.own_unit_of_callee(callee)
        if called is None or callee.kind not in (CalleeKind.FUNCTION, CalleeKind.METHOD) or called.file.is_test:
            continue
        guard = guard_of(CallSite(unit, part))
        if guard is not Guard.ONCE and not _is_kept(unit, callee.short, part):
            yield part, called, guard


def _is_kept(unit: FunctionUnit, name: str, call: ir.Call) -> bool:
    """Whether the call makes something that outlives the request: its result goes to a field, a package variable, a map."""
    if not _MAKES.match(name):
        return False
    parent = unit.uses.parent(call)
    match parent:
        case ir.Assign():
            return any(_is_lasting(target) for target in parent.left) or any(
                _is_stored(unit, symbol) for symbol in parent.new if symbol is not None
            )
        case ir.Call(func=ir.Selector(field=field_name)):
            return field_name in KEEPERS
        case _:
            return False


def _is_lasting(target: ir.Expr) -> bool:
    return isinstance(target, ir.Selector | ir.Index) or (
        isinstance(target, ir.Name) and target.symbol is None and target.name != "_"
    )


def _is_stored(unit: FunctionUnit, symbol: ir.Symbol) -> bool:
    """Whether a local variable is assigned to something lasting, or put into a cache, later on."""
    for name in unit.uses.names.get(symbol, ()):
        parent = unit.uses.parent(name)
        match parent:
            case ir.Assign() if any(value is name for value in parent.right) and any(map(_is_lasting, parent.left)):
                return True
            case ir.Call(func=ir.Selector(field=field_name)) if field_name in KEEPERS:
                return True
            case _:
                pass
    return False
