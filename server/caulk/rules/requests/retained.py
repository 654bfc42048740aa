"""What the rules about stored requests report alike."""

from __future__ import annotations

from caulk.findings.evidence import Evidence
from caulk.findings.finding import Finding, Tier
from caulk.flow.retention import Retained, Storing
from caulk.rules.report import finding_at

_VERBS = {
    Storing.ASSIGNED: "is stored in",
    Storing.COLLECTED: "is put into",
    Storing.SENT: "is sent on",
}


def finding_of(store: Retained, code: str, why: str, evidence: Evidence) -> Finding:
    """The finding of a stored request: at the value, saying where it goes."""
    unit = store.code.unit
    value, sink = unit.source_text(store.value), unit.source_text(store.sink)
    return finding_at(
        unit,
        store.value,
        code=code,
        tier=Tier.CORE if store.certain else Tier.EXPERIMENTAL,
        message=f"{value} {_VERBS[store.how]} {sink}, which outlives the request: {why}",
        evidence=evidence,
    )
