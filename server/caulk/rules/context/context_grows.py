"""Contexts that are wrapped in themselves again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_contexts import GrowingContext
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.growing import Growing, Growth, growing
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.rule import Rule

_ASSIGNS = re.compile(rb"[^:]= *\w+\.With(?:Value|Cancel|Timeout|Deadline)")


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if _ASSIGNS.search(unit.text):
        for found in growing(unit):
            yield _finding(found)


def _finding(found: Growing) -> Finding:
    unit, name = found.unit, found.symbol.name
    return Finding(
        code="context-grows",
        path=unit.file.path,
        span=Span(*unit.span(found.item)),
        message=_message(found),
        evidence=_evidence(found),
        related=(
            Related(
                Span(unit.offset(found.symbol.start), unit.offset(found.symbol.start) + len(name)), "declared here"
            ),
        ),
        function=Span(unit.chunk.start, unit.chunk.end),
    )


def _message(found: Growing) -> str:
    name = found.symbol.name
    if found.per is Growth.REQUEST:
        return (
            f"{name} is shared by all requests, and each one wraps it once more: the chain grows for ever, and requests see"
            " each other's values"
        )
    return (
        f"every round of the loop wraps {name} once more: all earlier contexts stay alive, a look-up walks through all of"
        " them, and what ended one round ends the next"
    )


def _evidence(found: Growing) -> Evidence:
    """A variable of its own does when nobody else reads the old one afterwards, and somebody reads the new one."""
    unit, item, symbol = found.unit, found.item, found.symbol
    position = unit.placement(found.function).of(item)
    others = [target for target in item.left[1:] if not (isinstance(target, ir.Name) and target.name == "_")]
    if position is None or position.owner is not None or others:
        return Evidence()
    outside = _repeated_part(found).start
    own = {id(name) for name in (item.left[0], *_arguments(item))}
    after = 0
    for name in unit.uses.names.get(symbol, ()):
        in_scope = item.end <= name.start < position.block.end
        if not in_scope and name.start >= outside and id(name) not in own:
            return Evidence()
        after += in_scope
    if not after:
        return Evidence()
    return GrowingContext(unit.offset(item.left[-1].end), unit.offset(item.right[0].start))


def _arguments(item: ir.Assign) -> tuple[ir.Expr, ...]:
    call = item.right[0]
    return call.args if isinstance(call, ir.Call) else ()


def _repeated_part(found: Growing) -> ir.Node:
    """The loop, or the body of the handler."""
    loop = found.unit.placement(found.function).loop_around(found.item)
    body = found.function.body
    if found.per is Growth.ROUND and loop is not None:
        return loop
    return body if body is not None else found.item


RULE = Rule(
    module=__name__,
    code="context-grows",
    tier=Tier.CORE,
    summary="a context is wrapped in itself again and again",
    check_function=_check,
    needs=("context",),
    fix="safe",
    duplicates=("fatcontext",),
)
