"""Closures that last and keep a large buffer of which they only ask the length."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_captures import HoistedLength
from caulk.findings.finding import Finding, Tier
from caulk.flow.access import captured_symbols
from caulk.flow.containers import identity_of
from caulk.flow.program import FunctionUnit
from caulk.flow.shapes import last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.fix_names import free_name
from caulk.rules.growth.whole_texts import READS_WHOLE, is_whole, only_value
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule, words

_KEEPS = ("On", "Register", "Subscribe", "Handle", "Add", "Every", "AfterFunc", "NewGaugeFunc", "NewCounterFunc")
"""Names of functions that keep what they are given begin so."""


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for number, (literal, symbol, lengths) in enumerate(_measured(unit)):
        yield _finding(unit, literal, symbol, lengths, number)


def _measured(unit: FunctionUnit) -> Iterator[tuple[ir.FuncLit, ir.Symbol, list[ir.Call]]]:
    """The closures that last, with the large buffers of which they only take the length."""
    for literal in (inner for function in unit.function.walk() for inner in function.literals):
        captured = captured_symbols(literal.function) if _lasts(unit, literal) else frozenset()
        for symbol in sorted(captured, key=lambda symbol: symbol.start):
            value = only_value(symbol)
            lengths = _lengths(unit, literal, symbol) if value is not None and is_whole(unit, value) else []
            if lengths:
                yield literal, symbol, lengths


def _lasts(unit: FunctionUnit, literal: ir.FuncLit) -> bool:
    """Whether the closure is returned, kept by an object that lasts, or given to somebody who keeps such things."""
    match unit.uses.parent(literal):
        case ir.Return():
            return True
        case ir.Assign(left=(target,), right=(value,)) if value is literal:
            return identity_of(unit, target) is not None
        case ir.Call() as call if call.func is not literal:
            return last_name(call.func).startswith(_KEEPS)
        case _:
            return False


def _lengths(unit: FunctionUnit, literal: ir.FuncLit, symbol: ir.Symbol) -> list[ir.Call]:
    """The calls of ``len``, when all that the closure does with the buffer is to measure it."""
    found: list[ir.Call] = []
    for node in walk(literal.function.body, literals=True) if literal.function.body is not None else ():
        if isinstance(node, ir.Name) and node.symbol is symbol:
            call = unit.uses.parent(node)
            if not isinstance(call, ir.Call) or last_name(call.func) != "len" or call.func is node:
                return []
            found.append(call)
    return found


def _finding(
    unit: FunctionUnit, literal: ir.FuncLit, symbol: ir.Symbol, lengths: list[ir.Call], number: int
) -> Finding:
    statement = next((n for n in unit.uses.around(literal) if isinstance(unit.uses.parent(n), ir.Block)), None)
    evidence = NO_EVIDENCE
    if statement is not None:
        evidence = HoistedLength(
            unit.offset(statement.start),
            free_name(unit, "size", number),
            unit.source_text(lengths[0]),
            tuple(unit.span(call) for call in lengths),
        )
    return finding_at(
        unit,
        lengths[0],
        code=RULE.code,
        tier=Tier.EXPERIMENTAL,
        message=f"this closure lasts and keeps all of {symbol.name}, of which it only wants the length",
        evidence=evidence,
    )


RULE = Rule(
    module=__name__,
    code="closure-retains-large-value",
    tier=Tier.EXPERIMENTAL,
    summary="a closure that lasts keeps a large buffer of which it only wants the length",
    check_function=_check,
    gate=words(*(f"func len {name.rpartition('.')[2]}" for name in sorted(READS_WHOLE))),
    fix="unsafe",
    tests_too=False,
)
