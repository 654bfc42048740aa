"""Breaks that leave a select and not the loop around it."""

import re
from collections.abc import Iterator
from itertools import islice

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_goroutines import InnerBreak
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.endless import endless_loops, inner_breaks
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b"select" not in unit.text or b"break" not in unit.text:
        return
    for function in unit.function.walk():
        for loop in endless_loops(unit, function):
            for found in inner_breaks(unit, loop):
                yield _finding(unit, function, loop, found)


def _finding(unit: FunctionUnit, function: ir.Function, loop: ir.For, found: ir.Branch) -> Finding:
    keyword = ir.Node(loop.start, loop.start + len("for"))
    return Finding(
        code="break-only-leaves-select",
        path=unit.file.path,
        span=Span(*unit.span(found)),
        message=f"this break leaves the select only: the loop of line {unit.line(loop.start)} goes on for ever",
        evidence=_evidence(unit, function, loop, found),
        related=(Related(Span(*unit.span(keyword)), "the loop that nothing leaves"),),
        function=Span(unit.chunk.start, unit.chunk.end),
    )


def _evidence(unit: FunctionUnit, function: ir.Function, loop: ir.For, found: ir.Branch) -> Evidence:
    body = function.body
    last = body.statements[-1] if body is not None and body.statements else None
    label = ""
    parent = unit.uses.parent(loop)
    if isinstance(parent, ir.Labeled):
        label = parent.label
        last = loop if last is parent else last
    if last is loop and function.results:
        return Evidence()  # a loop that ends needs a return behind it
    return InnerBreak(
        *unit.span(found),
        loop_start=unit.offset(loop.start),
        label=label or _free_label(unit, loop),
        labelled=bool(label),
        may_return=last is loop,
    )


def _free_label(unit: FunctionUnit, loop: ir.For) -> str:
    """A label that the function does not have, another one for each of its loops."""
    words = set(re.findall(rb"\w+", unit.text))
    free = (name for name in ("loop", *(f"loop{n}" for n in range(2, 1000))) if name.encode() not in words)
    loops = [other for function in unit.function.walk() for other in endless_loops(unit, function)]
    return next(islice(free, loops.index(loop), None))


RULE = Rule(
    module=__name__,
    code="break-only-leaves-select",
    tier=Tier.CORE,
    summary="a break inside a select is meant to leave the loop around it, and leaves only the select",
    check_function=_check,
    gate=words("select break"),
    fix="unsafe",
)
