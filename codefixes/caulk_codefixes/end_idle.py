"""The idle connections of a client that only one call uses end with that call."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_clients import PerCallClient
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, PerCallClient)
    if evidence.ends is None:
        return
    name, end = evidence.ends
    call = f"{name}.CloseIdleConnections()"
    edit = insert_statement(source, Place(Where.AFTER, end), [f"defer {call}"])
    if edit is not None:
        yield Fix("end-idle", f"Add `defer {call}`", (edit,), Applicability.UNSAFE)


FIX = CodeFix("end-idle", PerCallClient, _offer)
