"""A piece of code written in another way, as the evidence says."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Rewrite
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, Rewrite)
    edit = Edit(evidence.start, evidence.end, evidence.text.encode())
    yield Fix("rewrite", evidence.title, (edit,), Applicability.UNSAFE, frozenset(evidence.imports))


FIX = CodeFix("rewrite", Rewrite, _offer)
