"""Values that are copied into their pool."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.pools import is_pointer_like, puts_in
from caulk.flow.program import FunctionUnit
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for put in puts_in(unit):
        if not is_pointer_like(unit, unit.typer.type_of(put.value)):
            written = unit.source_text(put.value)
            yield finding_at(
                unit,
                put.call,
                code=RULE.code,
                tier=Tier.EXTENDED,
                message=f"{written} is no pointer: each Put allocates a copy of it, which is what the pool is to save",
            )


RULE = Rule(
    module=__name__,
    code="pool-put-by-value",
    tier=Tier.EXTENDED,
    summary="what is put into a pool is no pointer, so that each Put allocates",
    check_function=_check,
    gate=words("Put"),
    duplicates=("staticcheck: SA6002",),
    tests_too=False,
)
