"""Statements in front of each way out that lacks them."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_insertions import MissingAtExits
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, MissingAtExits)
    made = [insert_statement(source, place, list(evidence.lines)) for place in evidence.at]
    edits = tuple(edit for edit in made if edit is not None)
    if edits and len(edits) == len(made):
        where = "before this exit" if len(edits) == 1 else f"before these {len(edits)} exits"
        safety = Applicability.UNSAFE if evidence.changes_behaviour else Applicability.SAFE
        yield Fix("insert-before-exits", f"Add `{evidence.what}` {where}", edits, safety)


FIX = CodeFix("insert-before-exits", MissingAtExits, _offer)
