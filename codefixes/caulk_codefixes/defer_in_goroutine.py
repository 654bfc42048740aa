"""``defer conn.Close()`` as the first line of the goroutine that a value was handed to."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Unreleased
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.deferral import deferral
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, Unreleased)
    if evidence.goroutine is None or evidence.explicit_release or evidence.transferred:
        return
    made = deferral(evidence.release, settings, None)  # a goroutine returns nothing
    edit = insert_statement(source, evidence.goroutine, made.lines)
    if edit is not None:
        title = f"Add `defer {evidence.release.call}` to the goroutine"
        yield Fix("defer-in-goroutine", title, (edit,), Applicability.SAFE, made.imports)


FIX = CodeFix("defer-in-goroutine", Unreleased, _offer)
