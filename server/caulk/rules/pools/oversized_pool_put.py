"""Buffers that go back to their pool however large they have grown."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_pools import UnguardedPut
from caulk.findings.finding import Finding, Related, Tier
from caulk.flow.pools import Pooled, Put, escapes, methods_of, pooled_in, writers_of
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.report import NO_EVIDENCE, finding_at, related_at
from caulk.rules.rule import Rule, words

_GROWS = frozenset({"ReadFrom", "Grow", "Copy", "CopyBuffer", "NewEncoder", "Execute", "ExecuteTemplate"})
"""What writes as much as there is."""
_WRITES = ("Write", "WriteString")
"""What does so when it is given a variable."""
_MEASURES = frozenset({b"Cap", b"cap", b"Len", b"len"})


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if not unit.words.isdisjoint(_MEASURES):
        return
    for value in pooled_in(unit):
        if not value.puts or escapes(value) or not value.is_bytes_buffer:
            continue
        written = [*methods_of(value), *writers_of(value)]
        call = next((call for name, call in written if _is_open_ended(name, call)), None)
        if call is not None:
            yield _finding(value, value.puts[0], related_at(unit, call, "grows with what comes"))


def _is_open_ended(name: str, call: ir.Call) -> bool:
    """Whether the call writes as much as there is."""
    return name in _GROWS or (name in _WRITES and isinstance(call.args[-1], ir.Name | ir.Selector | ir.Index))


def _finding(value: Pooled, put: Put, grown: Related) -> Finding:
    name = value.symbol.name
    return finding_at(
        value.unit,
        put.call,
        code=RULE.code,
        tier=Tier.EXTENDED,
        message=f"{name} goes back into {value.pool} whatever its size: after one large piece the pool holds large buffers",
        evidence=_evidence(value, put),
        related=(grown,),
    )


def _evidence(value: Pooled, put: Put) -> Evidence:
    unit, statement = value.unit, put.statement
    if statement is None:
        return NO_EVIDENCE
    start, end = unit.span(statement)
    return UnguardedPut(start, end, unit.source_text(put.call), value.symbol.name, deferred=not put.is_plain)


RULE = Rule(
    module=__name__,
    code="oversized-pool-put",
    tier=Tier.EXTENDED,
    summary="a buffer goes back to its pool however large it has grown",
    check_function=_check,
    gate=words(*(f"Get Put {name}" for name in (*sorted(_GROWS), *_WRITES))),
    needs=("sync",),
    fix="unsafe",
    tests_too=False,
)
