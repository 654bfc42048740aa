"""Only buffers of an ordinary size go back to their pool."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_pools import UnguardedPut
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import replace_statement

LARGEST = "64<<10"
"""Bytes: what ``fmt`` and ``net/http`` of the standard library keep at most."""


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, UnguardedPut)
    lines = [f"if {evidence.buffer}.Cap() <= {LARGEST} {{", f"\t{evidence.call}", "}"]
    if evidence.deferred:
        lines = ["defer func() {", *(f"\t{line}" for line in lines), "}()"]
    edit = replace_statement(source, evidence.start, evidence.end, lines)
    if edit is not None:
        yield Fix("guard-put", "Put it back up to 64 KiB only", (edit,), Applicability.UNSAFE)


FIX = CodeFix("guard-put", UnguardedPut, _offer)
