"""What the rules of locks say alike."""

from __future__ import annotations

from caulk.findings.evidence_locks import WrongMethod
from caulk.findings.finding import Finding, Tier
from caulk.flow.lock_calls import LockCall
from caulk.flow.locked_waits import LockedWait
from caulk.flow.program import FunctionUnit
from caulk.rules.report import finding_at, related_at


def lock_name(unit: FunctionUnit, call: LockCall) -> str:
    """The lock as the function names it."""
    return unit.source_text(call.name.base)


def meant(unit: FunctionUnit, call: LockCall, method: str) -> WrongMethod:
    """That the call should be one of another method."""
    end = unit.offset(call.name.end)
    return WrongMethod(end - len(call.name.field), end, method)


def locked_wait(wait: LockedWait, code: str, does: str, other: str) -> Finding:
    """The finding of an operation that waits under a lock."""
    unit, partner = wait.unit, wait.partner
    name = lock_name(unit, wait.lock)
    return finding_at(
        unit,
        wait.node,
        code=code,
        tier=Tier.CORE,
        message=f"{does} with {name} locked (line {unit.line(wait.lock.call.start)}), "
        f"which whoever {other} needs first: both wait for ever",
        related=(
            related_at(unit, wait.lock.call, "locked here"),
            related_at(partner.unit, partner.node, f"{other} here, with or after the same lock", unit),
        ),
    )
