"""A result that was thrown away gets a name, and what it holds is released."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Discarded, Place, Where
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.defer_release import deferred
from caulk_codefixes.layout import insert_statement, starts_line


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, Discarded)
    if evidence.in_header or evidence.in_loop or not starts_line(source, evidence.statement_start):
        return
    fix = _bind_expression(evidence, source) if evidence.blank is None else _name_blank(evidence, source, settings)
    if fix is not None:
        yield fix


def _name_blank(evidence: Discarded, source: SourceFile, settings: FixSettings) -> Fix | None:
    """``_, err := f()`` becomes ``resp, err := f()`` with a deferred release behind the check."""
    assert evidence.blank is not None
    if not evidence.defines:
        return _redeclared(evidence, source, settings)
    naming = Edit(*evidence.blank, evidence.name.encode())
    release = _deferred_release(evidence, source, settings)
    if release is None:
        return None
    return Fix(
        "bind-discarded",
        f"Name the result and add `defer {evidence.release.call}`",
        (naming, release),
        Applicability.SAFE,
    )


def _deferred_release(evidence: Discarded, source: SourceFile, settings: FixSettings) -> Edit | None:
    lines = deferred(evidence.release, settings)
    if evidence.defer_at is not None:
        return insert_statement(source, evidence.defer_at, lines)
    condition = f"{evidence.error_name} == nil" if evidence.error_name else f"{evidence.name} != nil"
    lines = [f"if {condition} {{", *("\t" + line for line in lines), "}"]
    return insert_statement(source, Place(Where.AFTER, evidence.statement_end), lines)


def _redeclared(evidence: Discarded, source: SourceFile, settings: FixSettings) -> Fix | None:
    """``_, err = f()`` and ``_ = f()``: the name needs a declaration of its own; only where it is the sole target."""
    assert evidence.blank is not None
    start, end = evidence.blank
    between = source.data[end : evidence.statement_end].lstrip()
    if start != evidence.statement_start or not between.startswith(b"="):
        return None
    equals = end + source.data[end : evidence.statement_end].index(b"=")
    release = _deferred_release(evidence, source, settings)
    if release is None:
        return None
    edits = (Edit(start, end, evidence.name.encode()), Edit(equals, equals + 1, b":="), release)
    return Fix("bind-discarded", f"Name the result and add `defer {evidence.release.call}`", edits, Applicability.SAFE)


def _bind_expression(evidence: Discarded, source: SourceFile) -> Fix | None:
    """``f()`` as a statement becomes ``if resp, err := f(); err == nil { resp.Body.Close() }``."""
    text = source.text(evidence.statement_start, evidence.statement_end)
    if "\n" in text or not evidence.results:
        return None
    names = ", ".join(evidence.results)
    error = next((name for name in evidence.results if name.startswith("err")), "")
    condition = f"{error} == nil" if error else ""
    newline, indent = source.newline, source.line_indent(evidence.statement_start)
    if condition:
        bound = f"if {names} := {text}; {condition} {{{newline}{indent}\t{evidence.release.call}{newline}{indent}}}"
    else:
        bound = f"{names} := {text}{newline}{indent}{evidence.release.call}"
    edit = Edit(evidence.statement_start, evidence.statement_end, bound.encode())
    return Fix("bind-discarded", f"Name the result and call `{evidence.release.call}`", (edit,), Applicability.SAFE)


FIX = CodeFix("bind-discarded", Discarded, _offer)
