"""Calls to databases and servers that ignore the context which is at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caulk.findings.evidence_contexts import UnrelatedContext
from caulk.findings.finding import Finding, Span, Tier
from caulk.flow.frequency import runs_once
from caulk.flow.program import FunctionUnit
from caulk.flow.requests import Framework, framework_of
from caulk.flow.scope import context_at, visible
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.rule import Rule
from caulk.semantics.model import named

_MAKES = re.compile(rb"\b(?:Background|TODO)\(\)")
_EMPTY = frozenset({"context.Background", "context.TODO"})
_DERIVES = frozenset({"context.WithTimeout", "context.WithCancel", "context.WithDeadline", "context.WithValue"})
_TIDIES = re.compile(
    r"(?i)close|shut|stop|clean|rollback|unlock|release|revoke|teardown|destroy|abort|cancel|undo|dispose|delete|remove"
    r"|flush|finish|drain|evict|expire|unregister|deregister|leave|disconnect|kill|terminate|compensate"
)
"""What must be done also when the request has ended."""
_LASTS = re.compile(
    r"^(?:New(?!Request)|Connect|Open|Dial|Listen|Subscribe|PSubscribe|Watch|Serve|Run|Start|Init|Keep|Acquire|Join)"
)
"""What makes or starts something that lasts longer than the request."""
_BEGINS = re.compile(
    r"(?i)^(?:new|must|open|start|run|serve|listen|launch|init|set_?up|boot|watch|monitor|spawn|connect|dial|register|loop"
    r"|daemon|background|schedule|poll|main|execute|async|detach)"
)
"""Functions that begin something: its context may be that of the whole process."""
_EXPLAINED = re.compile(
    rb"//[^\n]*(?i:cancel|detach|outliv|surviv|intention|deliberate|purpose|independent|not ctx|even (?:if|when|though)|gone"
    rb"|own context|separate|lifetime|parent)"
)
"""Words of a comment that says why."""
_CONTEXTS = {
    Framework.HTTP: "{}.Context()",
    Framework.GIN: "{}.Request.Context()",
    Framework.ECHO: "{}.Request().Context()",
    Framework.FIBER: "{}.UserContext()",
}


@dataclass(frozen=True, slots=True, eq=False)
class _Ignored:
    """An empty context, and the one that it is used instead of."""

    unit: FunctionUnit
    made: ir.Call
    """``context.Background()``."""
    call: ir.Call
    """What gets it."""
    source: str
    detached: bool = False


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if not _MAKES.search(unit.text) or unit.function.body is None:
        return
    for made in expressions(unit.function.body, literals=True):
        if isinstance(made, ir.Call) and not made.args and unit.typer.callee(made).name in _EMPTY:
            found = _judge(unit, made)
            if found is not None:
                yield _finding(found)


def _judge(unit: FunctionUnit, made: ir.Call) -> _Ignored | None:
    call = unit.uses.parent(made)
    if not isinstance(call, ir.Call) or all(arg is not made for arg in call.args) or _is_explained(unit, made):
        return None
    function = _running(unit, made)
    derives = unit.typer.callee(call).name in _DERIVES
    source = _source(unit, made, function)
    if function.parent is not None and source is None:
        found = _in_goroutine(unit, made, call, function)
        return found if found is not None and (derives or _obeys(unit, call, made)) else None
    if source is None or derives or _is_meant(unit, call, made, function) or not _obeys(unit, call, made):
        return None
    return _Ignored(unit, made, call, source)


def _is_meant(unit: FunctionUnit, call: ir.Call, made: ir.Call, function: ir.Function) -> bool:
    """Whether the call tidies up, lasts longer than the request, or may come after its end."""
    callee = unit.typer.callee(call).short
    if _TIDIES.search(callee) or _TIDIES.search(unit.name) or _LASTS.match(callee):
        return True
    if not _is_request(unit, function) and (_BEGINS.match(unit.name) or runs_once(unit)):
        return True
    return _is_after_the_end(unit, made)


def _running(unit: FunctionUnit, node: ir.Node) -> ir.Function:
    """The function that runs ``node``, seen through callbacks whose error the caller waits for (``err := with(func() error)``)."""
    function = unit.uses.function_of(node)
    while function.parent is not None and function.results and not _gives_any(unit, function):
        literal = unit.uses.literals[function]
        call = unit.uses.parent(literal)
        signature = (
            unit.typer.callee(call).signature if isinstance(call, ir.Call) and call.func is not literal else None
        )
        if signature is None or not signature.results or not unit.typer.implements_error(signature.results[-1]):
            break
        if not isinstance(unit.uses.parent(call), ir.Assign | ir.Return):  # type: ignore[arg-type]
            break
        function = unit.uses.function_of(literal)
    return function


def _gives_any(unit: FunctionUnit, function: ir.Function) -> bool:
    return any(param.symbol is not None and _gives_context(unit, param.symbol) for param in function.params)


def _obeys(unit: FunctionUnit, call: ir.Call, made: ir.Call) -> bool:
    number = next(n for n, arg in enumerate(call.args) if arg is made)
    return unit.program.cancellation.obeys(unit, call, number)


def _is_request(unit: FunctionUnit, function: ir.Function) -> bool:
    code = unit.program.requests.of(function)
    return code is not None and code.is_handler


def _source(unit: FunctionUnit, node: ir.Node, function: ir.Function) -> str | None:
    """How the context of the function's own parameters is written at ``node``."""
    params = {param.symbol for param in function.params if param.symbol is not None}
    if not _is_served(unit, params):
        params = {symbol for symbol in params if framework_of(unit.typer.symbol_type(symbol)) is not Framework.HTTP}
    if not any(_gives_context(unit, symbol) for symbol in params):
        return None
    near = context_at(unit, node)
    if near is not None and (near in params or _comes_from(near, params)):
        return near.name
    for symbol in visible(unit, node):
        framework = framework_of(unit.typer.symbol_type(symbol)) if symbol in params else None
        if framework is not None:
            return _CONTEXTS[framework].format(symbol.name)
    return None


def _is_served(unit: FunctionUnit, params: set[ir.Symbol]) -> bool:
    """Whether an ``*http.Request`` among the parameters is one that a server got: a ResponseWriter is beside it."""
    owners = (named(unit.typer.symbol_type(symbol)) for symbol in params)
    return any(owner is not None and owner.qualified == "net/http.ResponseWriter" for owner in owners)


def _gives_context(unit: FunctionUnit, symbol: ir.Symbol) -> bool:
    type_ = unit.typer.symbol_type(symbol)
    owner = named(type_)
    return framework_of(type_) is not None or (owner is not None and owner.qualified == "context.Context")


def _comes_from(symbol: ir.Symbol, params: set[ir.Symbol]) -> bool:
    """Whether a variable was made from a parameter (``ctx := r.Context()``)."""
    definition = symbol.definition
    return definition is not None and any(
        isinstance(part, ir.Name) and part.symbol in params for part in expressions(definition.expr)
    )


def _in_goroutine(unit: FunctionUnit, made: ir.Call, call: ir.Call, function: ir.Function) -> _Ignored | None:
    """A goroutine of a handler that begins with an empty context loses the values of the request."""
    for spawn in unit.spawns:
        if spawn.literal is function and _is_request(unit, spawn.function):
            source = _source(unit, spawn.statement, spawn.function)
            return _Ignored(unit, made, call, source, detached=True) if source is not None else None
    return None


def _is_explained(unit: FunctionUnit, node: ir.Node) -> bool:
    """Whether a comment on the line, or on the lines above, speaks of it: then it is meant."""
    data, lines = unit.file.source.data, unit.file.source.lines
    number = lines.line_of(unit.offset(node.start))
    first = data.rfind(b"\n", 0, unit.file.source.line_start(unit.offset(node.start))) if number else 0
    text = data[max(0, data.rfind(b"\n", 0, max(0, first))) : unit.file.source.line_end(unit.offset(node.end))]
    return _EXPLAINED.search(text) is not None


def _is_after_the_end(unit: FunctionUnit, node: ir.Node) -> bool:
    """Whether the context may have ended there, or the call is one of the last things that happen."""
    inner: ir.Node = node
    for around in unit.uses.around(node):
        match around:
            case ir.Defer() | ir.CommCase():
                return True
            case ir.If(cond=ir.Binary(op="!=", right=ir.Name(name="nil"))) if inner is around.then:
                return True  # something has failed, and is put right
            case ir.If(cond=cond) if re.search(r"\.Err\(\)|Canceled|DeadlineExceeded|== nil", unit.source_text(cond)):
                return True
            case _:
                pass
        inner = around
    before = unit.text[: node.start]
    return re.search(rb"<-\s*[\w.()]+\.Done\(\)", before) is not None


def _finding(found: _Ignored) -> Finding:
    unit, source = found.unit, found.source
    written = unit.source_text(found.made)
    name = unit.source_text(found.call.func)
    callee = name if len(name) <= 40 and "\n" not in name else unit.typer.callee(found.call).short
    if found.detached:
        message = f"the goroutine begins with {written}: what the request's context carries (trace, user, logger) is lost; context.WithoutCancel keeps that"
    else:
        message = f"{callee} gets {written} although {source} is at hand: it goes on when the client has gone or the time is up, and loses the values of the request"
    tier = Tier.EXPERIMENTAL if found.detached else Tier.EXTENDED
    replacement = f"context.WithoutCancel({source})" if found.detached else source
    return Finding(
        code="background-context-in-request",
        path=unit.file.path,
        span=Span(*unit.span(found.made)),
        message=message,
        evidence=UnrelatedContext(*unit.span(found.made), replacement, found.detached),
        tier=tier,
        severity=tier.severity,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


RULE = Rule(
    module=__name__,
    code="background-context-in-request",
    tier=Tier.EXTENDED,
    summary="a call to a database or server ignores the context that is at hand",
    check_function=_check,
    needs=("context",),
    fix="unsafe",
    tests_too=False,
    duplicates=("contextcheck",),
)
