"""Diagnostics: pulled when the client can, else pushed; never both. Those of files that are not open only when asked for."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
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
    everything = _Everything(server)

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    async def pull_all(params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        known = {previous.uri: previous.value for previous in params.previous_result_ids}
        items: list[types.WorkspaceDocumentDiagnosticReport] = []
        async for reports in everything.reports(params.work_done_token):
            found = [report.since(known.pop(report.uri, None)) for report in reports]
            if params.partial_result_token is None:
                items += found
            else:
                part = types.WorkspaceDiagnosticReportPartialResult(found)
                server.progress(types.ProgressParams(params.partial_result_token, part))
        if everything.is_complete:
            items += [
                types.WorkspaceFullDocumentDiagnosticReport(uri=uri, items=[])
                for uri in known
                if server.current(uri) is None
            ]
        server.tell_problems()
        return types.WorkspaceDiagnosticReport(items=items)


@dataclass(frozen=True, slots=True)
class _Report:
    """What there is to say of one file."""

    uri: str
    version: int | None
    items: list[types.Diagnostic]
    result: str

    def since(self, known: str | None) -> types.WorkspaceDocumentDiagnosticReport:
        """For a client that knows a result already."""
        if known == self.result:
            return types.WorkspaceUnchangedDocumentDiagnosticReport(self.uri, self.result, self.version)
        return types.WorkspaceFullDocumentDiagnosticReport(self.uri, self.items, self.version, result_id=self.result)


class _Everything:
    """The diagnostics of all files, kept by directory until something changes that they depend on: a client may ask for them
    every other second."""

    def __init__(self, server: CaulkServer) -> None:
        self._server = server
        self._packages: Mapping[str, Sequence[str]] = {}
        self._listed: object = None
        """The state at which these were listed."""
        self._known: dict[str, tuple[object, list[_Report]]] = {}
        self._ended: object = None
        """The state at which the user ended the work: it is not taken up again before something changes."""
        self.is_complete = False
        """Whether the last answer spoke of all files."""

    async def reports(self, token: types.ProgressToken | None) -> AsyncIterator[list[_Report]]:
        """What is known of all directories, and then what is found in the others, one by one."""
        session = self._server.session
        now = session.state(), tuple(self._server.folders())
        if self._listed != now:
            self._packages, self._listed = await session.packages(now[1]), now
            self._known = {
                directory: self._known[directory] for directory in self._packages if directory in self._known
            }
        new = [directory for directory in self._packages if not self._is_known(directory)]
        yield [report for directory in self._packages if directory not in new for report in self._known[directory][1]]
        self.is_complete = not new
        if not new or self._ended == now:
            return
        async with Work(self._server, "caulk: looking for leaks", len(new), token) as work:
            for directory in new:
                if work.is_cancelled:
                    self._ended = now
                    return
                yield await self._look_at(directory)
                work.step(directory.rpartition("/")[2])
        self.is_complete = True

    def _is_known(self, directory: str) -> bool:
        return directory in self._known and self._known[directory][0] == self._server.session.state(directory)

    async def _look_at(self, directory: str) -> list[_Report]:
        state = self._server.session.state(directory)
        found = []
        for document, analysis in await self._server.session.package(directory, self._packages[directory]):
            items = [diagnostic for _, diagnostic in _converted(document, analysis.findings).values()]
            found.append(_Report(document.uri, document.version, items, _result_id(items)))
        self._known[directory] = state, found
        return found


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


def _place(shown: types.Range) -> str:
    """(The representation of a range takes longer than to find it.)"""
    start, end = shown.start, shown.end
    return f"{start.line}:{start.character}-{end.line}:{end.character}"


def _result_id(items: Iterable[types.Diagnostic]) -> str:
    """A name for what is shown: the same things at the same places have the same name."""
    text = "\n".join(f"{_place(item.range)} {item.code} {item.severity} {item.message} {item.data}" for item in items)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
