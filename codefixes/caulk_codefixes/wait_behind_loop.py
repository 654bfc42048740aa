"""``wg.Wait()`` moves behind the loop that starts the goroutines."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_goroutines import EarlyGroupWait
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement, remove_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, EarlyGroupWait)
    text = source.text(evidence.start, evidence.end)
    removal = remove_statement(source, evidence.start, evidence.end)
    insertion = insert_statement(source, Place(Where.AFTER, evidence.behind), [text])
    if removal is not None and insertion is not None:
        yield Fix("wait-behind-loop", f"Move {text} behind the loop", (removal, insertion), Applicability.UNSAFE)


FIX = CodeFix("wait-behind-loop", EarlyGroupWait, _offer)
