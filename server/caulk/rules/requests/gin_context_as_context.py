"""Gin contexts taken for contexts that end: without ``ContextWithFallback`` they never do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Rewrite
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import Framework, framework_of
from caulk.flow.spawns import DERIVE
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.report import finding_at, related_at
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests, module_mentions

_CODE = "gin-context-as-context"
_PACKAGE = "github.com/gin-gonic/gin"
_FALLBACK = re.compile(rb"ContextWithFallback")
MAX_RELATED = 4


def _check(program: Program) -> Iterator[Finding]:
    waits: list[tuple[FunctionUnit, ir.Expr]] = []
    passed: list[tuple[FunctionUnit, ir.Name]] = []
    for unit in () if is_for_tests(program) else program.functions_in(_PACKAGE):
        if unit.file.is_test or unit.file.is_generated or b"Context" not in unit.words:
            continue
        if unit.function.body is not None:
            for part in expressions(unit.function.body, literals=True):
                if _waits(unit, part):
                    waits.append((unit, part))
                elif isinstance(part, ir.Call):
                    passed += ((unit, arg) for arg in _passed(unit, part))
    if not (waits or passed) or module_mentions(program, _FALLBACK):
        return
    for unit, part in waits:
        yield _never_ends(unit, part)
    if passed:
        yield _note(passed)


def _is_gin(unit: FunctionUnit, expr: ir.Expr) -> bool:
    return framework_of(unit.typer.type_of(expr)) is Framework.GIN


def _waits(unit: FunctionUnit, part: ir.Expr) -> bool:
    """``<-c.Done()``"""
    match part:
        case ir.Unary(op="<-", operand=ir.Call(func=ir.Selector(field="Done", base=base))):
            return _is_gin(unit, base)
        case _:
            return False


def _passed(unit: FunctionUnit, call: ir.Call) -> Iterator[ir.Name]:
    """The gin contexts among the arguments of what obeys a context, or derives one from it."""
    for number, arg in enumerate(call.args):
        if isinstance(arg, ir.Name) and arg.symbol is not None and _is_gin(unit, arg):
            derives = number == 0 and unit.typer.callee(call).name in DERIVE
            if derives or unit.program.cancellation.obeys(unit, call, number):
                yield arg


def _never_ends(unit: FunctionUnit, part: ir.Expr) -> Finding:
    assert isinstance(part, ir.Unary) and isinstance(part.operand, ir.Call)
    assert isinstance(part.operand.func, ir.Selector)
    base = part.operand.func.base
    end = unit.span(base)[1]
    return finding_at(
        unit,
        part,
        code=_CODE,
        tier=Tier.CORE,
        message=f"{unit.source_text(part)} never fires: without ContextWithFallback of the engine a gin context has no end",
        evidence=Rewrite(end, end, ".Request.Context()", f"Use {unit.source_text(base)}.Request.Context()"),
    )


def _note(passed: list[tuple[FunctionUnit, ir.Name]]) -> Finding:
    """One for the package: whether its contexts end is set in one place."""
    unit, first = passed[0]
    others = passed[1:]
    also = f", and at {len(others)} other place{'s' if len(others) > 1 else ''} of the package" if others else ""
    return finding_at(
        unit,
        first,
        code=_CODE,
        tier=Tier.EXPERIMENTAL,
        message=(
            f"{first.name} is passed as a context.Context here{also}: without ContextWithFallback of the engine it never"
            f" ends, so what it is passed to goes on when the client has gone; set that, or pass {first.name}.Request.Context()"
        ),
        related=(related_at(other, name, "here, too", unit) for other, name in others[:MAX_RELATED]),
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="a gin context is taken for a context that ends with the request",
    check_package=_check,
    needs=(_PACKAGE,),
    fix="unsafe",
    tests_too=False,
)
