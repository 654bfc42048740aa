"""Wait groups that are waited for and never done."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.groups import WAIT_GROUP, LocalGroup, local_groups
from caulk.flow.program import FunctionUnit
from caulk.rules.report import finding_at, related_at
from caulk.rules.rule import Rule, words

_CODE = "waitgroup-never-done"


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for group in local_groups(unit, WAIT_GROUP):
        if not group.escapes and group.first("Done", "Go") is None:
            yield from _finding(unit, group)


def _finding(unit: FunctionUnit, group: LocalGroup) -> Iterator[Finding]:
    add, wait = group.first("Add"), group.first("Wait")
    if add is None or wait is None:
        return
    name = group.symbol.name
    why = f"nothing calls {name}.Done"
    related = [related_at(unit, add, "added here")]
    if group.copies:
        why = f"Done is called on a copy of {name}, which nobody waits for"
        related.append(related_at(unit, group.copies[0], "copied here"))
    yield finding_at(
        unit,
        wait,
        code=_CODE,
        tier=Tier.CORE,
        message=f"{why}: this waits for ever",
        related=related,
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="a wait group is waited for, and nothing is ever done",
    check_function=_check,
    gate=words("WaitGroup Add Wait"),
    needs=("sync",),
    duplicates=("vet: copylocks",),
)
