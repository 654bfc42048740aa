"""The server: its life, its configuration and its documents. What it answers is in the modules beside it."""

from __future__ import annotations

import gc
import logging
import sys

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from caulk.lsp import actions, commands, diagnostics, documents, hints, options
from caulk.lsp.convert import Client
from caulk.lsp.protocol import Protocol
from caulk.lsp.state import CaulkServer

log = logging.getLogger(__name__)

CONFIGURATION_FILES = ("caulk.toml", "go.mod", "go.work")


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
    logging.getLogger("pygls").setLevel(logging.CRITICAL)  # what it has to say comes to us as well, and only once
    if verbose:  # of ourselves only: pygls writes every message at these levels
        logging.getLogger("caulk").setLevel(logging.DEBUG)


# -- lifecycle and configuration


def _register_lifecycle(server: CaulkServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.client = Client(params.capabilities)
        told = server.told_options = options.named(params.initialization_options)
        options.use(server, options.Options(told))
        if told.get("workspaceDiagnostics") is True:
            diagnostics.register_workspace(server)
        if told.get("codeLens") is True:
            hints.register_lenses(server)
        if told.get("inlayHints") is True:
            hints.register_inlay_hints(server)

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        await options.read(server)
        await _ask_to_be_told(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configuration(params: types.DidChangeConfigurationParams) -> None:
        settings = params.settings
        if isinstance(settings, dict) and options.SECTION in settings:  # a client that is asked may tell nothing
            server.told_options = options.named(settings[options.SECTION])
        await options.read(server)
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
    async def folders(_: types.DidChangeWorkspaceFoldersParams) -> None:
        await options.read(server)  # pygls keeps the list
        await diagnostics.refresh(server)


async def _ask_to_be_told(server: CaulkServer) -> None:
    """Of settings and files that change; some clients tell only who asks."""
    asked: list[types.Registration] = []
    if server.client.registers_configuration:
        wanted: object = types.DidChangeConfigurationRegistrationOptions(section=options.SECTION)
        asked.append(types.Registration("settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, wanted))
    if server.client.registers_watchers:
        patterns = ("**/*.go", f"**/{{{','.join(CONFIGURATION_FILES)}}}")
        wanted = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(name) for name in patterns])
        asked.append(types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, wanted))
    if asked:
        try:
            await server.client_register_capability_async(types.RegistrationParams(asked))
        except JsonRpcException as error:
            log.warning("the client will not tell what changes: %s", error)


def _is_known(server: CaulkServer, change: types.FileEvent) -> bool:
    """Whether a change on disk is the save of an open document: its text is known already."""
    return change.type == types.FileChangeType.Changed and server.current(change.uri) is not None


# -- documents


def _register_documents(server: CaulkServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def did_open(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        document = documents.opened(item)
        server.session.put(document)
        diagnostics.schedule(server, item.uri, 0)
        diagnostics.schedule_beside(server, document)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(params: types.DidChangeTextDocumentParams) -> None:
        identifier = params.text_document
        document = server.current(identifier.uri)
        if document is not None:
            after = documents.changed(document, identifier.version, params.content_changes)
            server.session.put(after)
            diagnostics.schedule(server, identifier.uri, server.debounce)
            diagnostics.schedule_beside(server, after)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def did_save(params: types.DidSaveTextDocumentParams) -> None:
        server.session.saved(documents.path_of(params.text_document.uri))
        if params.text_document.uri.endswith(CONFIGURATION_FILES):  # some clients watch no files
            server.session.reset()
            await diagnostics.refresh(server)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def did_close(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        document = server.current(uri)
        server.session.close(uri)
        diagnostics.closed(server, uri)
        if document is not None:
            diagnostics.schedule_beside(server, document)
