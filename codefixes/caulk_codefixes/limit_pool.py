"""Limits for a database handle, with values to start from."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_requests import UnboundedPool
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, UnboundedPool)
    if not evidence.name or evidence.after < 0:
        return
    place = Place(Where.BLOCK_START if evidence.block_start else Where.AFTER, evidence.after)
    lines = [
        f"{evidence.name}.SetMaxOpenConns(25)",
        f"{evidence.name}.SetMaxIdleConns(25)",
        f"{evidence.name}.SetConnMaxLifetime(30 * time.Minute)",
        f"{evidence.name}.SetConnMaxIdleTime(5 * time.Minute)",
    ]
    edit = insert_statement(source, place, lines)
    if edit is not None:
        yield Fix("limit-pool", "Limit the connections", (edit,), Applicability.UNSAFE, frozenset({"time"}))


FIX = CodeFix("limit-pool", UnboundedPool, _offer)
