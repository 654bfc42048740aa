"""Contexts of requests in goroutines that go on when the request has ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_contexts import OutlivingContext
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import PACKAGES, Framework, RequestCode
from caulk.flow.scope import is_context
from caulk.flow.spawns import DERIVE, Spawn, carriers, escapes
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements, walk
from caulk.rules.naming import free_name
from caulk.rules.rule import Rule
from caulk.semantics.model import Chan

_REQUEST_CONTEXT = re.compile(r"\w+\.(?:Request(?:\(\))?\.)?Context\(\)|\w+\.UserContext\(\)")
_ANSWERS = frozenset({"Close", "CloseWithError", "Done", "Signal", "Broadcast", "Flush", "WriteString", "Write"})
"""Methods by which a goroutine gives something back to the request that started it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Outliving:
    """A goroutine that needs the context of a request longer than the request lasts."""

    spawn: Spawn
    written: tuple[ir.Expr, ...]
    """Where the goroutine takes the context: all of one text."""
    unit: FunctionUnit
    call: ir.Call
    """What obeys the context, in ``unit``."""


def _check(program: Program) -> Iterator[Finding]:
    if not any(file.imports(*PACKAGES) for file in program.files):
        return
    seen: set[tuple[str, int]] = set()
    for code in program.requests:
        if code.context is None or code.unit.file.is_test or code.unit.file.is_generated:
            continue
        for finding in (*_own(code), *_of_callees(code)):
            place = finding.path, finding.span.start
            if place not in seen:
                seen.add(place)
                yield finding


# -- goroutines of the handler


def _own(code: RequestCode) -> Iterator[Finding]:
    unit = code.unit
    inside = {id(inner) for inner in code.function.walk()}
    contexts = _contexts(code)
    for spawn in unit.spawns:
        if id(spawn.function) not in inside or _answers(spawn):
            continue
        found = _needs(spawn, contexts, code)
        if found is not None and not spawn.joined:
            yield _finding(found, code)


def _contexts(code: RequestCode) -> set[ir.Symbol]:
    """The variables of the handler that hold the context of its request."""
    found: set[ir.Symbol] = set()
    body = code.function.body
    for statement in statements(body, literals=True) if body is not None else ():
        match statement:
            case ir.Assign(left=(ir.Name(symbol=ir.Symbol() as symbol), *_), right=(value,)):
                if _is_asked(code, value) or _derives(code, value):
                    found |= carriers(code.unit, symbol, statement)
            case _:
                pass
    return found


def _derives(code: RequestCode, value: ir.Expr) -> bool:
    """``context.WithTimeout(r.Context(), …)``"""
    if not isinstance(value, ir.Call) or not value.args or not _is_asked(code, value.args[0]):
        return False
    return code.unit.typer.callee(value).name in DERIVE


def _is_asked(code: RequestCode, expr: ir.Expr) -> bool:
    """Whether the expression is ``r.Context()``, ``c.Request.Context()`` of this request."""
    if not isinstance(expr, ir.Call) or expr.args or not _REQUEST_CONTEXT.fullmatch(code.unit.source_text(expr)):
        return False
    root: ir.Expr = expr
    while isinstance(root, ir.Call | ir.Selector):
        root = root.func if isinstance(root, ir.Call) else root.base
    return isinstance(root, ir.Name) and root.symbol is code.context


def _answers(spawn: Spawn) -> bool:
    """Whether the goroutine gives something to others, or gets a channel to do so: it works for the request, which waits, or
    wants it to end with it."""
    unit = spawn.unit
    if any(isinstance(unit.typer.underlying(unit.typer.type_of(arg)), Chan) for arg in spawn.arguments):
        return True
    if spawn.literal is None or spawn.literal.body is None:
        return False
    if spawn.literal.results:
        return True  # somebody looks at what it returns
    for node in walk(spawn.literal.body, literals=True):
        match node:
            case ir.Send() | ir.Select():
                return True
            case ir.Call(func=ir.Name(name="close", symbol=None)):
                return True
            case ir.Call(func=ir.Selector(field=name, base=ir.Name(symbol=ir.Symbol() as symbol))) if name in _ANSWERS:
                if symbol.function is not spawn.literal:
                    return True
            case _:
                pass
    return False


def _needs(spawn: Spawn, contexts: set[ir.Symbol], code: RequestCode) -> _Outliving | None:
    unit, cancellation = spawn.unit, spawn.unit.program.cancellation
    for number, argument in enumerate(spawn.arguments):
        if _is_request_context(code, contexts, argument):
            obeyed = _obeyed_in_callee(spawn, number, argument)
            if obeyed is not None:
                return _Outliving(spawn, (argument,), *obeyed)
    if spawn.literal is None or spawn.literal.body is None:
        return None
    for call in expressions(spawn.literal.body, literals=True):
        for number, arg in enumerate(call.args) if isinstance(call, ir.Call) else ():
            wanted = isinstance(call, ir.Call) and _is_request_context(code, contexts, arg)
            if wanted and isinstance(call, ir.Call) and cancellation.obeys(unit, call, number):
                return _Outliving(spawn, _all_written(spawn, arg), unit, call)
    return None


def _is_request_context(code: RequestCode, contexts: set[ir.Symbol], expr: ir.Expr) -> bool:
    return (isinstance(expr, ir.Name) and expr.symbol in contexts) or _is_asked(code, expr)


def _obeyed_in_callee(spawn: Spawn, number: int, argument: ir.Expr) -> tuple[FunctionUnit, ir.Call] | None:
    """What obeys the argument of ``go f(ctx)``, or of ``go func(ctx context.Context) { … }(ctx)``."""
    unit = spawn.unit
    if spawn.literal is None:
        return (unit, spawn.call) if unit.program.cancellation.obeys(unit, spawn.call, number) else None
    param = spawn.parameter(number)
    if param is None or spawn.literal.body is None:
        return None
    call = unit.program.cancellation.given_to(unit, spawn.literal.body, carriers(unit, param))
    return (unit, call) if call is not None else None


def _all_written(spawn: Spawn, expr: ir.Expr) -> tuple[ir.Expr, ...]:
    """All places of the goroutine where the same text stands."""
    text = spawn.unit.source_text(expr)
    body = spawn.literal.body if spawn.literal is not None else None
    parts = expressions(body, literals=True) if body is not None else ()
    return tuple(part for part in parts if type(part) is type(expr) and spawn.unit.source_text(part) == text)


# -- goroutines of what the handler calls


def _of_callees(code: RequestCode) -> Iterator[Finding]:
    """``s.Save(r.Context(), x)``, which starts a goroutine that goes on with the context."""
    body, unit = code.function.body, code.unit
    contexts = _contexts(code)
    for call in expressions(body, literals=True) if body is not None else ():
        for number, arg in enumerate(call.args) if isinstance(call, ir.Call) else ():
            if isinstance(call, ir.Call) and _is_request_context(code, contexts, arg):
                for escape in escapes(unit, call, number):
                    found = _needs_in_callee(escape.spawn)
                    if found is not None and escape.spawn.unit.program is unit.program and not _answers(escape.spawn):
                        yield _finding(found, code, call)


def _needs_in_callee(spawn: Spawn) -> _Outliving | None:
    """The same for a goroutine of a function that gets the context as a parameter."""
    unit = spawn.unit
    contexts: set[ir.Symbol] = set()
    for param in unit.function.params:
        if param.symbol is not None and is_context(unit, param.symbol):
            contexts |= carriers(unit, param.symbol)
    code = RequestCode(unit, unit.function)
    return _needs(spawn, contexts, code)


# -- words


def _finding(found: _Outliving, code: RequestCode, handed: ir.Call | None = None) -> Finding:
    unit, spawn = found.spawn.unit, found.spawn
    start = unit.offset(spawn.statement.start)
    end = min(unit.offset(spawn.statement.end), unit.file.source.line_end(start))
    context = unit.source_text(found.written[0])
    handler = code.unit
    related = [Related(Span(*found.unit.span(found.call)), "gives up when the context ends")]
    if handed is not None:
        related.insert(
            0, Related(Span(*handler.span(handed)), f"{handler.qualified} passes the context of its request")
        )
    return Finding(
        code="request-context-outlives-handler",
        path=unit.file.path,
        span=Span(start, end),
        message=(
            f"{context} ends when the handler returns, but this goroutine goes on: {_short(found)} then gives up, and its work"
            " is lost"
        ),
        evidence=_evidence(found, code),
        related=tuple(related) if handed is None or handler.file is unit.file else (),
        tier=Tier.EXTENDED,
        severity=Tier.EXTENDED.severity,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


def _short(found: _Outliving) -> str:
    text = found.unit.source_text(found.call.func)
    return text if len(text) <= 40 and "\n" not in text else f"….{text.rpartition('.')[2][:40]}"


def _evidence(found: _Outliving, code: RequestCode) -> Evidence:
    spawn, written = found.spawn, found.written
    unit = spawn.unit
    context = unit.source_text(written[0])
    spans = tuple(unit.span(part) for part in written)
    if any(argument is written[0] for argument in spawn.arguments):
        return OutlivingContext(context, "", "", None, spans)
    literal = spawn.literal
    pooled = code.framework is not Framework.HTTP and not isinstance(written[0], ir.Name)
    if literal is None or literal.body is None or pooled or _is_assigned(spawn, written[0]):
        return Evidence()
    is_name = isinstance(written[0], ir.Name)
    return OutlivingContext(
        context=context,
        name=context if is_name else free_name(unit, "ctx"),
        cancel=free_name(unit, "cancel"),
        body=unit.offset(literal.body.start),
        uses=() if is_name else spans,
    )


def _is_assigned(spawn: Spawn, expr: ir.Expr) -> bool:
    """Whether the goroutine gives the variable another value."""
    body = spawn.literal.body if spawn.literal is not None else None
    if not isinstance(expr, ir.Name) or body is None:
        return False
    return any(
        isinstance(target, ir.Name) and target.symbol is expr.symbol
        for statement in statements(body, literals=True)
        if isinstance(statement, ir.Assign)
        for target in statement.left
    )


RULE = Rule(
    module=__name__,
    code="request-context-outlives-handler",
    tier=Tier.EXTENDED,
    summary="a goroutine goes on with the context of a request that has ended",
    check_package=_check,
    needs=PACKAGES,
    fix="unsafe",
    tests_too=False,
)
