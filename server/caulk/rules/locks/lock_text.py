"""What the rules of locks say alike."""

from __future__ import annotations

from caulk.findings.evidence_locks import WrongMethod
from caulk.flow.lock_calls import LockCall
from caulk.flow.program import FunctionUnit


def lock_name(unit: FunctionUnit, call: LockCall) -> str:
    """The lock as the function names it."""
    return unit.source_text(call.name.base)


def meant(unit: FunctionUnit, call: LockCall, method: str) -> WrongMethod:
    """That the call should be one of another method."""
    end = unit.offset(call.name.end)
    return WrongMethod(end - len(call.name.field), end, method)
