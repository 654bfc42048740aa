"""A ``break`` inside a select becomes one that leaves the loop."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_goroutines import InnerBreak
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import starts_line


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, InnerBreak)
    if evidence.may_return:
        edit = Edit(evidence.start, evidence.end, b"return")
        yield Fix("leave-loop", "Return instead of leaving the select only", (edit,), Applicability.UNSAFE)
        return
    edits = [Edit(evidence.start, evidence.end, f"break {evidence.label}".encode())]
    if not evidence.labelled:
        if not starts_line(source, evidence.loop_start):
            return
        start = source.line_start(evidence.loop_start)
        indent = source.line_indent(evidence.loop_start)[:-1]
        edits.append(Edit(start, start, f"{indent}{evidence.label}:{source.newline}".encode()))
    yield Fix("leave-loop", f"Break out of the loop `{evidence.label}`", tuple(edits), Applicability.UNSAFE)


FIX = CodeFix("leave-loop", InnerBreak, _offer)
