"""Maps that get an entry a request and never lose one."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.containers import Insert
from caulk.flow.program import Program
from caulk.flow.requests import PACKAGES
from caulk.rules.growth.growing_maps import Entry, entry_of, growing_maps, growth_finding, is_callers_key
from caulk.rules.growth.keyed import is_request_keyed
from caulk.rules.rule import Rule

_CODE = "unbounded-map"


def _check(program: Program) -> Iterator[Finding]:
    for insert in growing_maps(program):
        if entry_of(insert) is Entry.VALUE:
            yield growth_finding(insert, _CODE, _message(insert))


def _message(insert: Insert) -> str:
    unit = insert.code.unit
    container, key = unit.source_text(insert.container), unit.source_text(insert.key)
    if is_request_keyed(insert):
        chosen = "and its keys are the requests themselves, which it keeps alive"
    elif is_callers_key(insert):
        chosen = f"and its key ({key}) is chosen by the caller"
    else:
        chosen = f"and nothing bounds its key ({key})"
    return f"{container} never shrinks, {chosen}: one entry for every key stays for ever"


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="a long-lived map gets an entry for every request key and never loses one",
    check_package=_check,
    needs=PACKAGES,
    fix="unsafe",
)
