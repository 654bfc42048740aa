"""Large values in a context."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.finding import Confidence, Finding, Related, Span, Tier
from caulk.flow.program import FunctionUnit
from caulk.flow.requests import Framework, framework_of
from caulk.flow.shapes import last_name
from caulk.ir import nodes as ir
from caulk.ir.constants import constant_integer
from caulk.ir.visit import expressions
from caulk.rules.rule import Rule, words
from caulk.semantics.model import Basic, Named, Slice, Type, named

LARGE = 64 << 10
"""Bytes from which a constant ``make([]byte, n)`` counts as large."""

_SETTERS = ("github.com/gin-gonic/gin", "github.com/labstack/echo")
_READERS = frozenset({"io.ReadAll", "io/ioutil.ReadAll", "os.ReadFile", "io/ioutil.ReadFile"})
_HEAVY_TYPES = frozenset(
    {
        "bytes.Buffer",
        "image.RGBA",
        "image.NRGBA",
        "image.Image",
        "database/sql.Rows",
        "mime/multipart.Form",
    }
)
_WHOLE_REQUESTS = frozenset({"net/http.Request", "github.com/gin-gonic/gin.Context"})
"""They keep the request, its headers and what hangs on it; the body is not read yet."""


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b"WithValue" not in unit.words and not (b"Set" in unit.words and unit.file.imports(*_SETTERS)):
        return
    for function in unit.function.walk():
        if function.body is None:
            continue
        for part in expressions(function.body):
            if isinstance(part, ir.Call):
                value = _stored(unit, part)
                why = _why_large(unit, value) if value is not None else None
                if value is not None and why is not None:
                    yield _finding(unit, part, value, *why)


def _stored(unit: FunctionUnit, call: ir.Call) -> ir.Expr | None:
    """The value that a call puts into a context."""
    if last_name(call.func) not in ("WithValue", "Set"):
        return None
    callee = unit.typer.callee(call)
    if callee.name == "context.WithValue" and len(call.args) == 3:
        return call.args[2]
    func = call.func
    if callee.short != "Set" or not isinstance(func, ir.Selector) or len(call.args) != 2:
        return None
    framework = framework_of(unit.typer.type_of(func.base))
    return call.args[1] if framework in (Framework.GIN, Framework.ECHO) else None


def _why_large(unit: FunctionUnit, value: ir.Expr) -> tuple[str, Tier] | None:
    """What is known of its size, and how surely."""
    made = value
    if isinstance(value, ir.Name) and value.symbol is not None and value.symbol.definition is not None:
        made = value.symbol.definition.expr
    if isinstance(made, ir.Call):
        callee = unit.typer.callee(made)
        if callee.name in _READERS:
            return f"all that {callee.name} read", Tier.EXTENDED
        if callee.name == "make" and _is_large(made):
            return f"{unit.source_text(made)}", Tier.EXTENDED
    type_ = unit.typer.type_of(value)
    owner = named(type_)
    if owner is not None and owner.qualified in _HEAVY_TYPES:
        return f"a {_shown(owner)}", Tier.EXTENDED
    if owner is not None and owner.qualified in _WHOLE_REQUESTS:
        return f"a {_shown(owner)}", Tier.EXPERIMENTAL
    if isinstance(type_, Slice) and _is_byte(type_.elem):
        return "a byte slice", Tier.EXPERIMENTAL
    return None


def _shown(owner: Named) -> str:
    return f"{owner.path.rpartition('/')[2]}.{owner.name}"


def _is_byte(type_: Type | None) -> bool:
    return isinstance(type_, Basic) and type_.name == "uint8"


def _is_large(make: ir.Call) -> bool:
    size = constant_integer(make.args[1]) if len(make.args) > 1 else None
    return size is not None and size >= LARGE


def _finding(unit: FunctionUnit, call: ir.Call, value: ir.Expr, why: str, tier: Tier) -> Finding:
    return Finding(
        code="large-context-value",
        path=unit.file.path,
        span=Span(*unit.span(call)),
        message=f"{unit.source_text(value)} ({why}) is stored in a context: everything derived from the context keeps it alive; store an id and look the value up",
        evidence=Evidence(),
        related=(Related(Span(*unit.span(value)), "this value is kept"),),
        tier=tier,
        severity=tier.severity,
        confidence=Confidence.HIGH if tier is Tier.EXTENDED else Confidence.LOW,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


RULE = Rule(
    module=__name__,
    code="large-context-value",
    tier=Tier.EXTENDED,
    summary="a large value is stored in a context",
    check_function=_check,
    gate=words("WithValue", "Set"),
)
