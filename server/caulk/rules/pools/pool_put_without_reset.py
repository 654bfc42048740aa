"""Buffers that go back to their pool with what was written to them."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Place, Where
from caulk.findings.evidence_insertions import MissingStatements
from caulk.findings.finding import Finding, Related, Tier
from caulk.flow.pools import Pooled, Put, escapes, methods_of, pooled_in, writers_of
from caulk.flow.program import FunctionUnit
from caulk.rules.report import NO_EVIDENCE, finding_at, related_at
from caulk.rules.rule import Rule, words

_EMPTIES = ("Reset", "Truncate", "WriteTo", "Read", "Next")
"""Methods of a buffer by which it may be empty in the end (``ReadFrom`` is none of them)."""


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for value in pooled_in(unit):
        if not value.puts or not value.is_buffer or escapes(value):
            continue
        methods = methods_of(value)
        if any(method.startswith(_EMPTIES) and method != "ReadFrom" for method, _ in methods):
            continue
        written = [call for name, call in methods if name.startswith(("Write", "ReadFrom"))]
        written += [call for _, call in writers_of(value)]
        if written:
            first = min(written, key=lambda call: call.start)
            yield _finding(value, value.puts[0], related_at(unit, first, "written to here"))


def _finding(value: Pooled, put: Put, written: Related) -> Finding:
    name = value.symbol.name
    return finding_at(
        value.unit,
        put.call,
        code=RULE.code,
        tier=Tier.CORE,
        message=f"{name} goes back into {value.pool} with its contents, and is not reset behind the Get: "
        "the next one who gets it finds them",
        evidence=_evidence(value, put),
        related=(written,),
    )


def _evidence(value: Pooled, put: Put) -> Evidence:
    unit, name = value.unit, value.symbol.name
    if len(value.puts) != 1 or put.statement is None or len(value.statement.left) != 1:
        return NO_EVIDENCE
    if put.is_plain:
        at = Place(Where.BEFORE, unit.offset(put.statement.start))
    else:
        at = Place(Where.AFTER, unit.offset(value.statement.end))
    return MissingStatements(at, (f"{name}.Reset()",), f"Add `{name}.Reset()`", changes_behaviour=False)


RULE = Rule(
    module=__name__,
    code="pool-put-without-reset",
    tier=Tier.CORE,
    summary="a buffer goes back to its pool with what was written to it",
    check_function=_check,
    gate=words("Get Put"),
    needs=("sync",),
    fix="safe",
)
