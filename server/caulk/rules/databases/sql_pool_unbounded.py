"""Database handles on which nobody sets limits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence_requests import UnboundedPool
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import Program
from caulk.rules.databases.handles import opened_handles
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule
from caulk.rules.surroundings import module_mentions

_LIMIT = re.compile(rb"SetMaxOpenConns")
_SERVES = re.compile(
    rb"ListenAndServe|\.Serve(?:TLS)?\(|\b(?:gin|echo|fiber|chi|iris)\.(?:Default|New|NewRouter)\(|\bgrpc\.NewServer\(|lambda\.Start"
)
"""Only what serves requests has many of them at once: the handles of libraries and commands are limited by their callers."""


def _check(program: Program) -> Iterator[Finding]:
    if program.says(_LIMIT):
        return
    opened = list(opened_handles(program))
    if not opened or module_mentions(program, _LIMIT) or not module_mentions(program, _SERVES):
        return
    for handle in opened:
        yield finding_at(
            handle.unit,
            handle.call,
            code="sql-pool-unbounded",
            tier=Tier.EXTENDED,
            message="nothing in the module limits the connections of this database: under load it opens as many as there are requests, and keeps only two idle",
            evidence=UnboundedPool(name=handle.name, after=handle.after, block_start=handle.block_start),
        )


RULE = Rule(
    module=__name__,
    code="sql-pool-unbounded",
    tier=Tier.EXTENDED,
    summary="the connections of a database handle are not limited",
    check_package=_check,
    fix="unsafe",
)
