"""Strings that grow by ``+=`` in a loop."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Place, Where
from caulk.findings.evidence_builders import GrownString
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.naming import free_name
from caulk.rules.report import NO_EVIDENCE, finding_at, related_at
from caulk.rules.rule import Rule, words
from caulk.semantics.model import STRING

_ADDED = re.compile(rb"(\w+)\s*\+=")
_STREAMS = frozenset({"Scan", "ReadString", "ReadLine", "ReadRune", "ReadByte", "Recv", "Next", "Read", "ReadBytes"})
"""Methods whose loops run as often as somebody outside wants."""


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if not _may_grow_string(unit.code):
        return
    seen: set[ir.Symbol] = set()
    for node in walk(unit.function.body, literals=True) if unit.function.body is not None else ():
        match node:
            case ir.Assign(op="+=", left=(ir.Name(symbol=ir.Symbol() as symbol),)) if symbol not in seen:
                loop = _loop_of(unit, node, symbol)
                if (
                    loop is not None
                    and unit.typer.symbol_type(symbol) == STRING
                    and not _starts_anew(unit, symbol, loop)
                ):
                    seen.add(symbol)
                    yield _finding(unit, node, symbol, loop)
            case _:
                pass


def _may_grow_string(code: bytes) -> bool:
    """Whether something that looks like a string is added to: most sums are of numbers."""
    for name in {match[1] for match in _ADDED.finditer(code)}:
        if re.search(rb"\b" + name + rb"\b(?:[^\n=]*\bstring\b|\s*:?=\s*(?:[\"`]|fmt\.|strings\.))", code):
            return True
    return False


def _loop_of(unit: FunctionUnit, assign: ir.Assign, symbol: ir.Symbol) -> ir.For | ir.Range | None:
    """The outermost loop around the assignment in which the variable goes on from round to round."""
    loops = [node for node in unit.uses.around(assign) if isinstance(node, ir.For | ir.Range)]
    outer = [loop for loop in loops if not loop.start <= symbol.start < loop.end]
    return outer[-1] if outer and symbol.function is unit.uses.function_of(assign) else None


def _starts_anew(unit: FunctionUnit, symbol: ir.Symbol, loop: ir.For | ir.Range) -> bool:
    """Whether the loop also gives the variable another value."""
    return any(
        isinstance(node, ir.Assign) and node.op != "+=" and any(_is(target, symbol) for target in node.left)
        for node in walk(loop)
    )


def _is(expr: ir.Expr, symbol: ir.Symbol) -> bool:
    return isinstance(expr, ir.Name) and expr.symbol is symbol


def _finding(unit: FunctionUnit, assign: ir.Assign, symbol: ir.Symbol, loop: ir.For | ir.Range) -> Finding:
    tier = Tier.EXTENDED if _reads_a_stream(loop) else Tier.EXPERIMENTAL
    return finding_at(
        unit,
        assign,
        code=RULE.code,
        tier=tier,
        message=f"each round copies all of {symbol.name} so far: with many pieces that is quadratic",
        evidence=_evidence(unit, symbol, loop),
        related=(related_at(unit, ir.Node(loop.start, loop.start + len("for")), "in this loop"),),
    )


def _reads_a_stream(loop: ir.For | ir.Range) -> bool:
    """Whether the rounds of the loop are counted by somebody outside."""
    header: list[ir.Node] = (
        [node for node in (loop.init, loop.cond) if node is not None] if isinstance(loop, ir.For) else []
    )
    if isinstance(loop, ir.For) and loop.cond is None:
        header = list(loop.body.statements[:1])
    return any(
        isinstance(part, ir.Call) and isinstance(part.func, ir.Selector) and part.func.field in _STREAMS
        for node in header
        for part in walk(node)
    )


def _evidence(unit: FunctionUnit, symbol: ir.Symbol, loop: ir.For | ir.Range) -> Evidence:
    """A builder for the time of the loop, where the string is only read behind it and nothing else happens to it."""
    function = unit.uses.function_of(loop)
    declaration = _declaration(unit, symbol, loop)
    placement = unit.placement(function).of(loop)
    if declaration is None or placement is None or placement.in_clause or symbol.captured:
        return NO_EVIDENCE
    appends: list[tuple[int, int, str]] = []
    name = free_name(unit, "builder")
    for use in unit.uses.names.get(symbol, ()):
        parent = unit.uses.parent(use)
        if use.start == symbol.start or (use.start >= loop.end and not _assigns(parent, use)):
            continue
        if not (
            isinstance(parent, ir.Assign) and parent.op == "+=" and parent.left[0] is use and use.start >= loop.start
        ):
            return NO_EVIDENCE
        value = parent.right[0]
        start, _ = unit.span(parent)
        appends.append((start, unit.offset(value.start), f"{name}.WriteString("))
        appends.append((unit.offset(parent.end), unit.offset(parent.end), ")"))
    return GrownString(
        declaration=unit.span(declaration),
        declared=f"var {name} strings.Builder",
        edits=tuple(appends),
        behind=Place(Where.AFTER, unit.offset(loop.end)),
        result=f"{symbol.name} := {name}.String()",
    )


def _declaration(unit: FunctionUnit, symbol: ir.Symbol, loop: ir.For | ir.Range) -> ir.Assign | None:
    """``s := ""`` or ``var s string`` in the same block, in front of the loop."""
    block = unit.uses.parent(loop)
    for statement in block.statements if isinstance(block, ir.Block) else ():
        if statement is loop:
            return None
        if isinstance(statement, ir.Assign) and statement.new == (symbol,):
            empty = not statement.right or (
                isinstance(statement.right[0], ir.Literal) and statement.right[0].text in _EMPTY
            )
            return statement if empty and not isinstance(block, ir.CommCase) else None
    return None


_EMPTY = ('""', "``")


def _assigns(parent: ir.Node | None, use: ir.Name) -> bool:
    is_target = isinstance(parent, ir.Assign) and any(target is use for target in parent.left)
    return is_target or (isinstance(parent, ir.Unary) and parent.op == "&")


RULE = Rule(
    module=__name__,
    code="string-concat-in-loop",
    tier=Tier.EXTENDED,
    summary="a string grows by += in a loop",
    check_function=_check,
    gate=words("for"),
    fix="unsafe",
    tests_too=False,
)
