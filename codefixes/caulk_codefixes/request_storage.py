"""A variable that all requests share moves into the storage of the request: gin's ``c.Set`` and ``c.Get…``, echo's ``c.Get``,
fiber's ``c.Locals``, or a typed key in the context of a ``net/http`` request."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_requests import SharedState, StoredUse
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import remove_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, SharedState)
    if not evidence.uses or evidence.whole_declaration is None or evidence.only_in_handler:
        return
    removal = remove_statement(source, *evidence.whole_declaration)
    if removal is None:
        return
    if evidence.getter:
        edits = [edit for use in evidence.uses for edit in _through_gin(evidence, use)]
        context = evidence.uses[0].context
        title = f"Keep {evidence.name} in the request: `{context}.Set` and `{context}.{evidence.getter}`"
        yield Fix("request-storage", title, (removal, *edits), Applicability.UNSAFE)
    elif evidence.reader_name:
        edits = [edit for use in evidence.uses for edit in _through_reader(evidence, use)]
        title = f"Keep {evidence.name} in the {'request' if evidence.setter else 'context of the request'}"
        imports = frozenset() if evidence.setter else frozenset({"context", "net/http"})
        yield Fix("request-storage", title, (removal, *edits, _reader(evidence, source)), Applicability.UNSAFE, imports)


def _through_gin(evidence: SharedState, use: StoredUse) -> Iterator[Edit]:
    if use.value is None:
        yield Edit(use.start, use.end, f'{use.context}.{evidence.getter}("{evidence.name}")'.encode())
    else:
        yield from _set(evidence, use, use.value)


def _through_reader(evidence: SharedState, use: StoredUse) -> Iterator[Edit]:
    if use.value is None:
        yield Edit(use.start, use.end, f"{evidence.reader_name}({use.context})".encode())
    elif evidence.setter:
        yield from _set(evidence, use, use.value)
    else:
        request = use.context
        stored = f"{request} = {request}.WithContext(context.WithValue({request}.Context(), {evidence.key_name}{{}}, "
        yield Edit(use.start, use.value[0], stored.encode())
        yield Edit(use.value[1], use.value[1], b"))")


def _set(evidence: SharedState, use: StoredUse, value: tuple[int, int]) -> Iterator[Edit]:
    yield Edit(use.start, value[0], f'{use.context}.{evidence.setter}("{evidence.name}", '.encode())
    yield Edit(value[1], value[1], b")")


def _reader(evidence: SharedState, source: SourceFile) -> Edit:
    """The function that reads the value, the zero value when nothing was set; for net/http with the type of its key."""
    if evidence.setter:
        context, kept, lines = "c", f'c.{evidence.lookup}("{evidence.name}")', ["", ""]
    else:
        context, kept = "r", f"r.Context().Value({evidence.key_name}{{}})"
        lines = ["", "", f"type {evidence.key_name} struct{{}}", ""]
    lines += [
        f"func {evidence.reader_name}({context} {evidence.parameter}) {evidence.type_name} {{",
        f"\tvalue, _ := {kept}.({evidence.type_name})",
        "\treturn value",
        "}",
    ]
    return Edit(evidence.function_end, evidence.function_end, source.newline.join(lines).encode())


FIX = CodeFix("request-storage", SharedState, _offer)
