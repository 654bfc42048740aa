"""Statements that start goroutines, and the contexts that escape into goroutines of callees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from caulk.flow.joins import is_joined
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements, walk
from caulk.semantics.model import Callee, CalleeKind, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit, Program

MAX_DEPTH = 3
"""How many calls away a goroutine is looked for."""

_RUNNERS = frozenset({"Go", "TryGo", "Submit", "SafeGo", "GoSafe", "CtxGo", "GoFunc"})
"""Methods and functions of these names run the function that they are given in a goroutine, whatever library they are of."""
_TIMER = "time.AfterFunc"
_RUNNER_WORDS = frozenset(name.encode() for name in (*_RUNNERS, "AfterFunc"))

_WATCHING = frozenset({"Done", "Err", "Deadline"})
"""Methods of a context that only ask whether it has ended."""
DERIVE = frozenset(
    {
        *("context.WithCancel", "context.WithCancelCause", "context.WithValue"),
        *("context.WithTimeout", "context.WithTimeoutCause", "context.WithDeadline", "context.WithDeadlineCause"),
    }
)
"""Functions whose context ends with that of their first argument."""


@dataclass(slots=True, eq=False)
class Spawn:
    """A statement that starts a goroutine: ``go f(…)``, ``g.Go(func…)``, ``pool.Submit(func…)``, ``time.AfterFunc``."""

    unit: FunctionUnit
    function: ir.Function
    """The function or literal that it stands in."""
    statement: ir.Stmt
    call: ir.Call
    literal: ir.Function | None
    """The body, when it is a literal."""
    callee: FunctionUnit | None = None
    """The function that runs, when it is one of the module."""
    arguments: tuple[ir.Expr, ...] = field(default=())
    """What ``go f(…)`` gives the function: evaluated before the goroutine starts."""

    @property
    def joined(self) -> bool:
        return is_joined(self.unit, self.function, self.statement, self.call)

    def parameter(self, position: int) -> ir.Symbol | None:
        """The parameter of the function that gets argument number ``position``."""
        target = self.literal or (self.callee.function if self.callee is not None else None)
        return target.params[position].symbol if target is not None and position < len(target.params) else None


def may_spawn(unit: FunctionUnit) -> bool:
    """Whether the words of a function can start a goroutine."""
    words = unit.words
    if b"go" in words:
        return True
    return b"func" in words and not (words.isdisjoint(_RUNNER_WORDS) and words.isdisjoint(unit.program.spawners))


def _may_start_argument(unit: FunctionUnit) -> bool:
    """Whether the function may run a function that it is given in a goroutine."""
    return b"go" in unit.words and b"func" in unit.head.text


def spawners(program: Program) -> frozenset[bytes]:
    """The names of the functions of the module that may run a function which they are given in a goroutine."""
    siblings = (
        head.name.encode()
        for package in program.siblings
        for file in package.files
        for head in file.decls.functions
        if b"func" in head.text[4:]
    )
    return program.names_where(_may_start_argument).union(siblings)


def spawns_in(unit: FunctionUnit) -> Iterator[Spawn]:
    """The goroutines that a top-level function and its literals start."""
    if not may_spawn(unit):
        return
    for function in unit.function.walk():
        if function.body is None:
            continue
        for statement in statements(function.body):
            match statement:
                case ir.Go(call=ir.Call() as call):
                    callee = unit.typer.callee(call)
                    target = unit.program.unit_of_callee(callee)
                    yield Spawn(unit, function, statement, call, callee.literal, target, call.args)
                case ir.ExprStmt(expr=ir.Call() as call) | ir.Assign(right=(ir.Call() as call,)):
                    yield from _run(unit, function, statement, call)
                case _:
                    pass


def _run(unit: FunctionUnit, function: ir.Function, statement: ir.Stmt, call: ir.Call) -> Iterator[Spawn]:
    number, literal = next(((n, a.function) for n, a in enumerate(call.args) if isinstance(a, ir.FuncLit)), (0, None))
    if literal is None:
        return
    callee = unit.typer.callee(call)
    if callee.name == _TIMER:
        if not _is_stopped(function, statement):
            yield Spawn(unit, function, statement, call, literal)
    elif callee.short in _RUNNERS or _spawns_parameter(unit, callee, number):
        yield Spawn(unit, function, statement, call, literal)


def _is_stopped(function: ir.Function, statement: ir.Stmt) -> bool:
    """Whether the timer has a name, on which somebody calls Stop."""
    timer = statement.left[0] if isinstance(statement, ir.Assign) else None
    if not isinstance(timer, ir.Name) or timer.symbol is None:
        return isinstance(statement, ir.Assign)
    return any(
        isinstance(part, ir.Selector) and part.field == "Stop" and _symbol(part.base) is timer.symbol
        for part in (expressions(function.body, literals=True) if function.body is not None else ())
    )


def _spawns_parameter(unit: FunctionUnit, callee: Callee, number: int) -> bool:
    """Whether a function of the module runs parameter ``number`` in a goroutine for which it does not wait."""
    target = unit.program.unit_of_callee(callee)
    if target is None or callee.kind not in (CalleeKind.FUNCTION, CalleeKind.METHOD) or b"go " not in target.text:
        return False
    params = target.function.params
    wanted = params[number].symbol if number < len(params) else None
    if wanted is None or target.function.body is None:
        return False
    return any(
        isinstance(statement, ir.Go)
        and _uses(statement.call, wanted)
        and not is_joined(target, target.function, statement, statement.call)
        for statement in statements(target.function.body)
    )


def _symbol(expr: ir.Expr) -> ir.Symbol | None:
    return expr.symbol if isinstance(expr, ir.Name) else None


def _uses(node: ir.Node, symbol: ir.Symbol) -> bool:
    return any(_symbol(part) is symbol for part in expressions(node, literals=True))


# -- contexts that escape


@dataclass(frozen=True, slots=True, eq=False)
class Escape:
    """A goroutine, perhaps some calls away, that keeps a context that was passed along."""

    spawn: Spawn
    calls: tuple[tuple[FunctionUnit, ir.Call], ...]
    """The calls on the way to it, outermost first; the first is that of the function that was asked about."""


def carriers(unit: FunctionUnit, context: ir.Symbol, origin: ir.Assign | None = None) -> set[ir.Symbol]:
    """The variables of a function that are the context, or made from it so that they ask it for values. One that is assigned
    something else (``ctx = context.WithoutCancel(ctx)``) is out. ``origin``: what gave a local variable the context."""
    found = {context}
    body = unit.function.body
    assigns = [s for s in statements(body, literals=True) if isinstance(s, ir.Assign)] if body is not None else []
    for _ in range(2):
        for statement in assigns:
            for number, target in enumerate(statement.left):
                symbol = _symbol(target)
                if symbol is None or not statement.right or statement is origin:
                    continue
                value = statement.right[min(number, len(statement.right) - 1)]
                derived = number == 0 and _derives(unit, value, found)
                if derived:
                    found.add(symbol)
                elif symbol in found:
                    found.discard(symbol)
    return found


def _derives(unit: FunctionUnit, value: ir.Expr, contexts: set[ir.Symbol]) -> bool:
    if _symbol(value) in contexts and _symbol(value) is not None:
        return True
    if not isinstance(value, ir.Call) or not value.args or _symbol(value.args[0]) not in contexts:
        return False
    return unit.typer.callee(value).name in DERIVE


def escapes(unit: FunctionUnit, call: ir.Call, position: int, depth: int = MAX_DEPTH) -> list[Escape]:
    """The goroutines without a join to which argument number ``position`` of a call gets, as a ``context.Context``."""
    callee = unit.typer.callee(call)
    target = unit.program.unit_of_callee(callee)
    if target is None or callee.kind not in (CalleeKind.FUNCTION, CalleeKind.METHOD) or target.file.is_test:
        return []
    params = target.function.params
    symbol = params[position].symbol if position < len(params) else None
    if symbol is None or params[position].variadic or not is_context_type(target, params[position].type):
        return []
    return [Escape(e.spawn, ((unit, call), *e.calls)) for e in _escapes_in(target, symbol, depth)]


def is_context_type(unit: FunctionUnit, type_: ir.TypeExpr) -> bool:
    """Whether a type as written is ``context.Context``."""
    owner = named(unit.typer.resolve(type_))
    return owner is not None and owner.qualified == "context.Context"


def _escapes_in(unit: FunctionUnit, symbol: ir.Symbol, depth: int) -> list[Escape]:
    contexts = carriers(unit, symbol)
    found: list[Escape] = []
    inside: set[int] = set()
    for spawn in unit.spawns:
        inside.update(id(node) for node in walk(spawn.call, literals=True))
        if keeps(spawn, contexts) and not spawn.joined:
            found.append(Escape(spawn, ()))
    if depth > 1 and unit.function.body is not None:
        for part in expressions(unit.function.body, literals=True):
            if isinstance(part, ir.Call) and id(part) not in inside:
                for number, arg in enumerate(part.args):
                    if _symbol(arg) in contexts:
                        found += escapes(unit, part, number, depth - 1)
    return found


def keeps(spawn: Spawn, contexts: set[ir.Symbol]) -> bool:
    """Whether the goroutine does more with one of the contexts than ask whether it has ended."""
    for number, argument in enumerate(spawn.arguments):
        if _symbol(argument) in contexts:
            param = spawn.parameter(number)
            body = spawn.literal or (spawn.callee.function if spawn.callee is not None else None)
            owner = spawn.unit if spawn.literal is not None else spawn.callee
            if param is None or owner is None or body is None or not only_watches(owner, body, param):
                return True
    literal = spawn.literal
    if literal is None:
        return False
    return any(not only_watches(spawn.unit, literal, context) for context in contexts)


def only_watches(unit: FunctionUnit, function: ir.Function, context: ir.Symbol, depth: int = 2) -> bool:
    """Whether a function asks the context only whether it has ended (or does not use it); so do those it passes it to."""
    if function.body is None:
        return False
    watching: set[int] = set()
    for part in expressions(function.body, literals=True):
        match part:
            case ir.Selector(base=ir.Name() as base) if part.field in _WATCHING:
                watching.add(id(base))
            case ir.Call() if depth:
                for number, arg in enumerate(part.args):
                    if _symbol(arg) is context and _callee_watches(unit, part, number, depth):
                        watching.add(id(arg))
            case _:
                pass
    return all(
        id(part) in watching
        for part in expressions(function.body, literals=True)
        if isinstance(part, ir.Name) and part.symbol is context
    )


def _callee_watches(unit: FunctionUnit, call: ir.Call, number: int, depth: int) -> bool:
    target = unit.program.unit_of_callee(unit.typer.callee(call))
    if target is None:
        return False
    params = target.function.params
    symbol = params[number].symbol if number < len(params) else None
    return symbol is None or only_watches(target, target.function, symbol, depth - 1)
