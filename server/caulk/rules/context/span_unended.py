"""Spans that are not ended, and spans of others that are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.report import finding_at
from caulk.rules.rule import everywhere
from caulk.rules.unreleased import leak_findings, unreleased

_CODE = "span-unended"
_BORROWS = frozenset(
    {
        "go.opentelemetry.io/otel/trace.SpanFromContext",
        "go.opencensus.io/trace.FromContext",
        "github.com/opentracing/opentracing-go.SpanFromContext",
    }
)
_FROM_CONTEXT = frozenset({b"SpanFromContext", b"FromContext"})
_ENDS = frozenset({"End", "Finish", "FinishWithOptions"})
_MEANT = re.compile(r"(?i)end|after|finish|stop|done|close|complete|hook|leave|exit|post|on[A-Z_]|callback|shutdown")
"""Names of functions whose other half has started the span."""


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    yield from leak_findings(_CODE, Tier.CORE, None, unit)
    if not _FROM_CONTEXT.isdisjoint(unit.words):
        yield from _borrowed_ends(unit)


def _borrowed_ends(unit: FunctionUnit) -> Iterator[Finding]:
    """``trace.SpanFromContext(ctx).End()``: whoever started that span ends it, and may still write to it."""
    if _MEANT.search(unit.name) or unit.function.body is None:
        return
    for call in expressions(unit.function.body, literals=True):
        if not isinstance(call, ir.Call) or not isinstance(call.func, ir.Selector) or call.func.field not in _ENDS:
            continue
        if _is_borrowed(unit, call.func.base):
            yield finding_at(
                unit,
                call,
                code=_CODE,
                tier=Tier.EXPERIMENTAL,
                message="this span was taken from a context: whoever started it ends it, and what is added to it afterwards is lost",
            )


def _is_borrowed(unit: FunctionUnit, span: ir.Expr) -> bool:
    made: ir.Expr | None = span
    if isinstance(span, ir.Name) and span.symbol is not None and not span.symbol.assigned:
        made = span.symbol.definition.expr if span.symbol.definition is not None else None
    return isinstance(made, ir.Call) and unit.typer.callee(made).name in _BORROWS


RULE = replace(
    unreleased(
        __name__,
        code=_CODE,
        summary="a tracing span is not ended on some path",
        fix="safe",
        duplicates=("spancheck",),
    ),
    check_function=_check,
    gate=everywhere,
)
