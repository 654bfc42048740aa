"""Breaks that leave a select and not the loop around it."""

import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_goroutines import InnerBreak
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.endless import Endless
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.rule import Rule


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b"select" not in unit.text or b"break" not in unit.text:
        return
    for function in unit.function.walk():
        endless = unit.program.endless.of(unit, function)
        for found in endless.inner_breaks if endless is not None else ():
            assert endless is not None and isinstance(endless.loop, ir.For)
            line = unit.line(endless.loop.start)
            keyword = ir.Node(endless.loop.start, endless.loop.start + len("for"))
            yield Finding(
                code="break-only-leaves-select",
                path=unit.file.path,
                span=Span(*unit.span(found)),
                message=f"this break leaves the select only: the loop of line {line} goes on for ever",
                evidence=_evidence(endless, endless.loop, found),
                related=(Related(Span(*unit.span(keyword)), "the loop that nothing leaves"),),
                function=Span(unit.chunk.start, unit.chunk.end),
            )


def _evidence(endless: Endless, loop: ir.For, found: ir.Branch) -> Evidence:
    unit = endless.unit
    body = endless.function.body
    last = body.statements[-1] if body is not None and body.statements else None
    label = ""
    parent = unit.uses.parent(loop)
    if isinstance(parent, ir.Labeled):
        label = parent.label
        last = loop if last is parent else last
    return InnerBreak(
        *unit.span(found),
        loop_start=unit.offset(loop.start),
        label=label or _free_label(unit),
        labelled=bool(label),
        may_return=last is loop and not endless.function.results,
    )


def _free_label(unit: FunctionUnit) -> str:
    words = set(re.findall(rb"\w+", unit.text))
    return next(name for name in ("loop", *(f"loop{n}" for n in range(2, 100))) if name.encode() not in words)


RULE = Rule(
    module=__name__,
    code="break-only-leaves-select",
    tier=Tier.CORE,
    summary="a break inside a select is meant to leave the loop around it, and leaves only the select",
    check_function=_check,
    fix="unsafe",
)
