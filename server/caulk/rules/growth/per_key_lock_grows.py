"""Tables of locks or limiters that get one for every key and never lose one."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.containers import Insert
from caulk.flow.program import Program
from caulk.flow.requests import PACKAGES
from caulk.rules.growth.growing_maps import Entry, entry_of, growing_maps, growth_finding, is_callers_key
from caulk.rules.rule import Rule

_CODE = "per-key-lock-grows"
_ADVICE = {
    Entry.LOCK: "a fixed array of locks that a hash of the key chooses from does not grow (to delete a lock that somebody waits for lets two in)",
    Entry.LIMITER: "drop those that were idle for a while",
}


def _check(program: Program) -> Iterator[Finding]:
    for insert in growing_maps(program):
        entry = entry_of(insert)
        if entry is not Entry.VALUE:
            yield growth_finding(insert, _CODE, _message(insert, entry))


def _message(insert: Insert, entry: Entry) -> str:
    unit = insert.code.unit
    container, key = unit.source_text(insert.container), unit.source_text(insert.key)
    chosen = "which the caller chooses" if is_callers_key(insert) else "which nothing bounds"
    return f"{container} keeps one {entry.value} for every {key}, {chosen}, for ever: {_ADVICE[entry]}"


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="a table of locks or limiters gets one for every request key and never loses one",
    check_package=_check,
    needs=PACKAGES,
    fix="unsafe",
)
