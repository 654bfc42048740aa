"""A loop body with a deferred release becomes the body of a function literal: the defer runs every round."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import LoopDefer, Place, Where
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import insert_statement, remove_statement, with_comment


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, LoopDefer)
    if not evidence.crosses:
        yield from _wrap(evidence, source)
    else:
        yield from _release_each_round(evidence, source)


def _release_each_round(evidence: LoopDefer, source: SourceFile) -> Iterator[Fix]:
    """The release in front of everything that ends a round, instead of the defer. A panic in between is not covered."""
    removal = remove_statement(source, evidence.defer_start, with_comment(source, evidence.defer_end))
    if evidence.release is None or evidence.uses_value or removal is None:
        return
    places = [Place(Where.BEFORE, offset) for offset in evidence.leaving]
    insertions = [insert_statement(source, place, [evidence.release.call]) for place in places]
    if evidence.falls_through:
        end = Place(Where.BEFORE, evidence.body_end - 1)
        insertions.append(insert_statement(source, end, ["\t" + evidence.release.call]))
    known = [edit for edit in insertions if edit is not None]
    if len(known) < len(insertions) or any(edit.start < removal.end for edit in known):
        return
    title = f"Call `{evidence.release.call}` at the end of every round"
    yield Fix("release-each-round", title, (removal, *known), Applicability.UNSAFE)


def _wrap(evidence: LoopDefer, source: SourceFile) -> Iterator[Fix]:
    start, end = evidence.body_start + 1, evidence.body_end - 1
    body = source.data[start:end]
    if b"`" in body or not body.startswith((b"\n", b"\r\n")):
        return  # a raw string must not be indented; a body on one line needs laying out
    indent = source.line_indent(evidence.body_end - 1).encode()
    newline = source.newline.encode()
    edits = [Edit(start, start, newline + indent + b"\tfunc() {")]
    position = source.data.index(b"\n", start) + 1
    while position < end:
        line_end = source.line_end(position)
        if source.data[position:line_end].strip() and position < end and line_end <= end:
            edits.append(Edit(position, position, b"\t"))
        position = source.data.find(b"\n", line_end) + 1 or end
    closing = source.line_start(evidence.body_end - 1)
    edits.append(Edit(closing, closing, indent + b"\t}()" + newline))
    edits += [Edit(first, last, b"return") for first, last in evidence.continues]
    yield Fix(
        "wrap-loop-body",
        "Wrap the loop body in a function so that the defer runs every round",
        tuple(edits),
        Applicability.UNSAFE if evidence.held else Applicability.SAFE,
    )


FIX = CodeFix("wrap-loop-body", LoopDefer, _offer)
