"""A server process spoken to byte by byte, by no client's rules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


class Raw:
    """A server process spoken to byte by byte."""

    def __init__(self) -> None:
        self.number = 100
        self.told: list[dict[str, Any]] = []
        command = [sys.executable, "-m", "caulk.cli.main", "lsp"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def answer(self, number: int) -> dict[str, Any]:
        """The answer to a request. What the server asks meanwhile is granted, what it tells is kept."""
        while True:
            message = self.read()
            if "method" in message:
                self.told.append(message)
                if "id" in message:
                    self.send({"id": message["id"], "result": {"applied": True}})
            elif message.get("id") == number:
                return message

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        found: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return found

    def initialize(self, capabilities: dict[str, Any], root: Path | None = None, **options: Any) -> dict[str, Any]:
        uri = root.as_uri() if root is not None else None
        params = {"processId": None, "rootUri": uri, "capabilities": capabilities, "initializationOptions": options}
        answer = self.request("initialize", params)
        self.send({"method": "initialized", "params": {}})
        return answer

    def request(self, method: str, params: Any) -> dict[str, Any]:
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        return self.answer(self.number)

    def execute(self, command: str, *arguments: Any) -> Any:
        """The result of a command."""
        answer = self.request("workspace/executeCommand", {"command": command, "arguments": arguments})
        assert "result" in answer, answer
        return answer["result"]

    def open(self, path: Path, text: str | None = None) -> str:
        item = {
            "uri": path.as_uri(),
            "languageId": "go",
            "version": 1,
            "text": path.read_text() if text is None else text,
        }
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})
        return path.as_uri()
