"""Values of a pool that a function gets and does not put back."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Place, Where
from caulk.findings.evidence_insertions import MissingStatements
from caulk.findings.finding import Finding, Tier
from caulk.flow.cfg import FunctionEnd
from caulk.flow.pools import VIEWS, Pooled, escapes, is_measured, methods_of, pooled_in, way_out_without_put
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule, words

_PUTS_BACK = ("Put", "Release", "Free", "Close", "Recycle", "Return", "Done")


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for value in pooled_in(unit):
        methods = {method for method, _ in methods_of(value)}
        if escapes(value) or any(method.startswith(_PUTS_BACK) for method in methods):
            continue
        if any(is_measured(value, put) for put in value.puts) or (not value.puts and methods & VIEWS):
            continue
        left = way_out_without_put(value)
        if left is not None:
            yield _finding(value, left, methods)


def _finding(value: Pooled, left: ir.Return | FunctionEnd, methods: set[str]) -> Finding:
    unit, name = value.unit, value.symbol.name
    where = f"on the way out at line {unit.line(left.start)}" if value.puts else f"into {value.pool}"
    return finding_at(
        unit,
        value.get,
        code=RULE.code,
        tier=Tier.EXTENDED,
        message=f"{name} is not put back {where}: nothing leaks, the reuse is lost",
        evidence=_evidence(value, methods),
    )


def _evidence(value: Pooled, methods: set[str]) -> Evidence:
    unit, name = value.unit, value.symbol.name
    in_loop = unit.placement(value.function).loop_around(value.statement) is not None
    if value.puts or in_loop or len(value.statement.left) != 1:
        return NO_EVIDENCE
    put = f"defer {value.pool}.Put({name})"
    lines = (f"{name}.Reset()", put) if value.is_buffer and "Reset" not in methods else (put,)
    return MissingStatements(Place(Where.AFTER, unit.offset(value.statement.end)), lines, f"Add `{put}`")


RULE = Rule(
    module=__name__,
    code="pool-get-without-put",
    tier=Tier.EXTENDED,
    summary="a function gets a value of a pool and does not put it back",
    check_function=_check,
    gate=words("Get"),
    needs=("sync",),
    fix="unsafe",
    tests_too=False,
)
