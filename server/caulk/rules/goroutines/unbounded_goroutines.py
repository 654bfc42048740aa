"""A goroutine for each thing that a client sends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.program import Program
from caulk.flow.requests import PACKAGES, RequestCode
from caulk.ir import nodes as ir
from caulk.ir.visit import statements, walk
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests

_CODE = "unbounded-goroutines"
_WAITS = re.compile(rb"\.Wait\(|<-|\bselect\b|\.Acquire\(|\.SetLimit\(|[lL]imit|[sS]emaphore|\bsem\b")
"""Words of somebody who waits for the goroutines, or lets only so many run."""


def _check(program: Program) -> Iterator[Finding]:
    for code in () if is_for_tests(program) else program.requests:
        unit, body = code.unit, code.function.body
        if body is None or unit.file.is_test or b"go" not in unit.words or b"range" not in unit.words:
            continue
        if _WAITS.search(unit.code, body.start, body.end):
            continue
        for loop in statements(body):
            if isinstance(loop, ir.Range) and code.derives(loop.subject):
                started = next((node for node in walk(loop.body) if isinstance(node, ir.Go)), None)
                if started is not None:
                    yield _finding(code, loop, started)


def _finding(code: RequestCode, loop: ir.Range, started: ir.Go) -> Finding:
    unit = code.unit
    items = unit.source_text(loop.subject)
    return finding_at(
        unit,
        started,
        code=_CODE,
        tier=Tier.CORE,
        message=(
            f"a goroutine is started for each of {items}, which the client sends, and nothing waits for them or limits how many"
            " run: one request can start as many as it likes"
        ),
        related=(Related(Span(*unit.span(loop.subject)), "as many as there are here"),),
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="a goroutine is started for each thing that a request lists, without a limit",
    check_package=_check,
    needs=PACKAGES,
    tests_too=False,
)
