"""The server: what it answers to which message."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

from lsprotocol import types

from caulk.findings.finding import Finding
from caulk.findings.fingerprint import fingerprints
from caulk.lsp import convert, documents
from caulk.lsp.convert import Client
from caulk.lsp.documents import Document
from caulk.lsp.protocol import Protocol, Server, lenient_converter
from caulk.lsp.session import Session
from caulk.rules import registry
from caulk.version import __version__
from caulk_codefixes.codefix import Applicability, Fix
from caulk_codefixes.registry import offers
from caulk_codefixes.suppress import ID as SUPPRESS

log = logging.getLogger(__name__)

FIX_ALL = "source.fixAll.caulk"
FIX_ALL_COMMAND = "caulk.fixAll"
STATISTICS_COMMAND = "caulk.statistics"
DEBOUNCE = 0.12
"""Seconds of quiet after a keystroke before a push client gets new diagnostics."""


class CaulkServer(Server):
    """pygls' server with our session."""

    def __init__(self) -> None:
        super().__init__("caulk", __version__, protocol_cls=Protocol, converter_factory=lenient_converter)
        self.session = Session()
        self.client = Client(types.ClientCapabilities())
        self.debounce = DEBOUNCE
        self.pending: dict[str, asyncio.Task[None]] = {}
        self.told: set[str] = set()

    def current(self, uri: str) -> Document | None:
        return self.session.documents.get(uri)


def make_server() -> CaulkServer:
    """A server with all its features registered."""
    server = CaulkServer()
    _register_lifecycle(server)
    _register_documents(server)
    _register_diagnostics(server)
    _register_actions(server)
    return server


def serve() -> int:
    """Talk over standard input and output until the client leaves; the exit code that the protocol asks for."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    server = make_server()
    server.start_io()
    server.session.stop()
    protocol = server.protocol
    return 0 if isinstance(protocol, Protocol) and protocol.is_shut_down else 1


# -- lifecycle and configuration


def _register_lifecycle(server: CaulkServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.client = Client(params.capabilities)
        _configure(server, params.initialization_options)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configuration(params: types.DidChangeConfigurationParams) -> None:
        settings = params.settings
        _configure(server, settings.get("caulk", settings) if isinstance(settings, dict) else None)
        await _refresh(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def watched(params: types.DidChangeWatchedFilesParams) -> None:
        if any(change.uri.endswith(("caulk.toml", "go.mod", "go.work")) for change in params.changes):
            server.session.reset()
        else:
            server.session.changed_on_disk()
        await _refresh(server)

    @server.command(STATISTICS_COMMAND)
    def statistics(*_: Any) -> dict[str, int]:
        return {"analyses": server.session.analyses}


def _configure(server: CaulkServer, options: Any) -> None:
    known = dict(options) if isinstance(options, dict) else {}
    if "deferStyle" in known:
        known["defer-style"] = known.pop("deferStyle")
    if "moduleCache" in known:
        known["module-cache"] = known.pop("moduleCache")
    debounce = known.pop("debounce", None)
    if isinstance(debounce, int | float) and 0 <= debounce <= 10_000:
        server.debounce = debounce / 1000  # milliseconds
    server.session.configure(known)


async def _refresh(server: CaulkServer) -> None:
    """Everything on screen may have changed."""
    if server.client.pulls:
        if server.client.refreshes:
            await server.workspace_diagnostic_refresh_async(None)
        return
    for uri in list(server.session.documents):
        _schedule(server, uri, 0)


def _tell_problems(server: CaulkServer) -> None:
    """Mistakes in a configuration are told once each."""
    for problem in server.session.problems:
        if problem not in server.told:
            server.told.add(problem)
            server.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"caulk: {problem}"))


# -- documents


def _register_documents(server: CaulkServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def did_open(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        server.session.documents[item.uri] = documents.opened(item)
        _schedule(server, item.uri, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(params: types.DidChangeTextDocumentParams) -> None:
        identifier = params.text_document
        document = server.current(identifier.uri)
        if document is not None:
            after = documents.changed(document, identifier.version, params.content_changes)
            server.session.documents[identifier.uri] = after
            _schedule(server, identifier.uri, server.debounce)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def did_save(params: types.DidSaveTextDocumentParams) -> None:
        # some clients watch no files: what was saved may be a configuration, or what other packages import
        if params.text_document.uri.endswith(("caulk.toml", "go.mod", "go.work")):
            server.session.reset()
            await _refresh(server)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def did_close(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        task = server.pending.pop(uri, None)
        if task is not None:
            task.cancel()
        server.session.close(uri)
        if not server.client.pulls:
            server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))


# -- diagnostics: pulled when the client can, else pushed; never both


def _schedule(server: CaulkServer, uri: str, delay: float) -> None:
    """Push diagnostics after some quiet; an earlier plan is dropped."""
    if server.client.pulls:
        return
    earlier = server.pending.pop(uri, None)
    if earlier is not None:
        earlier.cancel()
    server.pending[uri] = asyncio.ensure_future(_push(server, uri, delay))


async def _push(server: CaulkServer, uri: str, delay: float) -> None:
    await asyncio.sleep(delay)
    document = server.current(uri)
    if document is None:
        return
    items = await _diagnostics(server, document)
    now = server.current(uri)
    if now is not None and now.version == document.version:  # an answer to a stale version is dropped
        server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, version=document.version, diagnostics=items)
        )


async def _diagnostics(server: CaulkServer, document: Document) -> list[types.Diagnostic]:
    analysis = await server.session.analysis(document)
    _tell_problems(server)
    names = fingerprints(analysis.findings, analysis.source)
    return [convert.diagnostic(finding, document, name) for finding, name in zip(analysis.findings, names, strict=True)]


def _register_diagnostics(server: CaulkServer) -> None:
    options = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier="caulk")

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)
    async def pull(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        document = server.current(params.text_document.uri)
        if document is None:
            return types.RelatedFullDocumentDiagnosticReport(items=[])
        items = await _diagnostics(server, document)
        result = f"{document.version}-{hash(tuple(str(item.data) + item.message + str(item.range) for item in items))}"
        if params.previous_result_id == result:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=result)
        return types.RelatedFullDocumentDiagnosticReport(items=items, result_id=result)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        document = server.current(params.text_document.uri)
        if document is None:
            return None
        at = documents.offset(document.source, params.position)
        for finding in (await server.session.analysis(document)).findings:
            rule = registry.rule_of(finding.code)
            if finding.span.start <= at <= finding.span.end and rule is not None:
                kind = types.MarkupKind.Markdown if server.client.markdown else types.MarkupKind.PlainText
                place = documents.range_of(document.source, finding.span.start, finding.span.end)
                return types.Hover(types.MarkupContent(kind, rule.page()), place)
        return None


# -- code actions


def _register_actions(server: CaulkServer) -> None:
    options = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL], resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        document = server.current(params.text_document.uri)
        if document is None:
            return []
        wanted = params.context.only
        actions: list[types.CodeAction] = []
        if _wants(wanted, types.CodeActionKind.QuickFix.value):
            actions += await _quick_fixes(server, document, params)
        if wanted and _wants(wanted, FIX_ALL):
            actions += await _fix_all_actions(server, document)
        return actions

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(action: types.CodeAction) -> types.CodeAction:
        data = action.data if isinstance(action.data, dict) else {}
        document = server.current(str(data.get("uri", "")))
        if document is None or document.version != data.get("version"):
            return action  # of another version: nothing that could be applied
        for finding in (await server.session.analysis(document)).findings:
            if [finding.span.start, finding.span.end, finding.code] == data.get("finding"):
                for fix in _offered(server, document, finding):
                    if fix.id == data.get("fix") and fix.title == action.title:
                        action.edit = server.client.workspace_edit(document, [fix])
        return action

    @server.command(FIX_ALL_COMMAND)
    async def fix_all(uri: str, *_: Any) -> bool:
        document = server.current(uri)
        if document is None:
            return False
        edit = await _fix_all_edit(server, document)
        if edit is None:
            return False
        label = "Fix all leaks that can be fixed safely"
        result = await server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=edit, label=label))
        return result.applied


def _wants(only: Any, kind: str) -> bool:
    """Whether a request for ``only`` these kinds is one for ``kind``: a kind stands for all below it."""
    return not only or any(
        kind == str(getattr(k, "value", k)) or kind.startswith(f"{getattr(k, 'value', k)}.") for k in only
    )


def _offered(server: CaulkServer, document: Document, finding: Finding) -> list[Fix]:
    fixes = offers(finding, document.source, server.session.fix_settings(document))
    creates = server.client.creates_files and server.client.document_changes
    return [fix for fix in fixes if creates or not fix.new_files]


async def _quick_fixes(
    server: CaulkServer, document: Document, params: types.CodeActionParams
) -> list[types.CodeAction]:
    start = documents.offset(document.source, params.range.start)
    end = documents.offset(document.source, params.range.end)
    analysis = await server.session.analysis(document)
    names = fingerprints(analysis.findings, analysis.source)
    actions: list[types.CodeAction] = []
    silencers: list[types.CodeAction] = []
    for finding, name in zip(analysis.findings, names, strict=True):
        if finding.span.start > end or finding.span.end < start:
            continue
        shown = convert.diagnostic(finding, document, name)
        for number, fix in enumerate(_offered(server, document, finding)):
            action = _action(server, document, finding, fix, shown)
            if fix.id == SUPPRESS:
                silencers.append(action)
            else:
                action.is_preferred = (number == 0 and fix.applicability is Applicability.SAFE) or None
                actions.append(action)
    return actions + silencers


def _action(
    server: CaulkServer, document: Document, finding: Finding, fix: Fix, shown: types.Diagnostic
) -> types.CodeAction:
    action = types.CodeAction(fix.title, kind=types.CodeActionKind.QuickFix, diagnostics=[shown])
    if server.client.resolves_edits:
        place = [finding.span.start, finding.span.end, finding.code]
        action.data = {"uri": document.uri, "version": document.version, "finding": place, "fix": fix.id}
    else:
        action.edit = server.client.workspace_edit(document, [fix])
    return action


async def _fix_all_actions(server: CaulkServer, document: Document) -> list[types.CodeAction]:
    edit = await _fix_all_edit(server, document)
    if edit is None:
        return []
    return [types.CodeAction("Fix all leaks that can be fixed safely", kind=FIX_ALL, edit=edit)]


async def _fix_all_edit(server: CaulkServer, document: Document) -> types.WorkspaceEdit | None:
    result = await server.session.fix_all(document)
    if not result.changed:
        return None
    fix = Fix("fix-all", "", tuple(convert.line_edits(result.before, result.after)), Applicability.SAFE)
    return server.client.workspace_edit(document, [fix])
