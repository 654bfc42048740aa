"""A send that gives up when a context ends."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_goroutines import BlockedSend
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import replace_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, BlockedSend)
    send = evidence.send
    if send is None:
        return
    text = source.text(send.start, send.end)
    if "\n" in text:
        return
    lines = ["select {", f"case {text}:", f"case <-{send.context}.Done():", "\treturn", "}"]
    edit = replace_statement(source, send.start, send.end, lines)
    if edit is not None:
        yield Fix("send-or-done", f"Give up when {send.context} ends", (edit,), Applicability.UNSAFE)


FIX = CodeFix("send-or-done", BlockedSend, _offer)
