"""A result that was thrown away gets a name, and what it holds is released."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Discarded, Place, Where
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.deferral import Deferral, deferral
from caulk_codefixes.layout import insert_statement, starts_line


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, Discarded)
    if evidence.in_header:
        fix = _bind_in_header(evidence, source)
    elif not starts_line(source, evidence.statement_start):
        return
    elif evidence.blank is None:
        fix = _bind_expression(evidence, source)
    else:
        fix = _name_blank(evidence, source, settings)
    if fix is not None:
        yield fix


def _fix(title: str, edits: tuple[Edit, ...], made: Deferral | None = None, *, safe: bool = True) -> Fix:
    applicability = Applicability.SAFE if safe else Applicability.UNSAFE
    extra, imports = (made.edits, made.imports) if made is not None else ((), frozenset())
    return Fix("bind-discarded", title, (*extra, *edits), applicability, imports)


def _name_blank(evidence: Discarded, source: SourceFile, settings: FixSettings) -> Fix | None:
    """``_, err := f()`` becomes ``resp, err := f()``, with a deferred release behind the check; in a loop with one on the
    spot, for nobody uses the value."""
    assert evidence.blank is not None
    if evidence.in_loop and evidence.needed:
        return None
    naming = [Edit(*evidence.blank, evidence.name.encode())]
    if not evidence.defines:
        declaration = _declaration(evidence, source)
        if declaration is None:
            return None
        naming.append(declaration)
    if evidence.in_loop:
        made = Deferral([evidence.release.call])
        title = f"Name the result and call `{evidence.release.call}`"
    else:
        made = deferral(evidence.release, settings, evidence.error)
        title = f"Name the result and add `defer {evidence.release.call}`"
    release = _release(evidence, source, made.lines)
    return _fix(title, (*naming, release), made) if release is not None else None


def _declaration(evidence: Discarded, source: SourceFile) -> Edit | None:
    """What declares the name of ``_, err = f()``: ``:=`` where that leaves the other names alone, else a line of its own."""
    if evidence.redefines is not None:
        return Edit(*evidence.redefines, b":=")
    if not evidence.type:
        return None
    return insert_statement(
        source, Place(Where.BEFORE, evidence.statement_start), [f"var {evidence.name} {evidence.type}"]
    )


def _release(evidence: Discarded, source: SourceFile, lines: list[str]) -> Edit | None:
    if evidence.defer_at is not None:
        return insert_statement(source, evidence.defer_at, lines)
    condition = f"{evidence.error_name} == nil" if evidence.error_name else f"{evidence.name} != nil"
    lines = [f"if {condition} {{", *("\t" + line for line in lines), "}"]
    return insert_statement(source, Place(Where.AFTER, evidence.statement_end), lines)


def _bind_in_header(evidence: Discarded, source: SourceFile) -> Fix | None:
    """``if _, err := f(); err != nil { … }`` becomes ``if resp, err := f(); err != nil { … } else { resp.Body.Close() }``."""
    if evidence.header is None or evidence.blank is None or not evidence.defines or evidence.needed:
        return None
    naming = Edit(*evidence.blank, evidence.name.encode())
    call = evidence.release.call
    if evidence.header.branch is not None:
        release = insert_statement(source, evidence.header.branch, [call])
    else:
        closing, newline = evidence.header.closing, source.newline
        indent = source.line_indent(closing - 1)
        release = Edit(closing, closing, f" else {{{newline}{indent}\t{call}{newline}{indent}}}".encode())
        if not starts_line(source, closing - 1):
            return None
    if release is None:
        return None
    return _fix(f"Name the result and call `{call}`", (naming, release), safe=False)


def _bind_expression(evidence: Discarded, source: SourceFile) -> Fix | None:
    """``f()`` as a statement becomes ``f().Body.Close()`` when it cannot fail, else
    ``if resp, err := f(); err == nil { resp.Body.Close() }``."""
    if evidence.needed:
        return None
    title = f"Name the result and call `{evidence.release.call}`"
    if evidence.chained:
        end = evidence.statement_end
        return _fix(f"Call `{evidence.chained}` on the result", (Edit(end, end, evidence.chained.encode()),))
    text = source.text(evidence.statement_start, evidence.statement_end)
    error = next((name for name in evidence.results if name.startswith("err")), "")
    if "\n" in text or not error:
        return None
    names = ", ".join(evidence.results)
    newline, indent = source.newline, source.line_indent(evidence.statement_start)
    bound = f"if {names} := {text}; {error} == nil {{{newline}{indent}\t{evidence.release.call}{newline}{indent}}}"
    return _fix(title, (Edit(evidence.statement_start, evidence.statement_end, bound.encode()),))


FIX = CodeFix("bind-discarded", Discarded, _offer)
