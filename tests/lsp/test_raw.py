"""Messages that no well-behaved client sends: each is answered, none ends the server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


class Raw:
    """A server process spoken to byte by byte."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "caulk.cli.main", "lsp"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def answer(self, number: int) -> dict[str, Any]:
        """The answer to a request; everything else is read over."""
        while True:
            message = self.read()
            if message.get("id") == number and "method" not in message:
                return message

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        found: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return found

    def initialize(self) -> dict[str, Any]:
        unknown = {
            "general": {"positionEncodings": ["utf-8"]},
            "workspace": {"symbol": {"symbolKind": {"valueSet": [99]}}},
        }
        self.send(
            {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": unknown}}
        )
        answer = self.answer(1)
        self.send({"method": "initialized", "params": {}})
        return answer


@pytest.fixture
def raw() -> Iterator[Raw]:
    server = Raw()
    yield server
    server.process.kill()
    server.process.communicate()


def test_unknown_enumeration_values_do_not_fail_the_start(raw: Raw) -> None:
    answer = raw.initialize()
    assert answer["result"]["capabilities"]["positionEncoding"] == "utf-16"


def test_a_request_with_wrong_parameters_is_answered(raw: Raw) -> None:
    raw.initialize()
    raw.send({"id": 2, "method": "textDocument/hover", "params": {"textDocument": 3}})
    assert "error" in raw.answer(2)
    raw.send({"id": 3, "method": "no/such/method", "params": {}})
    assert "error" in raw.answer(3)


def test_documents_that_were_never_opened(raw: Raw, tmp_path: Path) -> None:
    raw.initialize()
    uri = (tmp_path / "x.go").as_uri()
    change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": "x"}]}
    raw.send({"method": "textDocument/didChange", "params": change})
    raw.send({"id": 4, "method": "textDocument/diagnostic", "params": {"textDocument": {"uri": uri}}})
    assert raw.answer(4)["result"]["items"] == []


def test_an_unsaved_document_is_analysed(raw: Raw) -> None:
    raw.initialize()
    text = 'package p\n\nimport "os"\n\nfunc F() {\n\tf, _ := os.Open("x")\n\t_ = f\n}\n'
    item = {"uri": "untitled:Untitled-1", "languageId": "go", "version": 1, "text": text}
    raw.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})
    raw.send({"id": 5, "method": "textDocument/diagnostic", "params": {"textDocument": {"uri": item["uri"]}}})
    assert [found["code"] for found in raw.answer(5)["result"]["items"]] == ["resource-unclosed"]


def test_shutdown_and_exit(raw: Raw) -> None:
    raw.initialize()
    raw.send({"id": 6, "method": "shutdown"})
    assert raw.answer(6)["result"] is None
    raw.send({"id": 7, "method": "textDocument/hover", "params": {}})
    assert "error" in raw.answer(7)
    raw.send({"method": "exit"})
    assert raw.process.wait(10) == 0


def test_exit_without_shutdown_is_an_error(raw: Raw) -> None:
    raw.initialize()
    raw.send({"method": "exit"})
    assert raw.process.wait(10) == 1
