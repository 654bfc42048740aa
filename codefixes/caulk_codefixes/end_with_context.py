"""A loop without a way out ends with the context in scope."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_goroutines import EndlessLoop, Pause
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import insert_clause, insert_statement, replace_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, EndlessLoop)
    edits = _edits(evidence, source)
    if edits:
        title = f"Leave the loop when {evidence.context} ends"
        yield Fix("end-with-context", title, edits, Applicability.UNSAFE)


def _edits(evidence: EndlessLoop, source: SourceFile) -> tuple[Edit, ...]:
    leave = [f"case <-{evidence.context}.Done():", "\treturn"]
    match evidence.pause:
        case Pause.SLEEP:
            lines = ["select {", *leave, f"case <-time.After({evidence.subject}):", "}"]
            edit = replace_statement(source, evidence.start, evidence.end, lines)
        case Pause.SELECT:
            edit = insert_clause(source, evidence.body, leave)
        case Pause.RANGE:
            lines = ["select {", *leave, f"case <-{evidence.subject}:", "}"]
            edit = insert_statement(source, Place(Where.BLOCK_START, evidence.body), lines)
            if edit is not None:
                return Edit(evidence.start, evidence.body, b"for "), edit
    return (edit,) if edit is not None else ()


FIX = CodeFix("end-with-context", EndlessLoop, _offer)
