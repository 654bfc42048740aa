"""``recover`` where it recovers nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for node in walk(unit.function.body, literals=True) if unit.function.body is not None else ():
        match node:
            case ir.Call(func=ir.Name(name="recover", symbol=None), args=()):
                why = _useless(unit, node)
                if why:
                    message = f"{why}: recover gives nil here, and the panic goes on"
                    yield finding_at(unit, node, code=RULE.code, tier=Tier.EXTENDED, message=message)
            case _:
                pass


def _useless(unit: FunctionUnit, call: ir.Call) -> str:
    """Why the call does nothing; empty where a deferred function may call it."""
    if isinstance(unit.uses.parent(call), ir.Defer):
        return "it is deferred itself, and not called by a deferred function"
    function = unit.uses.function_of(call)
    if function is unit.function:
        return "" if _may_be_deferred(unit) else f"{unit.qualified} is never deferred itself"
    literal = unit.uses.literals[function]
    called = unit.uses.parent(literal)
    if isinstance(called, ir.Call) and called.func is literal:
        started = unit.uses.parent(called)
        if isinstance(started, ir.Go | ir.ExprStmt):
            return "the function literal around it is not deferred"
    return ""


def _may_be_deferred(unit: FunctionUnit) -> bool:
    """Whether the function is deferred somewhere, used as a value, or can be so by others."""
    if unit.name[:1].isupper() or unit.name in ("main", "init"):
        return True
    name = re.escape(unit.name.encode())
    deferred = re.compile(rb"\bdefer\s+[\w.]*\b" + name + rb"\b|\b" + name + rb"\b(?!\s*\()")
    called = False
    for other in unit.program.mentioning(unit.name.encode()):
        if other is not unit:
            called = True
            if deferred.search(other.code, other.code.find(b"{")):
                return True
    return not called


RULE = Rule(
    module=__name__,
    code="recover-hygiene",
    tier=Tier.EXTENDED,
    summary="recover stands where it recovers nothing",
    check_function=_check,
    gate=words("recover"),
)
