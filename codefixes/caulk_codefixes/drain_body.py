"""What is left of a body is read, up to a limit, before it is closed."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_clients import UnreadBody
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, UnreadBody)
    drain = f"io.Copy(io.Discard, io.LimitReader({evidence.body}, 256<<10))"
    if evidence.deferred:  # the last defer runs first
        edit = insert_statement(source, Place(Where.AFTER, evidence.end), [f"defer {drain}"])
    else:
        edit = insert_statement(source, Place(Where.BEFORE, evidence.start), [drain])
    if edit is not None:
        yield Fix("drain-body", "Read what is left before closing", (edit,), Applicability.UNSAFE, frozenset({"io"}))


FIX = CodeFix("drain-body", UnreadBody, _offer)
