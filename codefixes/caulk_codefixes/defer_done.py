"""``defer wg.Done()`` as the first statement of the goroutine."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_goroutines import SkippedGroupDone
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement, remove_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, SkippedGroupDone)
    insertion = insert_statement(source, Place(Where.BLOCK_START, evidence.body), [f"defer {evidence.call}"])
    removals = [remove_statement(source, start, end) for start, end in evidence.dones]
    edits = tuple(edit for edit in (insertion, *removals) if edit is not None)
    if len(edits) == len(removals) + 1:
        safety = Applicability.SAFE if evidence.certain else Applicability.UNSAFE
        yield Fix("defer-done", f"Start the goroutine with `defer {evidence.call}`", edits, safety)


FIX = CodeFix("defer-done", SkippedGroupDone, _offer)
