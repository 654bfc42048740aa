"""What pygls leaves open: every request answered, and never with our insides; values that enumerations do not know and columns
without bounds let through; UTF-16; requests that are cancelled with all that they started; honest exit codes."""

from __future__ import annotations

import asyncio
import enum
import inspect
import json
import logging
import sys
import threading
from collections.abc import Generator
from typing import Any, BinaryIO

import cattrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError, JsonRpcInvalidParams
from pygls.io_ import StdoutWriter, run_async
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter, lsp_method

from caulk.lsp.reader import MessageReader

log = logging.getLogger(__name__)

HANDLED = object()
"""What becomes of a message that makes no sense: it has been answered, if it can be."""
_UNREADABLE = (json.JSONDecodeError, UnicodeDecodeError, RecursionError)
_LARGEST = 2**31 - 1
"""The largest line or column of the protocol; some clients say "to the end" with a larger one."""


class OutOfDate(JsonRpcException):
    """The document changed while somebody waited for what depends on it."""

    CODE = types.LSPErrorCodes.ContentModified.value
    MESSAGE = "the document has changed"


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
    converter.register_structure_hook(types.Position, _position)
    return converter


def _position(value: Any, _: object) -> types.Position:
    return types.Position(*(min(max(value[name] + 0, 0), _LARGEST) for name in ("line", "character")))


class Protocol(LanguageServerProtocol):
    """The protocol with its gaps closed."""

    def __init__(self, server: LanguageServer, converter: cattrs.Converter) -> None:
        super().__init__(server, converter)
        for method in (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE, types.TEXT_DOCUMENT_DID_CLOSE):
            del self.fm.builtin_features[
                method
            ]  # the documents are ours; a second copy of each costs at every keystroke

    # -- what comes in

    def structure_message(self, data: dict[str, Any]) -> Any:
        if "jsonrpc" not in data or data.keys().isdisjoint(("method", "result", "error")):
            return data  # a part of a message, or none
        try:
            if not isinstance(data.get("method", ""), str):
                raise JsonRpcException("a method is a name", types.ErrorCodes.InvalidRequest.value)
            if self.get_message_type(data.get("method", "")) is None:
                data = {"params": None, **data}  # of a method that nobody knows nothing is expected
            return super().structure_message(data)
        except JsonRpcException as error:
            log.warning("%s: %s", data.get("method", "an answer"), error)
            if "method" in data and "id" in data:  # a request must always get an answer
                self.refuse(data["id"], error)
            elif "id" in data:  # somebody waits for this answer, which cannot be understood
                waiting = self._request_futures.pop(data["id"], None)
                if waiting is not None and not waiting.done():
                    waiting.set_exception(error)
            return HANDLED

    def handle_message(self, message: Any) -> None:
        if message is HANDLED:
            return
        problem = self._problem(message)
        if problem is None:
            super().handle_message(message)
        elif not hasattr(message, "method") or hasattr(message, "id"):  # a notification has no answer
            number = message.get("id") if isinstance(message, dict) else getattr(message, "id", None)
            self.refuse(number, problem)

    def _problem(self, message: Any) -> JsonRpcException | None:
        """Why a message is not taken."""
        method = getattr(message, "method", None)
        if getattr(message, "jsonrpc", None) != self.VERSION:
            return JsonRpcException("no message of JSON-RPC 2.0", types.ErrorCodes.InvalidRequest.value)
        if method in (None, types.EXIT):
            return None
        if self._shutdown:
            return JsonRpcException("the server is shut down", types.ErrorCodes.InvalidRequest.value)
        if method == types.INITIALIZE and self._workspace is not None:
            return JsonRpcException("the server is initialized", types.ErrorCodes.InvalidRequest.value)
        if method != types.INITIALIZE and self._workspace is None:
            return JsonRpcException("the server is not initialized", types.ErrorCodes.ServerNotInitialized.value)
        return None

    # -- what goes out

    def refuse(self, number: Any, error: JsonRpcException) -> None:
        """Answer a message that is not taken; one that cannot be told from others has the number None."""
        self._send_response(number, error=error.to_response_error())

    def _send_response(self, msg_id: Any, result: Any = None, error: types.ResponseError | None = None) -> None:
        if error is not None and isinstance(error.data, dict) and "traceback" in error.data:
            error = types.ResponseError(error.code, error.message)  # that is for the log
        super()._send_response(msg_id, result, error)

    # -- life and commands

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

    @lsp_method(types.SHUTDOWN)
    async def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override]  # every kind of handler will do
        """Whatever is under way is not wanted any more; who waits for it hears so first."""
        self._shutdown = True
        others: list[Any] = [future for number, future in self._request_futures.items() if number != self.msg_id]
        for future in others:
            future.cancel()
        tasks = [future for future in others if isinstance(future, asyncio.Future)]
        if tasks:
            await asyncio.wait(tasks, timeout=1)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:  # type: ignore[override]
        """In the task of the request, so that cancelling the one ends the other."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"no command is called {params.command!r}")
        try:
            bound = inspect.signature(handler).bind(*(params.arguments or ()))
        except TypeError as error:
            raise JsonRpcInvalidParams(f"{params.command}: {error}") from error
        result = handler(*bound.args)
        return await result if inspect.isawaitable(result) else result


class Server(LanguageServer):
    """A server that logs its own faults instead of putting them in front of the user."""

    def start_io(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        """Talk over standard input and output until the client leaves."""
        self._stop_event = threading.Event()
        self.protocol.set_writer(StdoutWriter(stdout or sys.stdout.buffer))
        reader = MessageReader(stdin or sys.stdin.buffer, self.thread_pool)
        messages = run_async(self._stop_event, reader, self.protocol, log, self.report_server_error)
        try:
            asyncio.run(messages)
        except BrokenPipeError:
            log.error("the client is gone")
        except (KeyboardInterrupt, SystemExit):  # how a client's exit gets here
            pass
        finally:
            self.shutdown()  # type: ignore[no-untyped-call]

    def report_server_error(self, error: Exception, source: Any) -> None:
        if isinstance(error, _UNREADABLE) and isinstance(self.protocol, Protocol):
            self.protocol.refuse(None, JsonRpcException("no JSON", types.ErrorCodes.ParseError.value))
        if isinstance(error, JsonRpcException) and not isinstance(error, JsonRpcInternalError):
            log.info("%s: %s", getattr(source, "__name__", source), error)  # a fault of the client's
            return
        data = getattr(error, "data", None)
        trace = "".join(data.get("traceback", ())) if isinstance(data, dict) else ""
        log.error("%s: %s\n%s", getattr(source, "__name__", source), error, trace, exc_info=None if trace else error)
