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
        ):
            yield finding_at(
                unit,
                part,
                code=_CODE,
                tier=Tier.EXTENDED,
                message=(
                    "CloseNotify tells only that the connection was lost: on one that is kept alive, whoever waits for it"
                    " alone waits on after the request; the request's context ends in both cases"
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


def _only_awaited(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether nobody looks at what comes: the type of the channel is another one afterwards."""
    parent = unit.uses.parent(call)
    if _is_bare_receive(unit, parent):
        return True
    if not isinstance(parent, ir.Assign) or parent.op != ":=" or len(parent.left) != 1 or len(parent.new) != 1:
        return False
    symbol = parent.new[0]
    return symbol is not None and all(
        _is_bare_receive(unit, unit.uses.parent(name))
        for name in unit.uses.names.get(symbol, ())
        if name.start != symbol.start
    )


def _is_bare_receive(unit: FunctionUnit, node: ir.Node | None) -> bool:
    return isinstance(node, ir.Unary) and node.op == "<-" and isinstance(unit.uses.parent(node), ir.ExprStmt)


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
