"""Request contexts that a goroutine uses after the handler may have returned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from caulk.findings.evidence_requests import ContextUse, EscapedContext, UseKind
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.joins import is_joined
from caulk.flow.program import FunctionUnit
from caulk.flow.requests import PACKAGES, Framework, framework_of, parents
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements
from caulk.rules.naming import free_name
from caulk.rules.rule import Rule
from caulk.semantics.model import Pointer, Signature, named

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
    ["Get", "MustGet", "Keys", "Params", "QueryArray", "QueryMap", "GetStringMap", "GetStringSlice", "Value", "Errors"]
)
_HOIST_NAMES = {"ClientIP": "ip", "RealIP": "ip", "RemoteIP": "ip", "UserAgent": "userAgent", "FullPath": "path"}
_STARTERS = frozenset(
    {
        "golang.org/x/sync/errgroup.Group.Go",
        "golang.org/x/sync/errgroup.Group.TryGo",
        "sync.WaitGroup.Go",
        "time.AfterFunc",
    }
)
_BODY_USES = frozenset(
    {
        "Body",
        "Form",
        "PostForm",
        "MultipartForm",
        "FormValue",
        "PostFormValue",
        "FormFile",
        "ParseForm",
        "ParseMultipartForm",
    }
)


@dataclass(slots=True)
class _Start:
    """A statement that starts a goroutine: ``go f(…)``, ``g.Go(func…)``."""

    statement: ir.Stmt
    call: ir.Call
    literal: ir.Function | None
    callee: FunctionUnit | None = None
    contexts: list[ir.Name] = field(default_factory=list)
    """Contexts among the arguments of the call."""


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if (
        b"go " not in unit.text
        and b".Go(" not in unit.text
        and b"AfterFunc" not in unit.text
        and b".Submit(" not in unit.text
    ):
        return
    for function in unit.function.walk():
        if function.body is None:
            continue
        for start in _starts(unit, function):
            yield from _judge(unit, function, start)


def _starts(unit: FunctionUnit, function: ir.Function) -> Iterator[_Start]:
    assert function.body is not None
    for statement in statements(function.body):
        if isinstance(statement, ir.Go) and isinstance(statement.call, ir.Call):
            yield _started(unit, statement, statement.call)
        elif isinstance(statement, ir.ExprStmt) and isinstance(statement.expr, ir.Call):
            call = statement.expr
            callee = unit.typer.callee(call)
            if callee.name in _STARTERS or callee.short == "Submit":
                literal = next((arg.function for arg in call.args if isinstance(arg, ir.FuncLit)), None)
                if literal is not None:
                    yield _Start(statement, call, literal)


def _started(unit: FunctionUnit, statement: ir.Go, call: ir.Call) -> _Start:
    callee = unit.typer.callee(call)
    contexts = [arg for arg in call.args if isinstance(arg, ir.Name) and _is_context(unit, arg)]
    return _Start(statement, call, callee.literal, unit.program.unit_of_callee(callee), contexts)


def _is_context(unit: FunctionUnit, name: ir.Name) -> bool:
    """Whether the variable is a request context that its framework uses again: not a copy."""
    symbol = name.symbol
    if symbol is None or framework_of(unit.typer.symbol_type(symbol)) is None:
        return False
    definition = symbol.definition
    made = definition.expr if definition is not None else None
    copied = (
        isinstance(made, ir.Call)
        and isinstance(made.func, ir.Selector)
        and made.func.field in ("Copy", "Clone", "WithContext")
    )
    fresh = isinstance(made, ir.Call) and not copied and symbol.kind is ir.SymbolKind.LOCAL
    return not copied and not fresh and symbol.assigned == 0


def _judge(unit: FunctionUnit, function: ir.Function, start: _Start) -> Iterator[Finding]:
    found = _contexts_used(unit, start)
    for symbol, names in found.items():
        framework = framework_of(unit.typer.symbol_type(symbol))
        if framework is None:
            continue
        uses = tuple(_classified(unit, name) for name in names) if names else _uses_of_callee(start, symbol, unit)
        if framework is Framework.HTTP and not _is_served(unit, symbol):
            continue
        if framework is Framework.HTTP:
            uses = tuple(use for use in uses if use.kind is UseKind.WRITES)
        if not uses:
            continue
        body: ir.Node = start.call
        if not is_joined(unit, function, start.statement, body):
            yield _finding(unit, start, symbol, framework, uses, names)


def _is_served(unit: FunctionUnit, request: ir.Symbol) -> bool:
    """Whether the request is one that a server got: its function has a ResponseWriter too."""
    return any(
        (owner := named(unit.typer.resolve(param.type))) is not None and owner.qualified == "net/http.ResponseWriter"
        for param in request.function.params
    )


def _contexts_used(unit: FunctionUnit, start: _Start) -> dict[ir.Symbol, list[ir.Name]]:
    """The contexts that the goroutine sees, each with its uses inside a literal (none for ``go f(c)``)."""
    found: dict[ir.Symbol, list[ir.Name]] = {}
    for name in start.contexts:
        assert name.symbol is not None
        found[name.symbol] = []
    if start.literal is None or start.literal.body is None:
        return found
    own = {id(inner) for inner in start.literal.walk()}
    for part in expressions(start.literal.body, literals=True):
        if not isinstance(part, ir.Name) or part.symbol is None or id(part.symbol.function) in own:
            continue
        if _is_context(unit, part):
            found.setdefault(part.symbol, []).append(part)
    return found


def _uses_of_callee(start: _Start, symbol: ir.Symbol, unit: FunctionUnit) -> tuple[ContextUse, ...]:
    """What the function that gets the context does with its parameter; unknown functions are taken to read it."""
    positions = [n for n, arg in enumerate(start.call.args) if isinstance(arg, ir.Name) and arg.symbol is symbol]
    target = start.literal or (start.callee.function if start.callee is not None else None)
    target_unit = unit if start.literal is not None else start.callee
    name = start.contexts[0]
    if target is None or target_unit is None or target.body is None:
        return (ContextUse(UseKind.READS, *unit.span(name), name.name),)
    uses: list[ContextUse] = []
    for position in positions:
        param = target.params[position].symbol if position < len(target.params) else None
        if param is None:
            continue
        for part in expressions(target.body, literals=True):
            if isinstance(part, ir.Name) and part.symbol is param:
                kind = _classified(target_unit, part).kind
                uses.append(ContextUse(kind, *unit.span(name), name.name))
    return tuple(uses)


def _classified(unit: FunctionUnit, name: ir.Name) -> ContextUse:
    """What one use of the context's name is about."""
    above = parents(unit.function)
    parent = above.get(id(name))
    if isinstance(parent, ir.Selector):
        return _selected(unit, parent, above)
    if isinstance(parent, ir.Call) and any(arg is name for arg in parent.args):
        kind = UseKind.AS_CONTEXT if _wants_context(unit, parent, name) else UseKind.READS
        return ContextUse(kind, *unit.span(name), name.name)
    return ContextUse(UseKind.READS, *unit.span(name), name.name)


def _selected(unit: FunctionUnit, selector: ir.Selector, above: dict[int, ir.Node]) -> ContextUse:
    parent = above.get(id(selector))
    is_call = isinstance(parent, ir.Call) and parent.func is selector
    whole: ir.Node = parent if is_call and parent is not None else selector
    field_name = selector.field
    if (
        field_name in _VALUES
        and is_call
        and isinstance(whole, ir.Call)
        and all(isinstance(a, ir.Literal) for a in whole.args)
    ):
        return _value(unit, whole, _HOIST_NAMES.get(field_name, _named_by_argument(whole)))
    if field_name == "Request":
        return _of_request(unit, selector, above)
    if field_name in _READS or field_name in _VALUES:
        return ContextUse(UseKind.READS, *unit.span(whole), unit.source_text(whole))
    if is_call and field_name in ("Copy",):
        return ContextUse(UseKind.READS, *unit.span(whole), unit.source_text(whole))
    http_read = field_name in _REQUEST_FIELDS or field_name in (
        "Context",
        "Cookie",
        "Cookies",
        "BasicAuth",
        "PathValue",
    )
    if http_read:
        return ContextUse(UseKind.READS, *unit.span(whole), unit.source_text(whole))
    return ContextUse(UseKind.WRITES, *unit.span(whole), unit.source_text(whole))


def _value(unit: FunctionUnit, whole: ir.Node, name: str) -> ContextUse:
    return ContextUse(UseKind.VALUE, *unit.span(whole), unit.source_text(whole), free_name(unit, name))


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


def _of_request(unit: FunctionUnit, request: ir.Selector, above: dict[int, ir.Node]) -> ContextUse:
    """``c.Request…``: the context, a header or the URL can be taken before; the body cannot."""
    outer = above.get(id(request))
    if not isinstance(outer, ir.Selector):
        return ContextUse(UseKind.READS, *unit.span(request), unit.source_text(request))
    if outer.field in _BODY_USES:
        return ContextUse(UseKind.WRITES, *unit.span(outer), unit.source_text(outer))
    node: ir.Node = outer
    while True:
        parent = above.get(id(node))
        if isinstance(parent, ir.Selector) or (isinstance(parent, ir.Call) and parent.func is node):
            node = parent
            continue
        break
    if outer.field == "Context" and isinstance(node, ir.Call) and node.func is outer:
        return ContextUse(UseKind.REQUEST_CONTEXT, *unit.span(node), unit.source_text(node), free_name(unit, "ctx"))
    constant = isinstance(node, ir.Selector) or (
        isinstance(node, ir.Call) and all(isinstance(a, ir.Literal) for a in node.args)
    )
    if outer.field in _REQUEST_FIELDS and constant:
        name = _named_by_argument(node) if isinstance(node, ir.Call) and node.args else _lower_first(_last_field(node))
        return _value(unit, node, name)
    return ContextUse(UseKind.READS, *unit.span(node), unit.source_text(node))


def _last_field(node: ir.Node) -> str:
    if isinstance(node, ir.Call):
        return _last_field(node.func)
    return node.field if isinstance(node, ir.Selector) else "value"


def _lower_first(name: str) -> str:
    return name.lower() if name.isupper() else name[:1].lower() + name[1:]


def _wants_context(unit: FunctionUnit, call: ir.Call, name: ir.Name) -> bool:
    callee = unit.typer.callee(call)
    position = next(number for number, arg in enumerate(call.args) if arg is name)
    if not isinstance(callee.signature, Signature) or position >= len(callee.signature.params):
        return False
    wanted = named(callee.signature.params[position])
    return (
        wanted is not None
        and wanted.qualified == "context.Context"
        and not isinstance(callee.signature.params[position], Pointer)
    )


def _finding(
    unit: FunctionUnit,
    start: _Start,
    symbol: ir.Symbol,
    framework: Framework,
    uses: tuple[ContextUse, ...],
    names: list[ir.Name],
) -> Finding:
    evidence = EscapedContext(
        before=unit.offset(start.statement.start),
        context=symbol.name,
        uses=uses,
        names=tuple(unit.span(name) for name in names) or tuple(unit.span(name) for name in start.contexts),
        copy_name=free_name(unit, "cp"),
        detached_name=free_name(unit, "ctx"),
        copies=framework is Framework.GIN,
        as_argument=not names,
    )
    first = start.statement.start
    line_end = unit.file.source.line_end(unit.offset(first))
    end = min(unit.offset(start.statement.end), line_end)
    related = tuple(
        Related(Span(use.start, use.end), f"{use.text} runs in the goroutine")
        for use in {(use.start, use.end): use for use in uses}.values()
    )
    return Finding(
        code="gin-context-in-goroutine",
        path=unit.file.path,
        span=Span(unit.offset(first), end),
        message=_message(symbol.name, framework, uses),
        evidence=evidence,
        related=related[:4],
        function=Span(unit.chunk.start, unit.chunk.end),
    )


def _message(name: str, framework: Framework, uses: tuple[ContextUse, ...]) -> str:
    if framework is Framework.HTTP:
        return f"{name} is used in a goroutine for its body or form after this handler may have returned: net/http closes the body then"
    base = f"{name} is used in a goroutine after this handler may have returned: {framework.value} may already serve another request with it"
    if any(use.kind is UseKind.WRITES for use in uses):
        return (
            base
            + "; the goroutine answers or reads the body, so a copy does not help: do that before the handler returns"
        )
    return base


RULE = Rule(
    module=__name__,
    code="gin-context-in-goroutine",
    tier=Tier.CORE,
    summary="a request context is used in a goroutine that may outlive its handler",
    check_function=_check,
    needs=PACKAGES,
    fix="safe",
)
