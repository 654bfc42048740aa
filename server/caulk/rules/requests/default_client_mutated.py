"""Requests that change the HTTP client of the whole process."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import PACKAGES
from caulk.ir import nodes as ir
from caulk.ir.visit import statements
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule

_CODE = "default-client-mutated"
_SHARED = {"net/http.DefaultClient": "http.DefaultClient", "net/http.DefaultTransport": "http.DefaultTransport"}
_NAMED = re.compile(rb"\bDefault(?:Client|Transport)\b")
_WORDS = frozenset((b"DefaultClient", b"DefaultTransport"))


def _check(program: Program) -> Iterator[Finding]:
    if all(unit.file.is_test for unit in program.matching(_NAMED)):
        return
    for code in program.requests:
        unit, body = code.unit, code.function.body
        if body is None or unit.file.is_test or unit.words.isdisjoint(_WORDS):
            continue
        for statement in statements(body):
            if not isinstance(statement, ir.Assign) or statement.op != "=":
                continue
            for target in statement.left:
                shared = _shared(unit, target)
                if shared:
                    yield finding_at(unit, target, code=_CODE, tier=Tier.CORE, message=_message(shared))


def _shared(unit: FunctionUnit, target: ir.Expr) -> str:
    """What of the whole process an assignment to ``target`` changes; empty for anything else."""
    part = target
    while True:
        name = unit.typer.qualified_name(part)
        if name in _SHARED:
            return _SHARED[name]
        match part:
            case ir.Selector() | ir.Assertion():
                part = part.base
            case ir.Unary(op="*"):
                part = part.operand
            case ir.Name(symbol=ir.Symbol(assigned=0, definition=ir.Definition(expr=value, index=0))) if (
                part is not target
            ):
                part = value
            case _:
                return ""


def _message(shared: str) -> str:
    return (
        f"a request changes {shared}, which all of the process uses, while others read it: their requests get its settings,"
        " and the idle connections of a transport that it replaces are lost"
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="a request changes the HTTP client or transport that the whole process shares",
    check_package=_check,
    needs=PACKAGES,
    tests_too=False,
)
