"""Room in the channel for everybody who sends: ``make(chan T, 1)``."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_goroutines import BlockedSend
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, BlockedSend)
    buffer = evidence.buffer
    if buffer is None:
        return
    text = buffer.size if buffer.end > buffer.start else f", {buffer.size}"
    yield Fix(
        "buffer-channel",
        f"Give the channel a buffer of {buffer.size}",
        (Edit(buffer.start, buffer.end, text.encode()),),
        Applicability.SAFE if buffer.certain else Applicability.UNSAFE,
    )


FIX = CodeFix("buffer-channel", BlockedSend, _offer)
