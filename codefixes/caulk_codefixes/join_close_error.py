"""The error of a deferred close joins the error that the function returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from caulk.findings.evidence_resources import UncheckedClose
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.deferral import JOIN_SINCE, deferral
from caulk_codefixes.layout import replace_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, UncheckedClose)
    if evidence.error is None or settings.go_version < JOIN_SINCE:
        return
    joined = deferral(evidence.release, replace(settings, defer_style="join-error"), evidence.error)
    edit = replace_statement(source, evidence.start, evidence.end, joined.lines)
    if edit is not None:
        edits = (edit, *joined.edits)
        yield Fix("join-close-error", "Return the error of the close too", edits, Applicability.UNSAFE, joined.imports)


FIX = CodeFix("join-close-error", UncheckedClose, _offer)
