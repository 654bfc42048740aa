"""A server process spoken to message by message."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

Message = dict[str, Any]


class Client:
    """Sends, and reads until what it waits for comes. What the server asks meanwhile is granted, what it tells is kept."""

    def __init__(self, command: Sequence[str], cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, env=env
        )
        self.number = 100
        self.told: list[Message] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def send(self, message: Message) -> None:
        self.send_bytes(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def send_bytes(self, body: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> int:
        """Send a request and do not wait; gives its number."""
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        return self.number

    def request(self, method: str, params: Any) -> Message:
        return self.answer(self.ask(method, params))

    def answer(self, number: int) -> Message:
        """The answer to a request."""
        return self.until(lambda message: "method" not in message and message.get("id") == number)

    def until(self, wanted: Callable[[Message], bool]) -> Message:
        """The first message from now on that is wanted."""
        while True:
            message = self.read()
            if wanted(message):
                return message
            if "method" in message:
                self.told.append(message)
                if "id" in message:
                    self.send({"id": message["id"], "result": granted(message)})

    def read(self) -> Message:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if not length:
            raise EOFError("the server has ended")
        found: Message = json.loads(self.process.stdout.read(length))
        return found

    def initialize(self, capabilities: Any, root: Path | None = None, **options: Any) -> Message:
        uri = root.as_uri() if root is not None else None
        params = {"processId": None, "rootUri": uri, "capabilities": capabilities, "initializationOptions": options}
        answer = self.request("initialize", params)
        self.notify("initialized", {})
        return answer

    def execute(self, command: str, *arguments: Any) -> Any:
        """The result of a command."""
        answer = self.request("workspace/executeCommand", {"command": command, "arguments": arguments})
        assert "result" in answer, answer
        return answer["result"]

    def open(self, path: Path, text: str | None = None) -> str:
        text = path.read_text(encoding="utf-8") if text is None else text
        item = {"uri": path.as_uri(), "languageId": "go", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return path.as_uri()


def granted(message: Message) -> Any:
    """What a client that agrees to everything and has no settings answers."""
    if message["method"] == "workspace/configuration":
        return [None] * len(message["params"]["items"])
    return {"applied": True} if message["method"] == "workspace/applyEdit" else None
