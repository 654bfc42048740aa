"""``wg.Add(1)`` moves in front of the ``go`` statement."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_goroutines import LateGroupAdd
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement, remove_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, LateGroupAdd)
    if not evidence.movable:
        return
    text = source.text(evidence.start, evidence.end)
    insertion = insert_statement(source, Place(Where.BEFORE, evidence.before), [text])
    removal = remove_statement(source, evidence.start, evidence.end)
    if insertion is not None and removal is not None:
        safety = Applicability.SAFE if evidence.first else Applicability.UNSAFE
        yield Fix("add-before-go", f"Move {text} in front of the goroutine", (insertion, removal), safety)


FIX = CodeFix("add-before-go", LateGroupAdd, _offer)
