"""The release that is missing in the function which ends the value's life."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_insertions import MissingRelease
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.deferral import Deferral, deferral
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, MissingRelease)
    made = deferral(evidence.release, settings, None) if evidence.deferred else Deferral([evidence.release.call])
    edit = insert_statement(source, evidence.at, made.lines)
    if edit is None:
        return
    call = f"defer {evidence.release.call}" if evidence.deferred else evidence.release.call
    applicability = Applicability.UNSAFE if evidence.changes_behaviour else Applicability.SAFE
    yield Fix("insert-release", f"Add `{call}` to {evidence.where}", (edit,), applicability, made.imports)


FIX = CodeFix("insert-release", MissingRelease, _offer)
