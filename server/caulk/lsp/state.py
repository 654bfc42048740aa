"""The server object: pygls' server with our session."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, TypeAlias

from lsprotocol import types

from caulk.findings.finding import Finding
from caulk.lsp.convert import Client
from caulk.lsp.documents import Document, path_of
from caulk.lsp.protocol import Protocol, Server, lenient_converter
from caulk.lsp.session import Session
from caulk.version import __version__

Shown: TypeAlias = Mapping[int, tuple[Finding, types.Diagnostic]]
"""Findings and what a client sees of them, by the ``id`` of the finding."""
DEBOUNCE = 0.12
"""Seconds of quiet after a keystroke before a push client gets new diagnostics."""


class CaulkServer(Server):
    """What all features share."""

    def __init__(self) -> None:
        super().__init__("caulk", __version__, protocol_cls=Protocol, converter_factory=lenient_converter)
        self.session = Session()
        self.client = Client(types.ClientCapabilities())
        self.told_options: Mapping[str, Any] = {}
        """What the client told at the start or afterwards, without being asked."""
        self.debounce = DEBOUNCE
        self.shown: dict[str, Shown] = {}
        """What the client was given, by document."""
        self.pending: dict[str, asyncio.Task[None]] = {}
        self.told: set[str] = set()

    def current(self, uri: str) -> Document | None:
        """The open document of a URI."""
        return self.session.documents.get(uri)

    def is_current(self, document: Document) -> bool:
        """Whether a document, open or not, is still as it was: what was found in it may be edited."""
        now = self.current(document.uri)
        return (now.version if now is not None else None) == document.version

    def folder_uris(self) -> list[str]:
        """The folders that the client has open."""
        known = self.workspace
        uris = [folder.uri for folder in known.folders.values()]
        return uris or ([str(known.root_uri)] if known.root_uri else [])

    def folders(self) -> list[str]:
        """Their paths."""
        return [path_of(uri) for uri in self.folder_uris()]

    def tell_problems(self) -> None:
        """Mistakes in a configuration are told once each."""
        for problem in self.session.problems:
            if problem not in self.told:
                self.told.add(problem)
                self.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"caulk: {problem}"))
