"""What pygls leaves open: requests always answered, unknown enumeration values let through, UTF-16, honest exit codes."""

from __future__ import annotations

import enum
import logging
from collections.abc import Generator
from typing import Any

import cattrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter, lsp_method

log = logging.getLogger(__name__)


def lenient_converter() -> cattrs.Converter:
    """The usual converter, but a value that an enumeration does not know passes as it is: newer clients send such."""
    converter: cattrs.Converter = default_converter()  # type: ignore[no-untyped-call]

    def structure(value: Any, cls: Any) -> Any:
        try:
            return cls(value)
        except ValueError:
            return value

    for cls in vars(types).values():
        if isinstance(cls, type) and issubclass(cls, enum.Enum):
            converter.register_structure_hook(cls, structure)
    return converter


class Protocol(LanguageServerProtocol):
    """The protocol with its gaps closed."""

    def structure_message(self, data: Any) -> Any:
        if not isinstance(data, dict) or "jsonrpc" not in data:
            return data
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "method" in data and "id" in data:  # a request must always get an answer
                self._send_response(data["id"], error=error.to_response_error())
            elif "id" in data:  # somebody waits for this answer, which cannot be understood
                waiting = self._request_futures.pop(data["id"], None)
                if waiting is not None:
                    waiting.set_exception(error)
            raise

    def handle_message(self, message: Any) -> None:
        if self._shutdown and hasattr(message, "id") and hasattr(message, "method"):
            error = types.ResponseError(code=types.ErrorCodes.InvalidRequest, message="the server is shut down")
            self._send_response(message.id, error=error)
            return
        super().handle_message(message)

    @property
    def is_shut_down(self) -> bool:
        return bool(self._shutdown)

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, Any]:
        """Columns are UTF-16 whatever else is offered: gopls speaks it, and two servers of a buffer should agree."""
        if params.capabilities.general is not None:
            params.capabilities.general.position_encodings = [types.PositionEncodingKind.Utf16]
        return (yield from super().lsp_initialize(params))

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Generator[Any, Any, Any]:
        """The texts are kept by :mod:`caulk.lsp.documents`: a second copy takes milliseconds a key in a long file."""
        handler = self.fm.features.get(types.TEXT_DOCUMENT_DID_CHANGE)
        if handler is not None:
            yield handler, (params,), None


class Server(LanguageServer):
    """A server that logs its own faults instead of putting them in front of the user."""

    def report_server_error(self, error: Exception, source: Any) -> None:
        log.error("%s: %s", getattr(source, "__name__", source), error, exc_info=error)
