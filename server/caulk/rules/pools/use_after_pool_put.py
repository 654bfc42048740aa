"""Values of a pool that are used after they were put back."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.pools import LateUse, Pooled, late_uses, pooled_in
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.report import finding_at, related_at
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for value in pooled_in(unit):
        for late in late_uses(value):
            yield _finding(value, late)


def _finding(value: Pooled, late: LateUse) -> Finding:
    unit, name = value.unit, value.symbol.name
    line = unit.line(late.put.call.start)
    if late.view and late.put.is_plain:
        message = f"what {name}.{late.view} gave lies in the buffer that line {line} puts back"
    elif late.view:
        message = f"what {name}.{late.view} gave is returned, and lies in the buffer that line {line} puts back"
    elif _is_second_put(value, late.node):
        message = f"{name} is put back a second time (line {line} does it already): two will get it"
    else:
        message = f"{name} is used after line {line} put it back"
    return finding_at(
        unit,
        late.node,
        code=RULE.code,
        tier=Tier.CORE,
        message=f"{message}: who gets it next writes to it at the same time",
        related=(related_at(unit, late.put.call, "put back here"),),
    )


def _is_second_put(value: Pooled, node: ir.Node) -> bool:
    return any(put.value is node for put in value.puts)


RULE = Rule(
    module=__name__,
    code="use-after-pool-put",
    tier=Tier.CORE,
    summary="a value of a pool is used after it was put back",
    check_function=_check,
    gate=words("Get Put"),
    needs=("sync",),
)
