"""Diagnostics: pulled when the client can, else pushed; never both. Those of files that are not open only when asked for."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from types import MappingProxyType

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from caulk.findings.finding import Finding
from caulk.findings.fingerprint import fingerprints
from caulk.lsp import convert
from caulk.lsp.documents import Document
from caulk.lsp.progress import Work
from caulk.lsp.protocol import OutOfDate
from caulk.lsp.state import CaulkServer, Shown


def register(server: CaulkServer) -> None:
    """The features that every client may use."""
    options = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier="caulk")

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)
    async def pull(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        document = server.current(params.text_document.uri)
        if document is None:
            return types.RelatedFullDocumentDiagnosticReport(items=[])
        try:
            items = await _diagnostics(server, document)
        except OutOfDate as error:  # a client that hears only that would show nothing
            again = types.DiagnosticServerCancellationData(retrigger_request=True)
            raise JsonRpcException(error.message, types.LSPErrorCodes.ServerCancelled.value, again) from error
        result = _result_id(items)
        if params.previous_result_id == result:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=result)
        return types.RelatedFullDocumentDiagnosticReport(items=items, result_id=result)


def register_workspace(server: CaulkServer) -> None:
    """Diagnostics of all files of the workspace; a user has to ask for them."""

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    async def pull_all(params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        known = {previous.uri: previous.value for previous in params.previous_result_ids}
        packages = await server.session.packages(server.folders())
        reports: list[types.WorkspaceDocumentDiagnosticReport] = []
        async with Work(server, "caulk: looking for leaks", len(packages)) as work:
            for directory, paths in packages.items():
                if work.is_cancelled:
                    break
                for document, analysis in await server.session.package(directory, paths):
                    items = [diagnostic for _, diagnostic in _converted(document, analysis.findings).values()]
                    reports.append(_report(document, items, known.pop(document.uri, None)))
                work.step(directory.rpartition("/")[2])
        reports += [
            types.WorkspaceFullDocumentDiagnosticReport(uri=uri, items=[])
            for uri in known
            if server.current(uri) is None
        ]
        server.tell_problems()
        return types.WorkspaceDiagnosticReport(items=reports)


def schedule(server: CaulkServer, uri: str, delay: float) -> None:
    """Push diagnostics after some quiet; an earlier plan is dropped."""
    if server.client.pulls:
        return
    earlier = server.pending.pop(uri, None)
    if earlier is not None:
        earlier.cancel()
    server.pending[uri] = asyncio.ensure_future(_push(server, uri, delay))


def schedule_beside(server: CaulkServer, document: Document) -> None:
    """Push those of the other files of a package too: a text that changed may be what they call."""
    if not server.client.pulls:
        for other in server.session.beside(document):
            schedule(server, other.uri, server.debounce)


async def refresh(server: CaulkServer) -> None:
    """Everything on screen may have changed."""
    if server.client.pulls:
        if server.client.refreshes:
            await server.workspace_diagnostic_refresh_async(None)
        return
    for uri in list(server.session.documents):
        schedule(server, uri, 0)


def closed(server: CaulkServer, uri: str) -> None:
    """A document was closed: nothing is planned for it any more, and a push client sees nothing of it."""
    server.shown.pop(uri, None)
    task = server.pending.pop(uri, None)
    if task is not None:
        task.cancel()
    if not server.client.pulls:
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))


async def _push(server: CaulkServer, uri: str, delay: float) -> None:
    await asyncio.sleep(delay)
    document = server.current(uri)
    if document is None:
        return
    with suppress(OutOfDate):  # the change has its own push
        items = await _diagnostics(server, document)
        server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, version=document.version, diagnostics=items)
        )


async def _diagnostics(server: CaulkServer, document: Document) -> list[types.Diagnostic]:
    analysis = await server.session.analysis(document)
    server.tell_problems()
    shown = server.shown[document.uri] = _converted(document, analysis.findings, server.shown.get(document.uri, {}))
    return [diagnostic for _, diagnostic in shown.values()]


def _converted(document: Document, findings: Sequence[Finding], known: Shown = MappingProxyType({})) -> Shown:
    """The findings as they are shown. One that was shown and is the same object is where it was: an edit makes new ones of all
    that it moves."""
    found: dict[int, tuple[Finding, types.Diagnostic]] = {}
    for finding, name in zip(findings, fingerprints(findings, document.source), strict=True):
        before = known.get(id(finding))
        if before is None or before[1].data != convert.data_of(name):
            before = finding, convert.diagnostic(finding, document, name)
        found[id(finding)] = before
    return found


def _report(
    document: Document, items: list[types.Diagnostic], known: str | None
) -> types.WorkspaceDocumentDiagnosticReport:
    result = _result_id(items)
    if known == result:
        return types.WorkspaceUnchangedDocumentDiagnosticReport(document.uri, result, document.version)
    return types.WorkspaceFullDocumentDiagnosticReport(document.uri, items, document.version, result_id=result)


def _place(shown: types.Range) -> str:
    """(The representation of a range takes longer than to find it.)"""
    start, end = shown.start, shown.end
    return f"{start.line}:{start.character}-{end.line}:{end.character}"


def _result_id(items: Iterable[types.Diagnostic]) -> str:
    """A name for what is shown: the same things at the same places have the same name."""
    text = "\n".join(f"{_place(item.range)} {item.code} {item.severity} {item.message} {item.data}" for item in items)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
