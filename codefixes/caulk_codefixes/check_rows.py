"""The error that ended a loop over rows is returned."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_databases import UncheckedRows
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, UncheckedRows)
    lines = [f"if err := {evidence.rows}.Err(); err != nil {{", f"\treturn {evidence.returned}", "}"]
    edit = insert_statement(source, Place(Where.AFTER, evidence.loop_end), lines)
    if edit is not None:
        yield Fix("check-rows", f"Return the error of {evidence.rows}.Err()", (edit,), Applicability.UNSAFE)


FIX = CodeFix("check-rows", UncheckedRows, _offer)
