"""The length of a buffer is taken before the closure that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_captures import HoistedLength
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, HoistedLength)
    taken = insert_statement(source, Place(Where.BEFORE, evidence.before), [f"{evidence.name} := {evidence.call}"])
    if taken is not None:
        uses = [Edit(start, end, evidence.name.encode()) for start, end in evidence.calls]
        yield Fix("hoist-length", f"Take `{evidence.call}` before the closure", (taken, *uses), Applicability.SAFE)


FIX = CodeFix("hoist-length", HoistedLength, _offer)
