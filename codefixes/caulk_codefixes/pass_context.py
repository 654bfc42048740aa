"""The variant of a call that ends with its context."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_clients import MissingContext
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, MissingContext)
    separator = "" if evidence.is_last else ", "
    edits = (
        Edit(*evidence.method, evidence.replacement.encode()),
        Edit(evidence.arguments, evidence.arguments, f"{evidence.context}{separator}".encode()),
    )
    applicability = Applicability.SAFE if evidence.is_parameter else Applicability.UNSAFE
    yield Fix("pass-context", f"Call {evidence.replacement} with {evidence.context}", edits, applicability)


FIX = CodeFix("pass-context", MissingContext, _offer)
