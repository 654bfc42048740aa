"""Loops that poll a select without pause."""

from collections.abc import Iterator

from caulk.findings.evidence_goroutines import EmptyDefault
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b"default:" not in unit.text or b"select" not in unit.text or unit.function.body is None:
        return
    for node in walk(unit.function.body, literals=True):
        match node:
            case ir.For(cond=None, body=ir.Block(statements=(ir.Select() as select,))) if len(select.cases) > 1:
                idle = next((case for case in select.cases if case.comm is None and _is_idle(case)), None)
                if idle is not None:
                    yield _finding(unit, node, idle)
            case _:
                pass


def _is_idle(case: ir.CommCase) -> bool:
    """Whether the clause does nothing but go round."""
    return all(isinstance(s, ir.Branch) and s.keyword == "continue" and not s.label for s in case.body.statements)


def _finding(unit: FunctionUnit, loop: ir.For, idle: ir.CommCase) -> Finding:
    keyword = ir.Node(loop.start, loop.start + len("for"))
    return Finding(
        code="spinning-select",
        path=unit.file.path,
        span=Span(unit.offset(idle.start), unit.offset(idle.start) + len("default")),
        message="this empty default makes the loop spin: it takes a whole processor until another clause is ready",
        evidence=EmptyDefault(unit.offset(idle.start), unit.offset(idle.start + len(unit.source_text(idle).rstrip()))),
        related=(Related(Span(*unit.span(keyword)), "the loop"),),
        function=Span(unit.chunk.start, unit.chunk.end),
    )


RULE = Rule(
    module=__name__,
    code="spinning-select",
    tier=Tier.CORE,
    summary="a loop polls a select whose default does nothing",
    check_function=_check,
    gate=words("select default"),
    fix="unsafe",
)
