"""Database handles whose numbers nobody exports, in a module that exports others."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence_databases import UnmonitoredPool
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import Program
from caulk.rules.databases.handles import opened_handles
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule
from caulk.rules.surroundings import module_mentions

_PROMETHEUS = "github.com/prometheus/client_golang"
_EXPORTED = re.compile(rb"NewDBStatsCollector|sqlstats|dbstats|otelsql|RegisterDBStatsMetrics|\.Stats\(\)")
"""Words of somebody who asks the handle for its numbers."""


def _check(program: Program) -> Iterator[Finding]:
    if not _uses_prometheus(program):
        return
    opened = list(opened_handles(program))
    if not opened or module_mentions(program, _EXPORTED):
        return
    for handle in opened:
        name = f"{handle.name}.DB" if handle.name and handle.is_sqlx else handle.name
        yield finding_at(
            handle.unit,
            handle.call,
            code="pool-unmonitored",
            tier=Tier.EXPERIMENTAL,
            message="the module has metrics, but none of this database's pool: a leak of connections shows there first, as waiting requests",
            evidence=UnmonitoredPool(name=name, after=handle.after, block_start=handle.block_start),
        )


def _uses_prometheus(program: Program) -> bool:
    module = program.package.module
    if module is not None and _PROMETHEUS in module.requires:
        return True
    return any(file.imports(_PROMETHEUS) for file in program.files)


RULE = Rule(
    module=__name__,
    code="pool-unmonitored",
    tier=Tier.EXPERIMENTAL,
    summary="the pool of a database handle is not monitored",
    check_package=_check,
    fix="unsafe",
    tests_too=False,
)
