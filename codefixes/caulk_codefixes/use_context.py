"""The context that is at hand in place of ``context.Background()``."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_contexts import UnrelatedContext
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.detach_context import SINCE


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, UnrelatedContext)
    if evidence.detached and settings.go_version < SINCE:
        return
    edit = Edit(evidence.start, evidence.end, evidence.replacement.encode())
    title = f"Use {evidence.replacement}"
    yield Fix("use-context", title, (edit,), Applicability.UNSAFE, drops_imports=frozenset({"context"}))


FIX = CodeFix("use-context", UnrelatedContext, _offer)
