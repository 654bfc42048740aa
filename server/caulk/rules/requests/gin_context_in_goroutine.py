"""Request contexts that a goroutine uses after the handler may have returned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_requests import ContextUse, EscapedContext, UseKind
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import FRAMEWORKS, PACKAGES, Framework, framework_of
from caulk.flow.spawns import Escape, Spawn, carriers, escapes, is_context_type, keeps
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.naming import free_name
from caulk.rules.requests.context_uses import ContextExpr, classified, wants_context
from caulk.rules.rule import Rule
from caulk.semantics.model import named

_ABANDONS = re.compile(rb"\.Abandon\(\)")
"""Fiber v3 does not use such a context again."""
_ARE_CONTEXTS = (Framework.GIN, Framework.FIBER)


def _check(program: Program) -> Iterator[Finding]:
    seen = dict.fromkeys((*program.functions_in(*FRAMEWORKS), *program.mentioning(b"ResponseWriter", b"Request")))
    for unit in seen:
        for spawn in unit.spawns if not unit.file.is_generated else ():
            yield from _judge(spawn)
    yield from _through_callees(program)


# -- goroutines of the function that has the context


def _judge(spawn: Spawn) -> Iterator[Finding]:
    unit = spawn.unit
    for name, places in _contexts_used(spawn).items():
        framework = framework_of(unit.typer.type_of(places[0]))
        if framework is None or (framework is Framework.HTTP and not _is_served(unit, places[0])):
            continue
        if framework is Framework.FIBER and unit.program.says(_ABANDONS):
            continue
        inside = [place for place in places if not _is_argument(spawn, place)]
        uses = tuple(classified(unit, place, framework) for place in inside)
        if not inside:
            uses = _uses_of_callee(spawn, places[0], framework)
        if framework is Framework.HTTP:
            uses = tuple(use for use in uses if use.kind is UseKind.WRITES)
        if uses and not spawn.joined:
            yield _finding(spawn, name, framework, uses, inside or places, as_argument=not inside)


def _is_argument(spawn: Spawn, place: ContextExpr) -> bool:
    return any(argument is place for argument in spawn.arguments)


def _contexts_used(spawn: Spawn) -> dict[str, list[ContextExpr]]:
    """The contexts that the goroutine sees, by their text, each with the places where it does."""
    unit = spawn.unit
    found: dict[str, list[ContextExpr]] = {}
    for argument in spawn.arguments:
        if isinstance(argument, ir.Name | ir.Selector) and _is_context(unit, argument):
            found.setdefault(unit.source_text(argument), []).append(argument)
    if spawn.literal is None or spawn.literal.body is None:
        return found
    own = {id(inner) for inner in spawn.literal.walk()}
    for part in expressions(spawn.literal.body, literals=True):
        if isinstance(part, ir.Name | ir.Selector):
            root = _root(part)
            captured = root is not None and id(root.function) not in own
            if captured and _is_context(unit, part):
                found.setdefault(unit.source_text(part), []).append(part)
    return found


def _root(expr: ir.Expr) -> ir.Symbol | None:
    while isinstance(expr, ir.Selector):
        expr = expr.base
    return expr.symbol if isinstance(expr, ir.Name) else None


def _is_context(unit: FunctionUnit, place: ContextExpr) -> bool:
    """Whether it is a request context that its framework uses again: not a copy."""
    framework = framework_of(unit.typer.type_of(place))
    if framework is None:
        return False
    if isinstance(place, ir.Selector):
        return framework in (Framework.GIN, Framework.ECHO, Framework.FIBER) and not _gets_copies(unit, place.field)
    symbol = place.symbol
    if symbol is None:
        return False
    definition = symbol.definition
    made = definition.expr if definition is not None else None
    fresh = isinstance(made, ir.Call) and symbol.kind is ir.SymbolKind.LOCAL
    return not fresh and symbol.assigned == 0


def _gets_copies(unit: FunctionUnit, field: str) -> bool:
    """Whether the field is given a copy somewhere in the package: then it is made for goroutines."""
    given = re.compile(rb"\b" + re.escape(field.encode()) + rb"\b\s*[:=]\s*[\w.]+\.(?:Copy|Clone)\(")
    return unit.program.says(given)


def _is_served(unit: FunctionUnit, request: ContextExpr) -> bool:
    """Whether the request is one that a server got: its function has a ResponseWriter too."""
    symbol = _root(request)
    return symbol is not None and any(
        (owner := named(unit.typer.resolve(param.type))) is not None and owner.qualified == "net/http.ResponseWriter"
        for param in symbol.function.params
    )


def _uses_of_callee(spawn: Spawn, context: ContextExpr, framework: Framework) -> tuple[ContextUse, ...]:
    """What the function that gets the context does with its parameter; unknown functions are taken to read it."""
    unit = spawn.unit
    here = (*unit.span(context), unit.source_text(context))
    target = spawn.literal or (spawn.callee.function if spawn.callee is not None else None)
    owner = unit if spawn.literal is not None else spawn.callee
    if target is None or owner is None or target.body is None:
        callee = unit.typer.callee(spawn.call)
        kind = UseKind.AS_CONTEXT if wants_context(unit, spawn.call, context) else UseKind.READS
        return () if callee.signature is None and not callee.name else (ContextUse(kind, *here),)
    uses: list[ContextUse] = []
    for position, argument in enumerate(spawn.arguments):
        param = spawn.parameter(position) if argument is context else None
        if param is None:
            continue
        if is_context_type(owner, target.params[position].type):
            if keeps(spawn, {symbol for symbol in (_root(context),) if symbol is not None}):
                uses.append(ContextUse(UseKind.AS_CONTEXT, *here))
            continue
        for part in expressions(target.body, literals=True):
            if isinstance(part, ir.Name) and part.symbol is param:
                use = classified(owner, part, framework)
                uses.append(ContextUse(use.kind, *here, copied=use.copied))
    return tuple(uses)


def _asks_for_gin(unit: FunctionUnit, spawn: Spawn) -> bool:
    """Whether somebody takes the gin context out of a context again, or asks it for a value by a plain string: a detached
    context would not answer."""
    programs = {unit.program, spawn.callee.program if spawn.callee is not None else unit.program}
    return any(program.says(_GIN_ASKED, tests_too=False) for program in programs)


_PARENTS = {
    Framework.GIN: "{}.Request.Context()",
    Framework.ECHO: "{}.Request().Context()",
    Framework.FIBER: "{}.Context()",  # only in v3 is its context one itself
    Framework.HTTP: "{}.Context()",
}
"""The context of the request that a framework's context is of."""
_GIN_ASKED = re.compile(rb"\.\(\*gin\.Context\)|\.Value\(\s*\"")


def _finding(
    spawn: Spawn,
    name: str,
    framework: Framework,
    uses: tuple[ContextUse, ...],
    places: Iterable[ContextExpr],
    *,
    as_argument: bool,
) -> Finding:
    unit = spawn.unit
    evidence = EscapedContext(
        before=unit.offset(spawn.statement.start),
        context=name,
        uses=uses,
        names=tuple(unit.span(place) for place in places),
        copy_name=free_name(unit, "cp"),
        detached_name="" if _asks_for_gin(unit, spawn) else free_name(unit, "ctx"),
        copies=framework is Framework.GIN,
        parent=_PARENTS[framework].format(name),
        as_argument=as_argument,
    )
    related = tuple(
        Related(
            Span(use.start, use.end), f"{use.text} runs in the goroutine" if not as_argument else "it gets the context"
        )
        for use in {(use.start, use.end): use for use in uses}.values()
    )
    return _report(spawn, _message(name, framework, uses), evidence, related[:4])


def _report(spawn: Spawn, message: str, evidence: Evidence, related: tuple[Related, ...]) -> Finding:
    """The finding at the statement that starts the goroutine: its first line."""
    unit = spawn.unit
    start = unit.offset(spawn.statement.start)
    end = min(unit.offset(spawn.statement.end), unit.file.source.line_end(start))
    return Finding(
        code="gin-context-in-goroutine",
        path=unit.file.path,
        span=Span(start, end),
        message=message,
        evidence=evidence,
        related=related,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


def _message(name: str, framework: Framework, uses: tuple[ContextUse, ...]) -> str:
    if framework is Framework.HTTP:
        return f"{name} is used in a goroutine for its body or form after this handler may have returned: net/http closes the body then"
    base = f"{name} is used in a goroutine after this handler may have returned: {framework.value} may already serve another request with it"
    if any(use.text.endswith(".Next()") for use in uses):
        return base + "; a copy cannot go on in the chain: set the deadline on the request's context and call Next here"
    if any(use.kind is UseKind.WRITES for use in uses):
        return (
            base
            + "; the goroutine answers or reads the body, so a copy does not help: do that before the handler returns"
        )
    return base


# -- goroutines of callees that get the context as a context.Context


def _through_callees(program: Program) -> Iterator[Finding]:
    """A goroutine of this package is reported once, with its callers; one of another package at the call."""
    own: dict[tuple[str, int], tuple[Escape, Framework, list[tuple[FunctionUnit, ir.Call]]]] = {}
    for unit, context, framework in _context_handlers(program):
        contexts = carriers(unit, context)
        if len(contexts) > 1:
            yield from _derived(unit, context, contexts - {context}, framework)
        for part in expressions(unit.function.body, literals=True) if unit.function.body is not None else ():
            if not isinstance(part, ir.Call):
                continue
            for number, argument in enumerate(part.args):
                if isinstance(argument, ir.Name) and argument.symbol in contexts:
                    for escape in escapes(unit, part, number):
                        where = escape.spawn.unit
                        if where.program is program:
                            key = where.file.path, where.offset(escape.spawn.statement.start)
                            own.setdefault(key, (escape, framework, []))[2].append((unit, part))
                        else:
                            yield _at_call(unit, part, escape, context.name, framework)
    for escape, framework, callers in own.values():
        yield _in_callee(escape, framework, callers)


def _context_handlers(program: Program) -> Iterator[tuple[FunctionUnit, ir.Symbol, Framework]]:
    """The handlers whose context can be passed as a ``context.Context``: those of gin and of fiber v3."""
    for code in program.requests:
        if code.framework in _ARE_CONTEXTS and code.context is not None and not code.unit.file.is_test:
            yield code.unit, code.context, code.framework


def _derived(
    unit: FunctionUnit, context: ir.Symbol, derived: set[ir.Symbol], framework: Framework
) -> Iterator[Finding]:
    """``ctx := context.WithValue(c, …)``: the goroutine asks c through ctx."""
    derived = {symbol for symbol in derived if framework_of(unit.typer.symbol_type(symbol)) is None}
    for spawn in unit.spawns:
        used = next((symbol for symbol in sorted(derived, key=lambda s: s.start) if keeps(spawn, {symbol})), None)
        if used is not None and not keeps(spawn, {context}) and not spawn.joined:
            message = (
                f"{used.name} asks {context.name} for its values, and is used in a goroutine after this handler may have"
                f" returned: {framework.value} may already serve another request with {context.name}"
            )
            yield _report(spawn, message, Evidence(), ())


def _in_callee(escape: Escape, framework: Framework, callers: list[tuple[FunctionUnit, ir.Call]]) -> Finding:
    unit = escape.spawn.unit
    related = tuple(
        Related(
            Span(*caller.span(call)),
            f"{caller.qualified} passes its {framework.value} context",
            caller.file.path if caller.file is not unit.file else "",
        )
        for caller, call in callers[:4]
    )
    handlers = ", ".join(sorted({caller.qualified for caller, _ in callers})[:3])
    message = (
        f"the context that {unit.qualified} gets is a {framework.value} context ({handlers} passes it), and is used in a"
        f" goroutine after that handler may have returned: {framework.value} may already serve another request with it"
    )
    return _report(escape.spawn, message, Evidence(), related)


def _at_call(unit: FunctionUnit, call: ir.Call, escape: Escape, name: str, framework: Framework) -> Finding:
    spawn = escape.spawn
    there = spawn.unit
    return Finding(
        code="gin-context-in-goroutine",
        path=unit.file.path,
        span=Span(*unit.span(call)),
        message=(
            f"{name} goes to a goroutine of {there.qualified}, which may use it after this handler has returned:"
            f" {framework.value} may already serve another request with it"
        ),
        evidence=Evidence(),
        related=(
            *(
                Related(Span(*caller.span(passed)), "goes on here", caller.file.path)
                for caller, passed in escape.calls[1:]
            ),
            Related(Span(*there.span(spawn.statement)), "the goroutine starts here", there.file.path),
        ),
        function=Span(unit.chunk.start, unit.chunk.end),
    )


RULE = Rule(
    module=__name__,
    code="gin-context-in-goroutine",
    tier=Tier.CORE,
    summary="a request context is used in a goroutine that may outlive its handler",
    check_package=_check,
    needs=PACKAGES,
    fix="safe",
)
