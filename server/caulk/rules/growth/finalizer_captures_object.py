"""Finalizers and cleanups that keep their own object alive."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_captures import CapturedObject
from caulk.findings.finding import Finding, Tier
from caulk.flow.access import captured_symbols
from caulk.flow.program import FunctionUnit
from caulk.flow.shapes import closure_of
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule, words
from caulk.semantics.model import MemberKind

_NAMES = frozenset({"SetFinalizer", "AddCleanup"})


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for call in walk(unit.function.body, literals=True) if unit.function.body is not None else ():
        match call:
            case ir.Call(func=ir.Selector(field=field), args=(object_, function, *rest)) if field in _NAMES:
                if unit.typer.callee(call).name == f"runtime.{field}":
                    yield from _call(unit, field, object_, function, rest)
            case _:
                pass


def _call(unit: FunctionUnit, name: str, object_: ir.Expr, function: ir.Expr, rest: list[ir.Expr]) -> Iterator[Finding]:
    symbol = _symbol(object_)
    if symbol is None or symbol.assigned > (not isinstance(object_, ir.Name)):
        return
    what = "finalizer" if name == "SetFinalizer" else "cleanup"
    literal = closure_of(function)
    if literal is not None and symbol in captured_symbols(literal):
        evidence = (
            _evidence(unit, symbol, literal) if isinstance(object_, ir.Name) and what == "finalizer" else NO_EVIDENCE
        )
        yield _finding(unit, function, f"the {what} uses {symbol.name}, for which it waits", evidence)
    elif _is_method_of(unit, function, symbol):
        yield _finding(
            unit, function, f"the {what} {unit.source_text(function)} holds {symbol.name}, for which it waits"
        )
    elif rest and (_symbol(rest[0]) is symbol or _is_method_of(unit, rest[0], symbol)):
        yield _finding(
            unit, rest[0], f"the {what} is given {unit.source_text(rest[0])}, which leads to what it waits for"
        )


def _symbol(expr: ir.Expr) -> ir.Symbol | None:
    """The variable that an expression is, or is the address of."""
    if isinstance(expr, ir.Unary) and expr.op == "&":
        expr = expr.operand
    return expr.symbol if isinstance(expr, ir.Name) else None


def _is_method_of(unit: FunctionUnit, expr: ir.Expr, symbol: ir.Symbol) -> bool:
    """Whether the expression is a method value of the variable."""
    if not isinstance(expr, ir.Selector) or _symbol(expr.base) is not symbol:
        return False
    member = unit.typer.member(unit.typer.type_of(expr.base), expr.field)
    return member is not None and member.kind is MemberKind.METHOD


def _finding(unit: FunctionUnit, node: ir.Node, what: str, evidence: Evidence = NO_EVIDENCE) -> Finding:
    message = f"{what}: that keeps it alive, so that it never runs and nothing is ever freed"
    return finding_at(unit, node, code=RULE.code, tier=Tier.CORE, message=message, evidence=evidence)


def _evidence(unit: FunctionUnit, symbol: ir.Symbol, literal: ir.Function) -> Evidence:
    """How the literal can use its parameter instead."""
    if len(literal.params) != 1 or literal.body is None:
        return NO_EVIDENCE
    (param,) = literal.params
    if param.name not in ("", "_"):
        names = (node for node in walk(literal.body, literals=True) if isinstance(node, ir.Name))
        return CapturedObject(param.name, uses=tuple(unit.span(name) for name in names if name.symbol is symbol))
    start = unit.offset(param.type.start)
    return CapturedObject(symbol.name, parameter=(start - len("_ ") if param.name else start, start))


RULE = Rule(
    module=__name__,
    code="finalizer-captures-object",
    tier=Tier.CORE,
    summary="a finalizer or cleanup keeps its own object alive",
    check_function=_check,
    gate=words("SetFinalizer", "AddCleanup"),
    needs=("runtime",),
    fix="unsafe",
)
