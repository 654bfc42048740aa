"""Functions that begin with a lock and unlock it at once.

Further down the same pair waits for those who hold the lock, and is meant."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.lock_calls import LockCall, lock_call
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.locks.lock_text import lock_name
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for function in unit.function.walk():
        if function.body is not None and len(function.body.statements) > 1:
            first, second = function.body.statements[:2]
            yield from _pair(unit, first, second)


def _pair(unit: FunctionUnit, first: ir.Stmt, second: ir.Stmt) -> Iterator[Finding]:
    if not _is_call(first, ("Lock", "RLock")) or not _is_call(second, ("Unlock", "RUnlock")):
        return
    lock, unlock = _lock(unit, first), _lock(unit, second)
    if lock is None or unlock is None or lock.path != unlock.path or lock.mode is not unlock.mode:
        return
    if not _is_explained(unit, first, second):
        name = lock_name(unit, lock)
        yield finding_at(
            unit,
            lock.call,
            code=RULE.code,
            tier=Tier.EXTENDED,
            message=f"{name} is unlocked at once: it protects nothing (a deferred {unlock.name.field} would)",
        )


def _is_call(statement: ir.Stmt, names: tuple[str, str]) -> bool:
    match statement:
        case ir.ExprStmt(expr=ir.Call(func=ir.Selector(field=field), args=())):
            return field in names
        case _:
            return False


def _lock(unit: FunctionUnit, statement: ir.Stmt) -> LockCall | None:
    return lock_call(unit, statement.expr) if isinstance(statement, ir.ExprStmt) else None


def _is_explained(unit: FunctionUnit, first: ir.Stmt, second: ir.Stmt) -> bool:
    """Whether a comment above, between or behind says why: whoever waits for others that hold the lock does so."""
    source = unit.file.source
    start = source.line_start(max(source.line_start(unit.offset(first.start)) - 1, 0))
    return b"//" in source.data[start : source.line_end(unit.offset(second.end))]


RULE = Rule(
    module=__name__,
    code="empty-critical-section",
    tier=Tier.EXTENDED,
    summary="a lock is unlocked directly after it was locked",
    check_function=_check,
    gate=words("Lock Unlock", "RLock RUnlock"),
    tests_too=False,
)
