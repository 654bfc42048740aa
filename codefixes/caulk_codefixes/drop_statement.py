"""A statement that must not be there goes."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_clients import NeedlessStatement
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import remove_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, NeedlessStatement)
    edit = remove_statement(source, evidence.start, evidence.end)
    if edit is not None:
        text = source.text(evidence.start, evidence.end)
        yield Fix("drop-statement", f"Remove `{text}`", (edit,), Applicability.UNSAFE)


FIX = CodeFix("drop-statement", NeedlessStatement, _offer)
