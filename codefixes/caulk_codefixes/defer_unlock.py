"""One deferred unlock in the place of all that stand before an exit."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_locks import DeferrableUnlock
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement, remove_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, DeferrableUnlock)
    deferred = insert_statement(source, Place(Where.AFTER, evidence.lock_end), [f"defer {evidence.call}"])
    removed = [remove_statement(source, *span) for span in evidence.unlocks]
    edits = tuple(edit for edit in (deferred, *removed) if edit is not None)
    if len(edits) == 1 + len(removed):
        yield Fix("defer-unlock", f"Use `defer {evidence.call}` for all ways out", edits, Applicability.SAFE)


FIX = CodeFix("defer-unlock", DeferrableUnlock, _offer)
