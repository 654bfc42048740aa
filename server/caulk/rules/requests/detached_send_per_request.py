"""Goroutines that a request starts to send one value on a shared channel."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.program import Program
from caulk.flow.requests import PACKAGES, RequestCode
from caulk.ir import nodes as ir
from caulk.ir.visit import statements
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.requests.shared_channels import dropping, is_shared_channel
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests

_CODE = "detached-send-per-request"


def _check(program: Program) -> Iterator[Finding]:
    if is_for_tests(program):
        return
    for code in program.requests:
        body, unit = code.function.body, code.unit
        if body is None or unit.file.is_test or b"<-" not in unit.code or b"go" not in unit.words:
            continue
        for statement in statements(body):
            send = _only_send(statement)
            if send is not None and not _is_signal(send.value) and is_shared_channel(code, send.channel):
                yield _finding(code, statement, send)


def _only_send(statement: ir.Stmt) -> ir.Send | None:
    """The send of ``go func() { ch <- v }()``."""
    match statement:
        case ir.Go(call=ir.Call(func=ir.FuncLit(function=literal), args=())) if literal.body is not None:
            (first, *others) = literal.body.statements or (None,)
            return first if isinstance(first, ir.Send) and not others else None
        case _:
            return None


def _is_signal(value: ir.Expr) -> bool:
    """``struct{}{}``: it asks for something to be done, which must not be dropped, and comes seldom."""
    return isinstance(value, ir.Composite) and isinstance(value.type, ir.StructType) and not value.type.fields


def _finding(code: RequestCode, statement: ir.Stmt, send: ir.Send) -> Finding:
    unit = code.unit
    channel = unit.source_text(send.channel)
    keyword = ir.Node(statement.start, statement.start + len("go"))
    return finding_at(
        unit,
        keyword,
        code=_CODE,
        tier=Tier.EXTENDED,
        message=(
            f"every request starts a goroutine that waits for room in {channel}: when its reader falls behind, they pile up"
            " without a limit"
        ),
        evidence=dropping(unit, statement, send) or NO_EVIDENCE,
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="every request starts a goroutine that waits to send on a channel that all share",
    check_package=_check,
    needs=PACKAGES,
    fix="unsafe",
    tests_too=False,
)
