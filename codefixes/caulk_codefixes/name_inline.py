"""``pool.Get().Do(…)``: the value gets a name in front of the statement, and a deferred release."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Inline, Place, Where
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.deferral import Deferral, deferral
from caulk_codefixes.layout import insert_statement, starts_line


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, Inline)
    if not starts_line(source, evidence.statement_start):
        return
    text = source.text(*evidence.call)
    naming = f"{evidence.name} := {text}"
    edits: list[Edit | None] = [Edit(*evidence.call, evidence.name.encode())]
    if "\n" in text:
        return
    if evidence.in_loop and not evidence.leaves:
        made = Deferral([])
        edits.append(_after(evidence, source))
        title = f"Name it `{evidence.name}` and call `{evidence.release.call}` behind the statement"
    else:
        made = deferral(evidence.release, settings, evidence.error)
        title = f"Name it `{evidence.name}` and add `defer {evidence.release.call}`"
    edits.append(insert_statement(source, Place(Where.BEFORE, evidence.statement_start), [naming, *made.lines]))
    known = [edit for edit in edits if edit is not None]
    if len(known) < len(edits):
        return
    safe = evidence.first and not (evidence.in_loop and not evidence.leaves)
    applicability = Applicability.SAFE if safe else Applicability.UNSAFE
    yield Fix("name-inline", title, (*made.edits, *known), applicability, made.imports)


def _after(evidence: Inline, source: SourceFile) -> Edit | None:
    return insert_statement(source, Place(Where.AFTER, evidence.statement_end), [evidence.release.call])


FIX = CodeFix("name-inline", Inline, _offer)
