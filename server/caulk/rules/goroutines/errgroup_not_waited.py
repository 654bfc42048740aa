"""Error groups that nobody waits for."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.groups import ERROR_GROUP, local_groups
from caulk.flow.program import FunctionUnit
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule, words

_CODE = "errgroup-not-waited"


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for group in local_groups(unit, ERROR_GROUP):
        started = group.first("Go", "TryGo")
        if started is not None and not group.escapes and not group.copies and group.first("Wait") is None:
            yield finding_at(
                unit,
                started,
                code=_CODE,
                tier=Tier.CORE,
                message=(
                    f"nothing waits for {group.symbol.name}: its goroutines run on when the function has returned, and their"
                    " errors are lost"
                ),
            )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="the goroutines of an errgroup are not waited for",
    check_function=_check,
    gate=words("errgroup Go", "errgroup TryGo"),
    needs=("golang.org/x/sync/errgroup",),
)
