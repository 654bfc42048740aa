"""A variable that all requests share moves into the storage of the request: gin's ``c.Set`` and ``c.Get…``, or a typed key in
the context of a ``net/http`` request."""

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
    elif evidence.is_http:
        edits = [edit for use in evidence.uses for edit in _through_context(evidence, use)]
        helper = _reader(evidence, source)
        title = f"Keep {evidence.name} in the context of the request"
        imports = frozenset({"context", "net/http"})
        yield Fix("request-storage", title, (removal, *edits, helper), Applicability.UNSAFE, imports)


def _through_gin(evidence: SharedState, use: StoredUse) -> Iterator[Edit]:
    if use.value is None:
        yield Edit(use.start, use.end, f'{use.context}.{evidence.getter}("{evidence.name}")'.encode())
    else:
        yield Edit(use.start, use.value[0], f'{use.context}.Set("{evidence.name}", '.encode())
        yield Edit(use.value[1], use.value[1], b")")


def _through_context(evidence: SharedState, use: StoredUse) -> Iterator[Edit]:
    request = use.context
    if use.value is None:
        yield Edit(use.start, use.end, f"{evidence.reader_name}({request})".encode())
    else:
        stored = f"{request} = {request}.WithContext(context.WithValue({request}.Context(), {evidence.key_name}{{}}, "
        yield Edit(use.start, use.value[0], stored.encode())
        yield Edit(use.value[1], use.value[1], b"))")


def _reader(evidence: SharedState, source: SourceFile) -> Edit:
    """The key's type, and the function that reads the value: the zero value when nothing was set."""
    lines = [
        "",
        "",
        f"type {evidence.key_name} struct{{}}",
        "",
        f"func {evidence.reader_name}(r *http.Request) {evidence.type_name} {{",
        f"\tvalue, _ := r.Context().Value({evidence.key_name}{{}}).({evidence.type_name})",
        "\treturn value",
        "}",
    ]
    return Edit(evidence.function_end, evidence.function_end, source.newline.join(lines).encode())


FIX = CodeFix("request-storage", SharedState, _offer)
