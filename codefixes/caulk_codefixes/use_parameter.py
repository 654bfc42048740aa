"""The parameter of a finalizer in place of a variable from outside."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_captures import CapturedObject
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, CapturedObject)
    edits = tuple(Edit(start, end, evidence.name.encode()) for start, end in evidence.uses)
    if evidence.parameter is not None:
        edits = (Edit(*evidence.parameter, f"{evidence.name} ".encode()),)
    if edits:
        yield Fix("use-parameter", f"Use the parameter `{evidence.name}`", edits, Applicability.UNSAFE)


FIX = CodeFix("use-parameter", CapturedObject, _offer)
