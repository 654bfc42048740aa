"""A deferred removal of a temporary file or folder; in a test the folder that the test removes itself."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_resources import LeftTemporary, TestFolder
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import insert_statement, replace_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, LeftTemporary)
    if evidence.in_test is not None:
        yield from _in_test(evidence.in_test, source)
    if evidence.defer_at is None:
        return
    edit = insert_statement(source, evidence.defer_at, [f"defer {evidence.removal}"])
    if edit is not None:
        title = f"Add `defer {evidence.removal}`"
        yield Fix("remove-temporary", title, (edit,), Applicability.UNSAFE, frozenset({"os"}))


def _in_test(folder: TestFolder, source: SourceFile) -> Iterator[Fix]:
    edit = replace_statement(source, folder.start, folder.end, [f"{folder.folder} := {folder.testing}.TempDir()"])
    if edit is not None and b"//" not in source.data[folder.start : folder.end]:
        dropped = frozenset({"os", "io/ioutil"})
        title = f"Use {folder.testing}.TempDir, which the test removes"
        yield Fix("remove-temporary", title, (edit,), Applicability.SAFE, drops_imports=dropped)


FIX = CodeFix("remove-temporary", LeftTemporary, _offer)
