"""Bodies that are closed unread: their connections are not used again."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_clients import UnreadBody
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import statements
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule
from caulk.semantics.model import named

DRAINS_ITSELF = (1, 27)
"""The toolchain from which Close reads what is left of a body, up to 256 KiB or 50 ms."""

_NO_BODY = (b"Head(", b"HEAD", b"MethodHead", b"StatusNoContent")
"""Words of requests whose answers have no body."""


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    version = unit.program.version
    built_with = version.toolchain or version.language
    if built_with is None or built_with >= DRAINS_ITSELF:
        return
    if b".Body.Close()" not in unit.text or unit.function.body is None or _has_no_body(unit):
        return
    for statement in statements(unit.function.body, literals=True):
        match statement:
            case ir.Assign(left=(ir.Name(symbol=ir.Symbol() as response), _), right=(ir.Call() as call,)):
                if _is_response(unit, response) and _is_reused(unit, call) and _is_repeated(unit, call):
                    yield from _unread(unit, response, call)
            case _:
                pass


def _is_response(unit: FunctionUnit, symbol: ir.Symbol) -> bool:
    type_ = named(unit.typer.symbol_type(symbol))
    return type_ is not None and type_.qualified == "net/http.Response"


def _is_reused(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether the client lives on: the default one, a field, a package variable, a parameter."""
    callee = unit.typer.callee(call)
    if not callee.name.startswith(("net/http.Client.", "net/http.Get", "net/http.Post")):
        return False
    base = call.func.base if isinstance(call.func, ir.Selector) else None
    return not (isinstance(base, ir.Name) and base.symbol is not None and base.symbol.kind is ir.SymbolKind.LOCAL)


def _is_repeated(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether the same server is likely to be asked again: for every request, or through the client of an object."""
    base = call.func.base if isinstance(call.func, ir.Selector) else None
    if isinstance(base, ir.Selector) and unit.typer.qualified_name(base) is None:
        return True
    return unit.program.requests.of(unit.uses.function_of(call)) is not None


def _has_no_body(unit: FunctionUnit) -> bool:
    return any(word in unit.text for word in _NO_BODY)


def _unread(unit: FunctionUnit, response: ir.Symbol, call: ir.Call) -> Iterator[Finding]:
    """All that is done with the body is one close, and the response itself goes nowhere."""
    closes: list[ir.Selector] = []
    for name in unit.uses.names.get(response, ()):
        parent = unit.uses.parent(name)
        if isinstance(parent, ir.Assign) and any(target is name for target in parent.left):
            continue
        if not isinstance(parent, ir.Selector):
            return
        if parent.field == "Body":
            above = unit.uses.parent(parent)
            if not isinstance(above, ir.Selector) or above.field != "Close":
                return
            closes.append(parent)
    if len(closes) != 1:
        return
    statement: ir.Node | None = closes[0]
    while isinstance(statement, ir.Selector | ir.Call):
        statement = unit.uses.parent(statement)
    yield finding_at(
        unit,
        call,
        code="http-body-undrained",
        tier=Tier.EXPERIMENTAL,
        message=f"{response.name}.Body is closed unread: before Go 1.27 that ends the connection, and the next request dials anew",
        evidence=_evidence(unit, response, statement),
    )


def _evidence(unit: FunctionUnit, response: ir.Symbol, statement: ir.Node | None) -> Evidence:
    if not isinstance(statement, ir.ExprStmt | ir.Defer):
        return Evidence()
    return UnreadBody(f"{response.name}.Body", *unit.span(statement), isinstance(statement, ir.Defer))


RULE = Rule(
    module=__name__,
    code="http-body-undrained",
    tier=Tier.EXPERIMENTAL,
    summary="a response body is closed without being read",
    check_function=_check,
    fix="unsafe",
    tests_too=False,
)
