"""The method that is meant in place of its sibling: ``RUnlock`` for ``Unlock``."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_locks import WrongMethod
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, WrongMethod)
    written = source.text(evidence.start, evidence.end)
    edit = Edit(evidence.start, evidence.end, evidence.meant.encode())
    yield Fix("rename-method", f"Call `{evidence.meant}` in place of `{written}`", (edit,), Applicability.SAFE)


FIX = CodeFix("rename-method", WrongMethod, _offer)
