"""What a goroutine does with a request context: whether its values can be read before, copied, or not at all."""

from __future__ import annotations

from typing import TypeAlias

from caulk.findings.evidence_requests import ContextUse, UseKind
from caulk.flow.lent import COPIERS
from caulk.flow.program import FunctionUnit
from caulk.flow.requests import Framework, parents
from caulk.ir import nodes as ir
from caulk.rules.naming import free_name
from caulk.semantics.model import Pointer, Signature, named

ContextExpr: TypeAlias = ir.Name | ir.Selector
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
_FIBER_VALUES = frozenset({*COPIERS, "IP", "Method", "Locals"})
"""Methods of fiber that read one value."""
_ECHO_VALUES = frozenset({"Get", "FormValue", "Logger", "Scheme"})
"""Those that only echo has, or that have one result there."""
_HOIST_NAMES = {
    "ClientIP": "ip",
    "RealIP": "ip",
    "RemoteIP": "ip",
    "IP": "ip",
    "UserAgent": "userAgent",
    "FullPath": "path",
    "Path": "path",
    "OriginalURL": "url",
    "Body": "body",
    "BodyRaw": "body",
    "Method": "method",
    "Logger": "logger",
}
_BODY_USES = frozenset(
    {
        *("Body", "Form", "PostForm", "MultipartForm", "FormValue", "PostFormValue", "FormFile"),
        *("ParseForm", "ParseMultipartForm"),
    }
)


def classified(unit: FunctionUnit, place: ContextExpr, framework: Framework) -> ContextUse:
    """What one use of a context is about."""
    above = parents(unit.function)
    parent = above.get(id(place))
    if isinstance(parent, ir.Selector):
        return _selected(unit, parent, above, framework)
    kind = UseKind.READS
    if isinstance(parent, ir.Call) and any(arg is place for arg in parent.args) and wants_context(unit, parent, place):
        kind = UseKind.AS_CONTEXT
    return ContextUse(kind, *unit.span(place), unit.source_text(place))


def _selected(unit: FunctionUnit, selector: ir.Selector, above: dict[int, ir.Node], framework: Framework) -> ContextUse:
    parent = above.get(id(selector))
    call = parent if isinstance(parent, ir.Call) and parent.func is selector else None
    whole: ir.Node = call if call is not None else selector
    name = selector.field
    if framework is Framework.HTTP and name in _BODY_USES:
        return ContextUse(UseKind.WRITES, *unit.span(whole), unit.source_text(whole))
    if call is not None and _is_value(framework, name) and all(isinstance(arg, ir.Literal) for arg in call.args):
        copier = COPIERS.get(name, "") if framework is Framework.FIBER else ""
        return _value(unit, whole, _HOIST_NAMES.get(name) or _named_by_argument(call), copier)
    if call is not None and framework is Framework.FIBER and _gives_context(unit, call):
        return _request_context(unit, call)
    if name == "Request":
        return _of_request(unit, whole, above)
    if name in _READS or name in _VALUES or (framework is Framework.HTTP and name in _REQUEST_FIELDS):
        return ContextUse(UseKind.READS, *unit.span(whole), unit.source_text(whole), copied=name in _COPIED | _VALUES)
    return ContextUse(UseKind.WRITES, *unit.span(whole), unit.source_text(whole))


def _is_value(framework: Framework, name: str) -> bool:
    if framework is Framework.FIBER:
        return name in _FIBER_VALUES
    return name in _VALUES or (framework is Framework.ECHO and name in _ECHO_VALUES)


def _value(unit: FunctionUnit, whole: ir.Node, name: str, copier: str = "") -> ContextUse:
    name = free_name(unit, name)
    return ContextUse(UseKind.VALUE, *unit.span(whole), unit.source_text(whole), name, copied=True, copier=copier)


def _gives_context(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether the result is a plain context: ``c.UserContext()``; ``c.Context()`` in fiber v3."""
    owner = named(unit.typer.type_of(call))
    return owner is not None and owner.qualified == "context.Context"


def _request_context(unit: FunctionUnit, call: ir.Call) -> ContextUse:
    return ContextUse(UseKind.REQUEST_CONTEXT, *unit.span(call), unit.source_text(call), free_name(unit, "ctx"))


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
            return _request_context(unit, call)
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


def wants_context(unit: FunctionUnit, call: ir.Call, place: ir.Expr) -> bool:
    callee = unit.typer.callee(call)
    position = next(number for number, arg in enumerate(call.args) if arg is place)
    if not isinstance(callee.signature, Signature) or position >= len(callee.signature.params):
        return False
    param = callee.signature.params[position]
    wanted = named(param)
    return wanted is not None and wanted.qualified == "context.Context" and not isinstance(param, Pointer)
