"""``defer close(ch)`` where the function that sends leaves."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_goroutines import MissingClose
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, MissingClose)
    edit = insert_statement(source, Place(Where.AFTER, evidence.after), [f"defer close({evidence.channel})"])
    if edit is not None:
        yield Fix("close-channel", f"Add `defer close({evidence.channel})`", (edit,), Applicability.UNSAFE)


FIX = CodeFix("close-channel", MissingClose, _offer)
