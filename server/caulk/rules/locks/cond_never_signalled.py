"""Condition variables that are waited for, and that nobody signals."""

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
            case ir.Call(func=ir.Selector(field="Wait", base=ir.Selector() | ir.Name() as cond), args=()):
                if unit.typer.callee(node).declared_name == "sync.Cond.Wait":
                    yield from _wait(unit, node, cond)
            case _:
                pass


def _wait(unit: FunctionUnit, call: ir.Call, cond: ir.Selector | ir.Name) -> Iterator[Finding]:
    name = unit.source_text(cond)
    if _is_private(cond) and not _may_be_signalled(unit, cond):
        message = f"nothing in the package signals {name}: who waits here waits for ever"
        yield finding_at(unit, call, code=RULE.code, tier=Tier.CORE, message=message)
    elif _is_asked_once(unit, call):
        message = f"{name}.Wait stands in no loop: what it waits for may not be so when it returns"
        yield finding_at(unit, call, code=RULE.code, tier=Tier.EXTENDED, message=message)


def _is_private(cond: ir.Selector | ir.Name) -> bool:
    """Whether only this package can name it."""
    if isinstance(cond, ir.Name):
        return cond.symbol is None and cond.name[:1].islower()
    return cond.field[:1].islower()


def _may_be_signalled(unit: FunctionUnit, cond: ir.Selector | ir.Name) -> bool:
    """Whether a field or variable of the name is signalled in the package, or handed on by who may do it."""
    name = cond.field if isinstance(cond, ir.Selector) else cond.name
    other_use = re.compile(rb"\b" + name.encode() + rb"\b(?!\s*(?:\.\s*(?:Wait\(|L\b)|:?=[^=]|:[^=]|\*?sync\.))")
    return any(
        other_use.search(function.code, function.code.find(b"{")) for function in unit.program.mentioning(name.encode())
    )


def _is_asked_once(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether ``if`` stands where ``for`` belongs. Without either, the callers may have the loop, or the wait is for an answer."""
    around = list(unit.uses.around(call))
    return any(isinstance(node, ir.If) for node in around) and not any(isinstance(node, ir.For) for node in around)


RULE = Rule(
    module=__name__,
    code="cond-never-signalled",
    tier=Tier.CORE,
    summary="a condition variable is waited for, and nobody signals it",
    check_function=_check,
    gate=words("Wait"),
    tests_too=False,
)
