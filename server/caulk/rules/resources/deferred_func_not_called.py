"""Deferred calls whose result is the function that should have been deferred."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_resources import UncalledResult
from caulk.findings.finding import Finding, Span, Tier
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.rule import Rule
from caulk.semantics.model import Signature

_DEFERRED_CALL = re.compile(
    rb"\bdefer\s+(?!func\b|(?:[\w.]+\.)?(?:Close|Unlock|RUnlock|Done|Stop|End|Rollback|Release|Put|Remove|RemoveAll|cancel|close)\()"
)
"""The best-known deferred calls return no functions: nobody needs to look."""


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if not _DEFERRED_CALL.search(unit.text):
        return
    for function in unit.function.walk():
        for statement in unit.cfg(function).defers if function.body is not None else ():
            if isinstance(statement.call, ir.Call):
                result = _returned_function(unit, statement.call)
                if result is not None:
                    yield _finding(unit, statement, statement.call, result)


def _returned_function(unit: FunctionUnit, call: ir.Call) -> Signature | None:
    """The function that is all that a call returns."""
    signature = unit.typer.callee(call).signature
    if signature is None or len(signature.results) != 1:
        return None
    result = unit.typer.underlying(signature.results[0])
    return result if isinstance(result, Signature) else None


def _finding(unit: FunctionUnit, statement: ir.Defer, call: ir.Call, result: Signature) -> Finding:
    callee = unit.source_text(call.func)
    name = callee if len(callee) <= 40 and "\n" not in callee else "the deferred call"
    _, end = unit.span(call)
    return Finding(
        code="deferred-func-not-called",
        path=unit.file.path,
        span=Span(*unit.span(statement)),
        message=f"{name} returns a function, and nobody calls that: what it should do at the end never happens, and {name} itself runs only then",
        evidence=Evidence() if result.params else UncalledResult(end),
        function=Span(unit.chunk.start, unit.chunk.end),
    )


RULE = Rule(
    module=__name__,
    code="deferred-func-not-called",
    tier=Tier.CORE,
    summary="a deferred call returns the function that should have been deferred",
    check_function=_check,
    fix="unsafe",
    duplicates=("staticcheck: SA9010",),
)
