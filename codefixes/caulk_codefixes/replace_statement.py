"""A statement in whose place others belong, as the evidence says."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import OtherStatements
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import replace_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, OtherStatements)
    edit = replace_statement(source, evidence.start, evidence.end, list(evidence.lines))
    if edit is not None:
        yield Fix("replace-statement", evidence.title, (edit,), Applicability.UNSAFE)


FIX = CodeFix("replace-statement", OtherStatements, _offer)
