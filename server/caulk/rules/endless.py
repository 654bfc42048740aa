"""The shared part of the rules about goroutines without an end."""

from __future__ import annotations

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_goroutines import EndlessLoop, Pause
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.endless import Endless, Start
from caulk.flow.frequency import Frequency, handles_request
from caulk.flow.program import FunctionUnit
from caulk.flow.scope import context_at
from caulk.ir import nodes as ir
from caulk.ir.visit import walk


def start_finding(start: Start, code: str, reason: str) -> Finding:
    """A goroutine that never ends because of ``reason``: core when each request starts one, else experimental."""
    unit = start.unit
    per_request = start.frequency is Frequency.REQUEST
    tier = Tier.CORE if per_request else Tier.EXPERIMENTAL
    what = f"{unit.qualified} starts one for each request" if per_request else "it runs until the process ends"
    return Finding(
        code=code,
        path=unit.file.path,
        span=Span(*unit.span(marked_start(start.statement))),
        message=f"this goroutine never ends: {reason}; {what}",
        evidence=loop_evidence(unit, start.endless),
        related=tuple(loop_related(unit, start.endless)),
        tier=tier,
        severity=tier.severity,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


def piles_up(start: Start) -> bool:
    """Whether a handler itself starts it, and neither a channel in its loop nor a context at hand could end it: then there are
    as many as requests."""
    if start.frequency is not Frequency.REQUEST or start.endless.loop is None or start.endless.ticker is not None:
        return False
    home, loop = start.endless.unit, start.endless.loop
    if b"<-" in home.code[loop.start : loop.end] or b"select" in home.code[loop.start : loop.end]:
        return False
    return handles_request(start.unit, start.function) and context_at(start.unit, start.statement) is None


def marked_start(statement: ir.Node) -> ir.Node:
    """The keyword of a ``go`` statement, or the called method of what starts a goroutine."""
    if isinstance(statement, ir.Call):
        return ir.Node(statement.func.start, statement.func.end)
    return ir.Node(statement.start, statement.start + len("go"))


def loop_related(unit: FunctionUnit, endless: Endless) -> list[Related]:
    """Where the loop is."""
    if endless.loop is None:
        return []
    home = endless.unit
    start = endless.loop.start
    span = Span(*home.span(ir.Node(start, start + len("for"))))
    return [Related(span, "the loop that nothing leaves", home.file.path if home.file is not unit.file else "")]


def loop_evidence(unit: FunctionUnit, endless: Endless) -> Evidence:
    """Where a context in scope can end the loop."""
    loop, home = endless.loop, endless.unit
    if loop is None or endless.function.results or home.file is not unit.file:
        return Evidence()
    context = context_at(home, loop)
    if context is None:
        return Evidence()
    if isinstance(loop, ir.Range):
        return _range_evidence(home, loop, context.name)
    for statement in loop.body.statements:
        match statement:
            case ir.Select():
                brace = home.text.find(b"{", statement.start)
                return EndlessLoop(Pause.SELECT, *home.span(statement), "", home.offset(brace), context.name)
            case ir.ExprStmt(expr=ir.Call(args=(duration,)) as call) if home.typer.callee(call).name == "time.Sleep":
                return EndlessLoop(Pause.SLEEP, *home.span(statement), home.source_text(duration), 0, context.name)
            case _:
                pass
    return Evidence()


def _range_evidence(unit: FunctionUnit, loop: ir.Range, context: str) -> Evidence:
    if loop.key is not None:
        return Evidence()
    start, body = unit.offset(loop.start), unit.offset(loop.body.start)
    return EndlessLoop(Pause.RANGE, start, body, unit.source_text(loop.subject), body, context)


def ignored_context(unit: FunctionUnit, endless: Endless) -> ir.Symbol | None:
    """A context in scope that nothing in the loop looks at."""
    loop = endless.loop
    if loop is None or endless.unit is not unit:
        return None
    context = context_at(unit, loop)
    if context is None or any(isinstance(n, ir.Name) and n.symbol is context for n in walk(loop, literals=True)):
        return None
    return context
