"""The numbers of a database pool go to Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_databases import UnmonitoredPool
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement

_IMPORTS = frozenset(
    {
        "github.com/prometheus/client_golang/prometheus",
        "github.com/prometheus/client_golang/prometheus/collectors",
    }
)


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, UnmonitoredPool)
    if not evidence.name or evidence.after < 0:
        return
    place = Place(Where.BLOCK_START if evidence.block_start else Where.AFTER, evidence.after)
    line = f'prometheus.MustRegister(collectors.NewDBStatsCollector({evidence.name}, "{evidence.label}"))'
    edit = insert_statement(source, place, [line])
    if edit is not None:
        yield Fix("monitor-pool", "Register a collector of its numbers", (edit,), Applicability.UNSAFE, _IMPORTS)


FIX = CodeFix("monitor-pool", UnmonitoredPool, _offer)
