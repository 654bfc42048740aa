"""A ticker that is stopped when the function returns, in place of ``time.Tick``."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_timers import UnstoppableTicker
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, UnstoppableTicker)
    lines = [f"{evidence.name} := {evidence.constructor}", f"defer {evidence.name}.Stop()"]
    made = insert_statement(source, Place(Where.BEFORE, evidence.before), lines)
    if made is not None:
        used = Edit(evidence.start, evidence.end, f"{evidence.name}.C".encode())
        safety = Applicability.SAFE if evidence.certain else Applicability.UNSAFE
        yield Fix("stop-ticker", "Make a ticker and stop it when the function returns", (made, used), safety)


FIX = CodeFix("stop-ticker", UnstoppableTicker, _offer)
