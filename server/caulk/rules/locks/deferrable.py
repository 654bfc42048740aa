"""Locks whose unlocks a deferred one can replace without anything being done under the lock that was not before."""

from __future__ import annotations

from caulk.findings.evidence_locks import DeferrableUnlock
from caulk.flow.lock_calls import LockCall
from caulk.flow.locks import LockUse
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.error_result import has_goto
from caulk.rules.locks.lock_text import lock_name

_QUIET = frozenset({"len", "cap", "string", "min", "max"})


def deferrable(unit: FunctionUnit, use: LockUse, lock: LockCall) -> DeferrableUnlock | None:
    """The edit as evidence; None where the lock is taken twice or in a loop, or where something happens behind an unlock."""
    calls = [call for call in use.calls if call.path == lock.path]
    unlocks = [call for call in calls if not call.locks]
    statement = unit.uses.parent(lock.call)
    if len(unlocks) + 1 != len(calls) or not unlocks or any(call.mode is not lock.mode for call in unlocks):
        return None
    if not isinstance(statement, ir.ExprStmt) or unit.placement(use.function).loop_around(statement) is not None:
        return None
    if has_goto(use.function) or any(d.start > statement.start for d in unit.cfg(use.function).defers):
        return None  # what is deferred later would run under the lock
    released = [found for call in unlocks if (found := _last_statement(unit, use.function, call)) is not None]
    if len(released) < len(unlocks):
        return None
    return DeferrableUnlock(
        f"{lock_name(unit, lock)}.{lock.mode.unlock}()",
        unit.offset(statement.end),
        tuple(unit.span(found) for found in released),
    )


def _last_statement(unit: FunctionUnit, function: ir.Function, unlock: LockCall) -> ir.ExprStmt | None:
    """The statement that unlocks, when nothing comes behind it but the way out."""
    statement = unit.uses.parent(unlock.call)
    block = unit.uses.parent(statement) if isinstance(statement, ir.ExprStmt) else None
    if not isinstance(statement, ir.ExprStmt) or not isinstance(block, ir.Block):
        return None
    behind = block.statements[block.statements.index(statement) + 1 :]
    if not behind:
        return statement if block is function.body else None
    is_exit = isinstance(behind[0], ir.Return) and all(map(_is_quiet, behind[0].values))
    return statement if is_exit else None


def _is_quiet(value: ir.Expr) -> bool:
    """Whether to compute the value calls nothing that may take long, or lock."""
    return all(
        isinstance(node.func, ir.Name) and node.func.symbol is None and node.func.name in _QUIET
        if isinstance(node, ir.Call)
        else not (isinstance(node, ir.Unary) and node.op == "<-")
        for node in walk(value)
    )
