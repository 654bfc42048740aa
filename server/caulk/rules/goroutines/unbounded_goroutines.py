"""A goroutine for each thing that a client sends, or one for each request that stays for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.endless import Start
from caulk.flow.program import FunctionUnit
from caulk.flow.requests import PACKAGES
from caulk.ir import nodes as ir
from caulk.ir.visit import statements, walk
from caulk.rules.endless import loop_related, marked_start, piles_up
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule, words
from caulk.rules.surroundings import is_for_tests
from caulk.semantics.model import Basic, Slice

_CODE = "unbounded-goroutines"
_WAITS = re.compile(rb"[wW]ait|<-|\bselect\b|\.Acquire\(|\.SetLimit\(|[lL]imit|[sS]emaphore|\bsem\b|\.[dD]one\w*\(")
"""Words of somebody who waits for the goroutines, is told when they are done, or lets only so many run."""


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if is_for_tests(unit.program):
        return
    if b"range" in unit.words:
        for function in unit.function.walk():
            yield from _in_function(unit, function)
    if unit.file.imports(*PACKAGES):
        for start in unit.endless_starts:
            if piles_up(start):
                yield _stays(start)


def _stays(start: Start) -> Finding:
    unit = start.unit
    return finding_at(
        unit,
        marked_start(start.statement),
        code=_CODE,
        tier=Tier.CORE,
        message=(
            f"every request starts a goroutine in {unit.qualified} that nothing can end: there are as many as there were"
            " requests"
        ),
        related=loop_related(unit, start.endless),
    )


def _in_function(unit: FunctionUnit, function: ir.Function) -> Iterator[Finding]:
    body = function.body
    if body is None or _WAITS.search(unit.code, body.start, body.end):
        return
    code = unit.program.requests.of(function)
    for loop in statements(body):
        if not isinstance(loop, ir.Range):
            continue
        sent = code is not None and code.derives(loop.subject)
        started = next((node for node in walk(loop.body) if isinstance(node, ir.Go)), None)
        if started is not None and (sent or _is_given_list(unit, function, loop.subject)):
            yield _finding(unit, loop, started, sent=sent)


def _is_given_list(unit: FunctionUnit, function: ir.Function, subject: ir.Expr) -> bool:
    """Whether it is a parameter with names or numbers, as many as the caller has: of what serves there are few."""
    symbol = subject.symbol if isinstance(subject, ir.Name) else None
    type_ = unit.typer.symbol_type(symbol) if symbol is not None and symbol.function is function else None
    given = symbol is not None and symbol.kind is ir.SymbolKind.PARAM
    return given and isinstance(type_, Slice) and isinstance(type_.elem, Basic)


def _finding(unit: FunctionUnit, loop: ir.Range, started: ir.Go, *, sent: bool) -> Finding:
    items = unit.source_text(loop.subject)
    whose, who = (", which the client sends", "one request") if sent else ("", "a long list")
    return finding_at(
        unit,
        started,
        code=_CODE,
        tier=Tier.CORE if sent else Tier.EXPERIMENTAL,
        message=(
            f"a goroutine is started for each of {items}{whose}, and nothing waits for them or limits how many run: {who} can"
            " start as many as it likes"
        ),
        related=(Related(Span(*unit.span(loop.subject)), "as many as there are here"),),
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="requests start goroutines without a limit",
    check_function=_check,
    gate=words("go", "Go", "TryGo"),
    tests_too=False,
)
