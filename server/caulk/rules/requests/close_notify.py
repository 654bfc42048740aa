"""Waits for a client to hang up, which the end of a request does not end."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Rewrite
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.flow.requests import PACKAGES, Framework, framework_of
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule, words

_CODE = "close-notify"
_METHOD = "CloseNotify"


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if unit.name == _METHOD or unit.function.body is None:
        return  # a writer that passes it on
    for part in expressions(unit.function.body, literals=True):
        if (
            isinstance(part, ir.Call)
            and isinstance(part.func, ir.Selector)
            and part.func.field == _METHOD
            and not part.args
            and any(_waits_on(unit, receive) for receive in _receives(unit, part))
        ):
            yield finding_at(
                unit,
                part,
                code=_CODE,
                tier=Tier.EXTENDED,
                message=(
                    "CloseNotify tells only that the connection was lost: on one that is kept alive this waits on after the"
                    " request; the request's context ends in both cases"
                ),
                evidence=_instead(unit, part, part.func.base),
            )


def _instead(unit: FunctionUnit, call: ir.Call, writer: ir.Expr) -> Evidence:
    """``c.Request.Context().Done()`` where the value that comes does not matter."""
    context = _context(unit, call, writer)
    if not context or not _only_awaited(unit, call):
        return NO_EVIDENCE
    text = f"{context}.Done()"
    return Rewrite(*unit.span(call), text, f"Wait for {text}")


def _context(unit: FunctionUnit, call: ir.Call, writer: ir.Expr) -> str:
    """The context of the request that ``writer`` answers, as written; empty when it is not at hand."""
    match writer:
        case ir.Selector(base=base, field="Writer") if framework_of(unit.typer.type_of(base)) is Framework.GIN:
            return f"{unit.source_text(base)}.Request.Context()"
        case ir.Assertion(base=ir.Name(symbol=ir.Symbol(kind=ir.SymbolKind.PARAM) as symbol)):
            for param in symbol.function.params:
                is_request = framework_of(unit.typer.resolve(param.type)) is Framework.HTTP
                if is_request and param.symbol is not None and param.symbol.assigned == 0:
                    return f"{param.name}.Context()"
    return ""


def _uses(unit: FunctionUnit, call: ir.Call) -> tuple[ir.Node, ...]:
    """The channel that the call gives, everywhere it is used: the call itself, or the variable that holds it."""
    parent = unit.uses.parent(call)
    symbol = parent.new[0] if isinstance(parent, ir.Assign) and parent.op == ":=" and len(parent.new) == 1 else None
    if symbol is None:
        return (call,)
    return tuple(name for name in unit.uses.names.get(symbol, ()) if name.start != symbol.start)


def _receives(unit: FunctionUnit, call: ir.Call) -> Iterator[ir.Unary]:
    for use in _uses(unit, call):
        parent = unit.uses.parent(use)
        if isinstance(parent, ir.Unary) and parent.op == "<-":
            yield parent


def _waits_on(unit: FunctionUnit, receive: ir.Unary) -> bool:
    """Whether nothing but the lost connection ends the wait, or a goroutine is what waits."""
    statement = unit.uses.parent(receive)
    case = unit.uses.parent(statement) if statement is not None else None
    select = unit.uses.parent(case) if isinstance(case, ir.CommCase) else None
    if not isinstance(select, ir.Select) or len(select.cases) == 1:
        return True
    literal = unit.uses.literals.get(unit.uses.function_of(receive))
    call = unit.uses.parent(literal) if literal is not None else None
    return not select.has_default and call is not None and isinstance(unit.uses.parent(call), ir.Go)


def _only_awaited(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether nobody looks at what comes: the type of the channel is another one afterwards."""
    receives = tuple(_receives(unit, call))
    if len(receives) != len(_uses(unit, call)):
        return False
    return all(isinstance(unit.uses.parent(receive), ir.ExprStmt) for receive in receives)


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="a handler waits for the end of the connection instead of the end of the request",
    check_function=_check,
    gate=words(_METHOD),
    needs=PACKAGES,
    fix="unsafe",
    tests_too=False,
)
