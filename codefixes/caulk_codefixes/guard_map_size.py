"""A bound in front of the write that makes a map grow."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_requests import GrowingMap
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement

LIMIT = 10_000


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, GrowingMap)
    if evidence.is_sync_map or evidence.request_keys or not evidence.whole_statement or settings.go_version < (1, 21):
        return
    lines = [f"if len({evidence.container}) >= {LIMIT} {{", f"\tclear({evidence.container})", "}"]
    edit = insert_statement(source, Place(Where.BEFORE, evidence.write[0]), lines)
    if edit is not None:
        title = f"Empty {evidence.container} when it reaches {LIMIT:,} entries"
        yield Fix("guard-map-size", title, (edit,), Applicability.UNSAFE)


FIX = CodeFix("guard-map-size", GrowingMap, _offer)
