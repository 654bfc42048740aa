"""A goroutine waits for the process, so that it leaves the process table when it has ended."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_resources import UnwaitedProcess
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import insert_statement, replace_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, UnwaitedProcess)
    edits = _after_return(evidence, source) if evidence.returned else _after_check(evidence, source)
    if edits:
        yield Fix("reap-process", "Wait for the process in a goroutine", tuple(edits), Applicability.UNSAFE)


def _reaper(command: str) -> str:
    return f"go func() {{ _ = {command}.Wait() }}()"


def _after_return(evidence: UnwaitedProcess, source: SourceFile) -> list[Edit]:
    """``return cmd.Start()`` in five lines."""
    lines = [
        f"if {evidence.error} := {evidence.command}.Start(); {evidence.error} != nil {{",
        f"\treturn {evidence.error}",
        "}",
        _reaper(evidence.command),
        "return nil",
    ]
    if evidence.maker is not None:
        lines.insert(0, f"{evidence.command} := {source.text(*evidence.maker)}")
    edit = replace_statement(source, evidence.start, evidence.end, lines)
    return [edit] if edit is not None else []


def _after_check(evidence: UnwaitedProcess, source: SourceFile) -> list[Edit]:
    edits: list[Edit] = []
    if evidence.maker is not None:
        naming = insert_statement(
            source,
            Place(Where.BEFORE, evidence.start),
            [f"{evidence.command} := {source.text(*evidence.maker)}"],
        )
        if naming is None:
            return []
        edits += [naming, Edit(*evidence.maker, evidence.command.encode())]
    if evidence.after is not None:
        reaping = insert_statement(source, evidence.after, [_reaper(evidence.command)])
    elif source.text(evidence.start, evidence.end) == source.text(*evidence.call):
        return _unchecked(evidence, source)
    else:
        return []
    return [*edits, reaping] if reaping is not None else []


def _unchecked(evidence: UnwaitedProcess, source: SourceFile) -> list[Edit]:
    """``cmd.Start()`` as a statement: it may have failed."""
    lines = [f"if {evidence.command}.Start() == nil {{", "\t" + _reaper(evidence.command), "}"]
    if evidence.maker is not None:
        lines.insert(0, f"{evidence.command} := {source.text(*evidence.maker)}")
    edit = replace_statement(source, evidence.start, evidence.end, lines)
    return [edit] if edit is not None else []


FIX = CodeFix("reap-process", UnwaitedProcess, _offer)
