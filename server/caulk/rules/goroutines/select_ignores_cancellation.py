"""Loops that run on when their context ends."""

import re
from collections.abc import Iterator

from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.endless import Endless
from caulk.flow.frequency import Frequency
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.endless import ignored_context, loop_evidence, marked_start
from caulk.rules.rule import Rule, words

_CONTEXT = re.compile(rb"\bcontext\.Context\b|\bctx\b")


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b"for" not in unit.text or not _CONTEXT.search(unit.text):
        return
    own = unit.program.endless.of(unit, unit.function)
    if own is not None:
        yield from _ignoring(unit, own, None)
    for start in unit.endless_starts:
        reported_elsewhere = start.frequency is Frequency.REQUEST or start.endless.ticker or start.endless.inner_breaks
        if start.endless.unit is unit and start.endless.function.parent is not None and not reported_elsewhere:
            yield from _ignoring(unit, start.endless, start.statement)


def _ignoring(unit: FunctionUnit, endless: Endless, statement: ir.Node | None) -> Iterator[Finding]:
    loop = endless.loop
    context = ignored_context(unit, endless)
    if loop is None or context is None or endless.inner_breaks:
        return
    keyword = ir.Node(loop.start, loop.start + len("for"))
    subject = "this goroutine" if statement is not None else unit.qualified
    related: tuple[Related, ...] = ()
    if statement is not None:
        related = (Related(Span(*unit.span(marked_start(statement))), "the goroutine starts"),)
    yield Finding(
        code="select-ignores-cancellation",
        path=unit.file.path,
        span=Span(*unit.span(keyword)),
        message=f"{context.name} is in scope, but nothing in this loop looks at it: {subject} runs on when it is cancelled",
        evidence=loop_evidence(unit, endless),
        related=related,
        tier=Tier.EXTENDED,
        severity=Tier.EXTENDED.severity,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


RULE = Rule(
    module=__name__,
    code="select-ignores-cancellation",
    tier=Tier.EXTENDED,
    summary="a loop without a way out ignores the context that is in scope",
    check_function=_check,
    gate=words("for context", "for ctx"),
    needs=("context",),
    fix="unsafe",
    tests_too=False,
)
