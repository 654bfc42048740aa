"""Request contexts that a goroutine uses after the handler may have returned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_requests import ContextUse, EscapedContext, UseKind
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import FRAMEWORKS, PACKAGES, Framework, framework_of, parents, sees_request
from caulk.flow.spawns import Escape, Spawn, carriers, escapes, is_context_type, keeps, spawns
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.naming import free_name
from caulk.rules.rule import Rule
from caulk.semantics.model import Pointer, Signature, named

_ContextExpr: TypeAlias = ir.Name | ir.Selector
"""What holds a request context: a variable, or a field (``h.c``)."""

_VALUES = frozenset(
    [
        "ClientIP",
        "RemoteIP",
        "Query",
        "DefaultQuery",
        "Param",
        "GetHeader",
        "GetString",
        "GetInt",
        "GetInt64",
        "GetUint",
        "GetBool",
        "GetFloat64",
        "GetDuration",
        "GetTime",
        "FullPath",
        "ContentType",
        "HandlerName",
        "IsWebsocket",
        "QueryParam",
        "RealIP",
        "Path",
        "Method",
        "URL",
        "UserAgent",
        "Referer",
    ]
)
"""Methods that read one value."""
_REQUEST_FIELDS = frozenset({"URL", "Header", "Method", "Host", "RemoteAddr", "RequestURI", "Proto"})
"""Fields of the request that may be read before the goroutine starts."""
_READS = frozenset(
    {
        *("Get", "MustGet", "Keys", "Params", "QueryArray", "QueryMap", "GetStringMap", "GetStringSlice", "Value"),
        *("GetQuery", "GetQueryArray", "GetPostFormArray", "Errors", "Cookie", "Copy", "Logger", "RealIP", "Locals"),
        *(
            "IP",
            "IPs",
            "Params",
            "OriginalURL",
            "Hostname",
            "UserContext",
            "Context",
            "Cookies",
            "BasicAuth",
            "PathValue",
        ),
        *("Done", "Err", "Deadline", "Request", "Engine"),
    }
)
_COPIED = frozenset(
    {"Get", "MustGet", "Keys", "Params", "QueryArray", "QueryMap", "GetQuery", "GetQueryArray", "GetStringMap"}
)
"""What a copy answers just as the context itself."""
_HOIST_NAMES = {"ClientIP": "ip", "RealIP": "ip", "RemoteIP": "ip", "UserAgent": "userAgent", "FullPath": "path"}
_BODY_USES = frozenset(
    {
        *("Body", "Form", "PostForm", "MultipartForm", "FormValue", "PostFormValue", "FormFile"),
        *("ParseForm", "ParseMultipartForm"),
    }
)


def _check(program: Program) -> Iterator[Finding]:
    for unit in program.functions:
        if unit.file.is_generated or not (unit.file.imports(*FRAMEWORKS) or sees_request(unit)):
            continue
        for spawn in spawns(unit):
            yield from _judge(spawn)
    yield from _through_callees(program)


# -- goroutines of the function that has the context


def _judge(spawn: Spawn) -> Iterator[Finding]:
    unit = spawn.unit
    for name, places in _contexts_used(spawn).items():
        framework = framework_of(unit.typer.type_of(places[0]))
        if framework is None or (framework is Framework.HTTP and not _is_served(unit, places[0])):
            continue
        inside = [place for place in places if not _is_argument(spawn, place)]
        uses = tuple(_classified(unit, place, framework) for place in inside)
        if not inside:
            uses = _uses_of_callee(spawn, places[0], framework)
        if framework is Framework.HTTP:
            uses = tuple(use for use in uses if use.kind is UseKind.WRITES)
        if uses and not spawn.joined:
            yield _finding(spawn, name, framework, uses, inside or places, as_argument=not inside)


def _is_argument(spawn: Spawn, place: _ContextExpr) -> bool:
    return any(argument is place for argument in spawn.arguments)


def _contexts_used(spawn: Spawn) -> dict[str, list[_ContextExpr]]:
    """The contexts that the goroutine sees, by their text, each with the places where it does."""
    unit = spawn.unit
    found: dict[str, list[_ContextExpr]] = {}
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


def _is_context(unit: FunctionUnit, place: _ContextExpr) -> bool:
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


def _is_served(unit: FunctionUnit, request: _ContextExpr) -> bool:
    """Whether the request is one that a server got: its function has a ResponseWriter too."""
    symbol = _root(request)
    return symbol is not None and any(
        (owner := named(unit.typer.resolve(param.type))) is not None and owner.qualified == "net/http.ResponseWriter"
        for param in symbol.function.params
    )


def _uses_of_callee(spawn: Spawn, context: _ContextExpr, framework: Framework) -> tuple[ContextUse, ...]:
    """What the function that gets the context does with its parameter; unknown functions are taken to read it."""
    unit = spawn.unit
    here = (*unit.span(context), unit.source_text(context))
    target = spawn.literal or (spawn.callee.function if spawn.callee is not None else None)
    owner = unit if spawn.literal is not None else spawn.callee
    if target is None or owner is None or target.body is None:
        callee = unit.typer.callee(spawn.call)
        kind = UseKind.AS_CONTEXT if _wants_context(unit, spawn.call, context) else UseKind.READS
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
                use = _classified(owner, part, framework)
                uses.append(ContextUse(use.kind, *here, copied=use.copied))
    return tuple(uses)


# -- what a use is about


def _classified(unit: FunctionUnit, place: _ContextExpr, framework: Framework) -> ContextUse:
    """What one use of a context is about."""
    above = parents(unit.function)
    parent = above.get(id(place))
    if isinstance(parent, ir.Selector):
        return _selected(unit, parent, above, framework)
    kind = UseKind.READS
    if isinstance(parent, ir.Call) and any(arg is place for arg in parent.args) and _wants_context(unit, parent, place):
        kind = UseKind.AS_CONTEXT
    return ContextUse(kind, *unit.span(place), unit.source_text(place))


def _selected(unit: FunctionUnit, selector: ir.Selector, above: dict[int, ir.Node], framework: Framework) -> ContextUse:
    parent = above.get(id(selector))
    call = parent if isinstance(parent, ir.Call) and parent.func is selector else None
    whole: ir.Node = call if call is not None else selector
    name = selector.field
    if framework is Framework.HTTP and name in _BODY_USES:
        return ContextUse(UseKind.WRITES, *unit.span(whole), unit.source_text(whole))
    if name in _VALUES and call is not None and all(isinstance(arg, ir.Literal) for arg in call.args):
        if framework is Framework.FIBER:  # its strings lie in buffers that the next request overwrites
            return ContextUse(UseKind.READS, *unit.span(whole), unit.source_text(whole))
        return _value(unit, whole, _HOIST_NAMES.get(name, _named_by_argument(call)))
    if name == "Request":
        return _of_request(unit, whole, above)
    if name in _READS or name in _VALUES or (framework is Framework.HTTP and name in _REQUEST_FIELDS):
        return ContextUse(UseKind.READS, *unit.span(whole), unit.source_text(whole), copied=name in _COPIED | _VALUES)
    return ContextUse(UseKind.WRITES, *unit.span(whole), unit.source_text(whole))


def _value(unit: FunctionUnit, whole: ir.Node, name: str) -> ContextUse:
    return ContextUse(UseKind.VALUE, *unit.span(whole), unit.source_text(whole), free_name(unit, name), copied=True)


def _named_by_argument(call: ir.Call) -> str:
    """``c.Query("user_id")`` → ``userID``-like: the letters of the argument, else ``value``."""
    for arg in call.args:
        if isinstance(arg, ir.Literal) and arg.kind == "string":
            words = "".join(char if char.isalnum() else " " for char in arg.text.strip('"`')).split()
            name = "".join(word.lower() if number == 0 else word.capitalize() for number, word in enumerate(words))
            if name[:1].isalpha() and name not in (
                "type",
                "func",
                "range",
                "map",
                "go",
                "select",
                "default",
                "case",
                "var",
            ):
                return name
    return "value"


def _of_request(unit: FunctionUnit, request: ir.Node, above: dict[int, ir.Node]) -> ContextUse:
    """``c.Request…``: the context, a header or the URL can be taken before; the body cannot."""
    outer = above.get(id(request))
    if not isinstance(outer, ir.Selector):
        return ContextUse(UseKind.READS, *unit.span(request), unit.source_text(request))
    if outer.field in _BODY_USES:
        return ContextUse(UseKind.WRITES, *unit.span(outer), unit.source_text(outer))
    node: ir.Node = outer
    parent = above.get(id(node))
    while isinstance(parent, ir.Selector) or (isinstance(parent, ir.Call) and parent.func is node):
        node, parent = parent, above.get(id(parent))
    if outer.field == "Context":
        call = above.get(id(outer))
        if isinstance(call, ir.Call):
            return ContextUse(UseKind.REQUEST_CONTEXT, *unit.span(call), unit.source_text(call), free_name(unit, "ctx"))
    constant = isinstance(node, ir.Selector) or (
        isinstance(node, ir.Call) and all(isinstance(a, ir.Literal) for a in node.args)
    )
    if outer.field in _REQUEST_FIELDS and constant:
        name = _named_by_argument(node) if isinstance(node, ir.Call) and node.args else _lower_first(_last_field(node))
        return _value(unit, node, name)
    copied = outer.field in _REQUEST_FIELDS
    return ContextUse(UseKind.READS, *unit.span(node), unit.source_text(node), copied=copied)


def _last_field(node: ir.Node) -> str:
    if isinstance(node, ir.Call):
        return _last_field(node.func)
    return node.field if isinstance(node, ir.Selector) else "value"


def _lower_first(name: str) -> str:
    return name.lower() if name.isupper() else name[:1].lower() + name[1:]


def _wants_context(unit: FunctionUnit, call: ir.Call, place: ir.Expr) -> bool:
    callee = unit.typer.callee(call)
    position = next(number for number, arg in enumerate(call.args) if arg is place)
    if not isinstance(callee.signature, Signature) or position >= len(callee.signature.params):
        return False
    param = callee.signature.params[position]
    wanted = named(param)
    return wanted is not None and wanted.qualified == "context.Context" and not isinstance(param, Pointer)


def _asks_for_gin(unit: FunctionUnit, spawn: Spawn) -> bool:
    """Whether somebody takes the gin context out of a context again, or asks it for a value by a plain string: a detached
    context would not answer."""
    programs = {unit.program, spawn.callee.program if spawn.callee is not None else unit.program}
    return any(program.says(_GIN_ASKED, tests_too=False) for program in programs)


_GIN_ASKED = re.compile(rb"\.\(\*gin\.Context\)|\.Value\(\s*\"")


def _finding(
    spawn: Spawn,
    name: str,
    framework: Framework,
    uses: tuple[ContextUse, ...],
    places: Iterable[_ContextExpr],
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
    own: dict[tuple[str, int], tuple[Escape, list[tuple[FunctionUnit, ir.Call]]]] = {}
    for unit, context in _gin_handlers(program):
        contexts = carriers(unit, context)
        if len(contexts) > 1:
            yield from _derived(unit, context, contexts - {context})
        for part in expressions(unit.function.body, literals=True) if unit.function.body is not None else ():
            if not isinstance(part, ir.Call):
                continue
            for number, argument in enumerate(part.args):
                if isinstance(argument, ir.Name) and argument.symbol in contexts:
                    for escape in escapes(unit, part, number):
                        where = escape.spawn.unit
                        if where.program is program:
                            key = where.file.path, where.offset(escape.spawn.statement.start)
                            own.setdefault(key, (escape, []))[1].append((unit, part))
                        else:
                            yield _at_call(unit, part, escape, context.name)
    for escape, callers in own.values():
        yield _in_callee(escape, callers)


def _gin_handlers(program: Program) -> Iterator[tuple[FunctionUnit, ir.Symbol]]:
    for code in program.requests:
        if code.framework is Framework.GIN and code.context is not None and not code.unit.file.is_test:
            yield code.unit, code.context


def _derived(unit: FunctionUnit, context: ir.Symbol, derived: set[ir.Symbol]) -> Iterator[Finding]:
    """``ctx := context.WithValue(c, …)``: the goroutine asks c through ctx."""
    derived = {symbol for symbol in derived if framework_of(unit.typer.symbol_type(symbol)) is None}
    for spawn in spawns(unit):
        used = next((symbol for symbol in sorted(derived, key=lambda s: s.start) if keeps(spawn, {symbol})), None)
        if used is not None and not keeps(spawn, {context}) and not spawn.joined:
            message = (
                f"{used.name} asks {context.name} for its values, and is used in a goroutine after this handler may have"
                f" returned: gin may already serve another request with {context.name}"
            )
            yield _report(spawn, message, Evidence(), ())


def _in_callee(escape: Escape, callers: list[tuple[FunctionUnit, ir.Call]]) -> Finding:
    unit = escape.spawn.unit
    related = tuple(
        Related(
            Span(*caller.span(call)),
            f"{caller.qualified} passes its gin context",
            caller.file.path if caller.file is not unit.file else "",
        )
        for caller, call in callers[:4]
    )
    handlers = ", ".join(sorted({caller.qualified for caller, _ in callers})[:3])
    message = (
        f"the context that {unit.qualified} gets is a gin context ({handlers} passes it), and is used in a goroutine after"
        " that handler may have returned: gin may already serve another request with it"
    )
    return _report(escape.spawn, message, Evidence(), related)


def _at_call(unit: FunctionUnit, call: ir.Call, escape: Escape, name: str) -> Finding:
    spawn = escape.spawn
    there = spawn.unit
    return Finding(
        code="gin-context-in-goroutine",
        path=unit.file.path,
        span=Span(*unit.span(call)),
        message=(
            f"{name} goes to a goroutine of {there.qualified}, which may use it after this handler has returned: gin may"
            " already serve another request with it"
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
