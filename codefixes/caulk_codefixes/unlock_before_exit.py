"""An unlock in front of each way out that lacks one."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_locks import MissingUnlock
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, MissingUnlock)
    made = [insert_statement(source, place, [evidence.call]) for place in evidence.at]
    edits = tuple(edit for edit in made if edit is not None)
    if edits and len(edits) == len(made):
        where = "before this exit" if len(edits) == 1 else f"before these {len(edits)} exits"
        safety = Applicability.UNSAFE if evidence.changes_behaviour else Applicability.SAFE
        yield Fix("unlock-before-exit", f"Add `{evidence.call}` {where}", edits, safety)


FIX = CodeFix("unlock-before-exit", MissingUnlock, _offer)
