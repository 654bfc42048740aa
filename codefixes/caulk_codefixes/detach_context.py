"""A goroutine that outlives its request gets a context that keeps the values of the request, but not its end."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_contexts import OutlivingContext
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import insert_statement

SINCE = (1, 21)
"""The Go version that brought ``context.WithoutCancel``."""


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, OutlivingContext)
    if settings.go_version < SINCE:
        return
    detached = f"context.WithoutCancel({evidence.context})"
    imports = {"context"}
    if evidence.body is None:
        edits = [Edit(start, end, detached.encode()) for start, end in evidence.uses]
    else:
        lines = [
            f"{evidence.name}, {evidence.cancel} := context.WithTimeout({detached}, 30*time.Second)",
            f"defer {evidence.cancel}()",
        ]
        insertion = insert_statement(source, Place(Where.BLOCK_START, evidence.body), lines)
        if insertion is None:
            return
        edits = [insertion, *(Edit(start, end, evidence.name.encode()) for start, end in evidence.uses)]
        imports.add("time")
    title = "Give the goroutine a context that does not end with the request"
    yield Fix("detach-from-request", title, tuple(edits), Applicability.UNSAFE, frozenset(imports))


FIX = CodeFix("detach-from-request", OutlivingContext, _offer)
