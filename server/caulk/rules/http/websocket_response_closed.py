"""Closing the response of a websocket dial that went well."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_clients import NeedlessStatement
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule

_DIALS = frozenset({"github.com/coder/websocket.Dial", "nhooyr.io/websocket.Dial"})
"""Dials that take the body out of the response when they succeed. That of gorilla leaves an empty one there, which may be closed."""


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b"websocket" not in unit.text or b".Body.Close()" not in unit.text or unit.function.body is None:
        return
    for statement in statements(unit.function.body, literals=True):
        match statement:
            case ir.Assign(left=(_, ir.Name(symbol=ir.Symbol() as response), error), right=(ir.Call() as call,)):
                if unit.typer.callee(call).name in _DIALS:
                    yield from _closes(unit, response, error.symbol if isinstance(error, ir.Name) else None)
            case _:
                pass


def _closes(unit: FunctionUnit, response: ir.Symbol, error: ir.Symbol | None) -> Iterator[Finding]:
    for name in unit.uses.names.get(response, ()):
        body = unit.uses.parent(name)
        close = unit.uses.parent(body) if isinstance(body, ir.Selector) and body.field == "Body" else None
        call = unit.uses.parent(close) if isinstance(close, ir.Selector) and close.field == "Close" else None
        if not isinstance(call, ir.Call) or _is_guarded(unit, call, response, error):
            continue
        statement = unit.uses.parent(call)
        whole = isinstance(statement, ir.ExprStmt | ir.Defer)
        yield finding_at(
            unit,
            call,
            code="websocket-response-closed",
            tier=Tier.CORE,
            message=f"{response.name}.Body is nil after a dial that went well: the connection has taken it over, and this call panics",
            evidence=NeedlessStatement(*unit.span(statement)) if whole and statement is not None else Evidence(),
        )


def _is_guarded(unit: FunctionUnit, call: ir.Call, response: ir.Symbol, error: ir.Symbol | None) -> bool:
    """Whether the call stands where the dial has failed, or asks for the body first."""
    child: ir.Node = call
    parent = unit.uses.parent(child)
    while parent is not None:
        if isinstance(parent, ir.If) and child is parent.then and _asks(parent.cond, response, error):
            return True
        child, parent = parent, unit.uses.parent(parent)
    return False


def _asks(cond: ir.Expr, response: ir.Symbol, error: ir.Symbol | None) -> bool:
    for part in expressions(cond):
        match part:
            case ir.Binary(op="!=", left=ir.Name(symbol=symbol), right=ir.Name(name="nil")) if symbol is error:
                return True
            case ir.Selector(base=ir.Name(symbol=symbol), field="Body" | "StatusCode") if symbol is response:
                return True
            case _:
                pass
    return False


RULE = Rule(
    module=__name__,
    code="websocket-response-closed",
    tier=Tier.CORE,
    summary="the response of a successful websocket dial is closed",
    check_function=_check,
    fix="unsafe",
)
