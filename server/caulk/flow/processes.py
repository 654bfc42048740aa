"""Processes that are started and never waited for.

``cmd.Start()`` makes a duty of a value that exists already, so two walks answer: from the creation of the command, who may
have it before it starts; from the start, which ways out have it running.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caulk.flow.access import Place
from caulk.flow.cfg import Block, Item, items
from caulk.flow.obligations import State, Walk
from caulk.flow.outcomes import Ending, OpenExit, Outcome, Terms
from caulk.ir import nodes as ir

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

START = "os/exec.Cmd.Start"
_MAKERS = frozenset({"os/exec.Command", "os/exec.CommandContext"})
_TERMS = Terms(frozenset({"Wait", "Release"}))
_REAPERS = re.compile(rb"Wait4\(|Waitid\(|SIGCHLD")
"""Words of a package that waits for all its children in one place."""


@dataclass(frozen=True, slots=True, eq=False)
class Unwaited:
    """A started process for which nobody waits on some way out."""

    unit: FunctionUnit
    function: ir.Function
    item: Item
    """The statement that starts it."""
    call: ir.Call
    """``cmd.Start()``."""
    command: ir.Symbol | None
    """The variable that holds the command; None when it has no name (``exec.Command(…).Start()``)."""
    maker: ir.Call | None
    """``exec.Command(…)``, when there is just one."""
    exits: tuple[OpenExit, ...]
    waited: bool = False
    """Whether some other way waits for it."""
    detached: bool = False
    """Whether it is started so that it can outlive this process."""


def unwaited(unit: FunctionUnit) -> Iterator[Unwaited]:
    """The processes that a top-level function or a literal in it starts and leaves alone."""
    if b".Start()" not in unit.text or _reaps(unit):
        return
    for function in unit.function.walk():
        if function.body is None:
            continue
        for block, index, item in items(unit.cfg(function)):
            call = _start_in(unit, item)
            if call is not None and isinstance(call.func, ir.Selector):
                found = _judge(unit, function, (block, index, item), call, call.func.base)
                if found is not None:
                    yield found


def _reaps(unit: FunctionUnit) -> bool:
    return unit.program.says(_REAPERS)


def _start_in(unit: FunctionUnit, item: Item) -> ir.Call | None:
    match item:
        case ir.ExprStmt(expr=ir.Call() as call) | ir.Assign(right=(ir.Call() as call,)):
            pass
        case ir.Return(values=(*_, ir.Call() as call)):
            pass
        case _:
            return None
    return call if unit.typer.callee(call).name == START else None


def _judge(
    unit: FunctionUnit, function: ir.Function, place: tuple[Block, int, Item], call: ir.Call, base: ir.Expr
) -> Unwaited | None:
    block, index, item = place
    if isinstance(base, ir.Call):
        return Unwaited(unit, function, item, call, None, base, ()) if _makes(unit, base) else None
    symbol = base.symbol if isinstance(base, ir.Name) else None
    if symbol is None or symbol.function is not function or symbol.kind is not ir.SymbolKind.LOCAL:
        return None
    makers = _makers(unit, symbol)
    if not makers or any(_had_before(unit, function, maker, symbol, item) for maker in makers):
        return None
    outcome = _follow(unit, function, symbol, (block, index, item))
    if outcome.exceeded or not outcome.open:
        return None
    maker = makers[0].right[0] if len(makers) == 1 else None
    waited = outcome.has(Ending.RELEASED, Ending.DEFERRED, Ending.TRANSFERRED, Ending.RETURNED)
    made = maker if isinstance(maker, ir.Call) else None
    exits = tuple(outcome.open)
    return Unwaited(unit, function, item, call, symbol, made, exits, waited, _is_detached(unit, symbol))


def _makes(unit: FunctionUnit, value: ir.Expr) -> bool:
    return isinstance(value, ir.Call) and unit.typer.callee(value).name in _MAKERS


def _makers(unit: FunctionUnit, symbol: ir.Symbol) -> list[ir.Assign]:
    """The assignments of the variable, if each of them gives it a new command; empty otherwise."""
    found: list[ir.Assign] = []
    for name in unit.uses.names.get(symbol, ()):
        parent = unit.uses.parent(name)
        if not isinstance(parent, ir.Assign) or all(target is not name for target in parent.left):
            continue
        if not parent.right and parent.op == "var":
            continue
        if len(parent.right) != 1 or not _makes(unit, parent.right[0]):
            return []
        found.append(parent)
    return found


def _had_before(unit: FunctionUnit, function: ir.Function, maker: ir.Assign, symbol: ir.Symbol, start: Item) -> bool:
    """Whether somebody else gets the command between its creation and its start."""
    for block, index, item in items(unit.cfg(function)):
        if item is maker:
            outcome = Walk(unit, function, _TERMS).run(_state(block, index + 1, symbol, frozenset()))
            taken = outcome.of(Ending.TRANSFERRED, Ending.RETURNED, Ending.RELEASED, Ending.DEFERRED)
            return outcome.exceeded or any(event.item.start < start.start for event in taken)
    return True


def _follow(unit: FunctionUnit, function: ir.Function, symbol: ir.Symbol, place: tuple[Block, int, Item]) -> Outcome:
    block, index, item = place
    errors: frozenset[ir.Symbol] = frozenset()
    if isinstance(item, ir.Assign):
        errors = frozenset(t.symbol for t in item.left if isinstance(t, ir.Name) and t.symbol is not None)
    following = index if isinstance(item, ir.Return) else index + 1
    return Walk(unit, function, _TERMS).run(_state(block, following, symbol, errors))


def _state(block: Block, index: int, symbol: ir.Symbol, errors: frozenset[ir.Symbol]) -> State:
    """The command stands for its process too: ``cmd.Process.Wait()``, ``p := cmd.Process``."""
    aliases = frozenset({Place(symbol, ()), Place(symbol, ("Process",))})
    return State(block, index, aliases, errors, frozenset())


def _is_detached(unit: FunctionUnit, symbol: ir.Symbol) -> bool:
    """Whether the process gets attributes of its own (a session, a process group): mostly it is to outlive this one."""
    return any(
        isinstance(parent := unit.uses.parent(name), ir.Selector) and parent.field == "SysProcAttr"
        for name in unit.uses.names.get(symbol, ())
    )
