"""Clients with a pool of their own that are made for every request or call, and never closed."""

from __future__ import annotations

from dataclasses import fields, replace

from caulk.findings.evidence import Evidence, Unreleased
from caulk.findings.evidence_clients import PerCallClient, UnclosedClient
from caulk.findings.finding import Finding, Tier
from caulk.flow.frequency import Frequency, frequency
from caulk.flow.leaks import Leak
from caulk.rules.hoisting import hoistable_call
from caulk.rules.unreleased import unreleased

_NAMES = {"redis client": "redisClient", "mongo client": "mongoClient", "pool": "pool"}


def _refine(leak: Leak, finding: Finding) -> Finding | None:
    """What runs once may keep its client for the life of the process."""
    if leak.unit.file.is_test:
        return None
    often = frequency(leak.unit, leak.acquire.function)
    looped = leak.unit.placement(leak.acquire.function).loop_around(leak.acquire.item) is not None
    if often in (Frequency.ONCE, Frequency.STARTS) and not looped:
        return None
    if often is Frequency.UNKNOWN and not looped and leak.unit.program.package.name == "main":
        return None  # a command: mostly once
    certain = looped or often is Frequency.REQUEST
    tier = Tier.CORE if certain else Tier.EXTENDED
    how = (
        "round of this loop"
        if looped
        else "request"
        if often is Frequency.REQUEST
        else f"call of {leak.unit.qualified}"
    )
    return replace(
        finding,
        message=f"{finding.message}; every {how} makes another one",
        evidence=_evidence(leak, finding.evidence),
        tier=tier,
        severity=tier.severity,
    )


def _evidence(leak: Leak, evidence: Evidence) -> Evidence:
    if not isinstance(evidence, Unreleased):
        return evidence
    contract = leak.acquire.contract
    hoist = hoistable_call(leak.unit, leak.acquire.call, _NAMES.get(contract.noun, "openDB"))
    if contract.release == "DB":  # gorm: the handle behind it is closed, in three statements of its own
        return PerCallClient(hoist=hoist)
    return UnclosedClient(**{f.name: getattr(evidence, f.name) for f in fields(Unreleased)}, hoist=hoist)


RULE = unreleased(
    __name__,
    code="client-per-request",
    summary="a database, redis or mongo client is made for every request and never closed",
    fix="safe",
    refine=_refine,
)
