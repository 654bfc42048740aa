"""Statements that are missing at one place which the analysis has found."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_insertions import MissingStatements
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, MissingStatements)
    edit = insert_statement(source, evidence.at, list(evidence.lines))
    if edit is not None:
        applicability = Applicability.UNSAFE if evidence.changes_behaviour else Applicability.SAFE
        yield Fix("insert-statements", evidence.title, (edit,), applicability, evidence.imports)


FIX = CodeFix("insert-statements", MissingStatements, _offer)
