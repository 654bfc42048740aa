"""What tests of the server do with a well-behaved client."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from pytest_lsp import LanguageClient

from caulk.lsp import documents


def open_file(client: LanguageClient, path: Path, text: str | None = None, version: int = 1) -> str:
    uri = path.as_uri()
    item = types.TextDocumentItem(uri, "go", version, path.read_text() if text is None else text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    return uri


async def pull(client: LanguageClient, uri: str) -> list[types.Diagnostic]:
    params = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
    report = await client.text_document_diagnostic_async(params)
    assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
    return list(report.items)


async def actions(
    client: LanguageClient, uri: str, where: types.Range, only: list[str] | None = None
) -> list[types.CodeAction]:
    context = types.CodeActionContext([], only=only)
    found = await client.text_document_code_action_async(
        types.CodeActionParams(types.TextDocumentIdentifier(uri), where, context)
    )
    return [action for action in found or [] if isinstance(action, types.CodeAction)]


async def edit_of(client: LanguageClient, action: types.CodeAction) -> types.WorkspaceEdit:
    if action.edit is None:
        action = await client.code_action_resolve_async(action)
    assert action.edit is not None
    return action.edit


def applied(text: str, edit: types.WorkspaceEdit, uri: str) -> str:
    """The text after an edit, applied as a client does."""
    edits: list[types.TextEdit | types.AnnotatedTextEdit] = []
    for change in edit.document_changes or []:
        if isinstance(change, types.TextDocumentEdit) and change.text_document.uri == uri:
            edits += [e for e in change.edits if isinstance(e, types.TextEdit | types.AnnotatedTextEdit)]
    edits += (edit.changes or {}).get(uri, [])
    document = documents.opened(types.TextDocumentItem(uri, "go", 1, text))
    places = [
        (documents.offset(document.source, e.range.start), documents.offset(document.source, e.range.end), e.new_text)
        for e in edits
    ]
    data = document.source.data
    for start, end, new in sorted(places, reverse=True):
        data = data[:start] + new.encode() + data[end:]
    return data.decode()
