"""The server: its life, its configuration and its documents. What it answers is in the modules beside it."""

from __future__ import annotations

import gc
import logging
import sys
from typing import Any

from lsprotocol import types

from caulk.lsp import actions, commands, diagnostics, documents, hints
from caulk.lsp.convert import Client
from caulk.lsp.protocol import Protocol
from caulk.lsp.state import CaulkServer

log = logging.getLogger(__name__)

CONFIGURATION_FILES = ("caulk.toml", "go.mod", "go.work")
_NAMES = {"deferStyle": "defer-style", "moduleCache": "module-cache"}


def make_server() -> CaulkServer:
    """A server with all its features registered, but for those that a user has to ask for."""
    server = CaulkServer()
    _register_lifecycle(server)
    _register_documents(server)
    diagnostics.register(server)
    hints.register(server)
    actions.register(server)
    commands.register(server)
    return server


def serve(*, verbose: bool = False, log_file: str | None = None) -> int:
    """Talk over standard input and output until the client leaves; the exit code that the protocol asks for."""
    _set_up_log(verbose, log_file)
    server = make_server()
    gc.freeze()  # what is loaded by now stays
    gc.set_threshold(
        100_000, 20, 100
    )  # the trees of an analysis live on: looking through them is a quarter of its time
    server.start_io()
    server.session.stop()
    protocol = server.protocol
    return 0 if isinstance(protocol, Protocol) and protocol.is_shut_down else 1


def _set_up_log(verbose: bool, log_file: str | None) -> None:
    handler = logging.FileHandler(log_file, encoding="utf-8") if log_file else logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    if verbose:  # of ourselves only: pygls writes every message at these levels
        logging.getLogger("caulk").setLevel(logging.DEBUG)


# -- lifecycle and configuration


def _register_lifecycle(server: CaulkServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.client = Client(params.capabilities)
        options = params.initialization_options if isinstance(params.initialization_options, dict) else {}
        _configure(server, options)
        if options.get("workspaceDiagnostics") is True:
            diagnostics.register_workspace(server)
        if options.get("codeLens") is True:
            hints.register_lenses(server)
        if options.get("inlayHints") is True:
            hints.register_inlay_hints(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configuration(params: types.DidChangeConfigurationParams) -> None:
        settings = params.settings
        _configure(server, settings.get("caulk", settings) if isinstance(settings, dict) else None)
        await diagnostics.refresh(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def watched(params: types.DidChangeWatchedFilesParams) -> None:
        if any(change.uri.endswith(CONFIGURATION_FILES) for change in params.changes):
            server.session.reset()
        elif not all(_is_known(server, change) for change in params.changes):
            server.session.changed_on_disk()
        else:
            return
        await diagnostics.refresh(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        """pygls keeps the list."""


def _is_known(server: CaulkServer, change: types.FileEvent) -> bool:
    """Whether a change on disk is the save of an open document: its text is known already."""
    return change.type == types.FileChangeType.Changed and server.current(change.uri) is not None


def _configure(server: CaulkServer, options: Any) -> None:
    known = {_NAMES.get(key, key): value for key, value in options.items()} if isinstance(options, dict) else {}
    debounce = known.pop("debounce", None)
    if isinstance(debounce, int | float) and 0 <= debounce <= 10_000:
        server.debounce = debounce / 1000  # milliseconds
    log.debug("settings: %s", known)
    server.session.configure(known)


# -- documents


def _register_documents(server: CaulkServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def did_open(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        server.session.documents[item.uri] = documents.opened(item)
        diagnostics.schedule(server, item.uri, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(params: types.DidChangeTextDocumentParams) -> None:
        identifier = params.text_document
        document = server.current(identifier.uri)
        if document is not None:
            after = documents.changed(document, identifier.version, params.content_changes)
            server.session.documents[identifier.uri] = after
            diagnostics.schedule(server, identifier.uri, server.debounce)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def did_save(params: types.DidSaveTextDocumentParams) -> None:
        # some clients watch no files: what was saved may be a configuration, or what other packages import
        if params.text_document.uri.endswith(CONFIGURATION_FILES):
            server.session.reset()
            await diagnostics.refresh(server)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def did_close(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.session.close(uri)
        diagnostics.closed(server, uri)
