"""``defer f()`` becomes ``defer f()()``: what f returns is what should run at the end."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_resources import UncalledResult
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, UncalledResult)
    edit = Edit(evidence.end, evidence.end, b"()")
    yield Fix("call-result", "Defer the function that the call returns", (edit,), Applicability.UNSAFE)


FIX = CodeFix("call-result", UncalledResult, _offer)
