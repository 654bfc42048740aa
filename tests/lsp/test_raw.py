"""Messages that no well-behaved client sends: each is answered, none ends the server."""

from __future__ import annotations

from pathlib import Path

from raw_server import Raw

UNKNOWN = {"general": {"positionEncodings": ["utf-8"]}, "workspace": {"symbol": {"symbolKind": {"valueSet": [99]}}}}


def test_unknown_enumeration_values_do_not_fail_the_start(raw: Raw) -> None:
    answer = raw.initialize(UNKNOWN)
    assert answer["result"]["capabilities"]["positionEncoding"] == "utf-16"


def test_a_request_with_wrong_parameters_is_answered(raw: Raw) -> None:
    raw.initialize(UNKNOWN)
    raw.send({"id": 2, "method": "textDocument/hover", "params": {"textDocument": 3}})
    assert "error" in raw.answer(2)
    raw.send({"id": 3, "method": "no/such/method", "params": {}})
    assert "error" in raw.answer(3)


def test_documents_that_were_never_opened(raw: Raw, tmp_path: Path) -> None:
    raw.initialize(UNKNOWN)
    uri = (tmp_path / "x.go").as_uri()
    change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": "x"}]}
    raw.send({"method": "textDocument/didChange", "params": change})
    raw.send({"id": 4, "method": "textDocument/diagnostic", "params": {"textDocument": {"uri": uri}}})
    assert raw.answer(4)["result"]["items"] == []


def test_an_unsaved_document_is_analysed(raw: Raw) -> None:
    raw.initialize(UNKNOWN)
    text = 'package p\n\nimport "os"\n\nfunc F() {\n\tf, _ := os.Open("x")\n\t_ = f\n}\n'
    item = {"uri": "untitled:Untitled-1", "languageId": "go", "version": 1, "text": text}
    raw.send({"method": "textDocument/didOpen", "params": {"textDocument": item}})
    raw.send({"id": 5, "method": "textDocument/diagnostic", "params": {"textDocument": {"uri": item["uri"]}}})
    assert [found["code"] for found in raw.answer(5)["result"]["items"]] == ["resource-unclosed"]


def test_shutdown_and_exit(raw: Raw) -> None:
    raw.initialize(UNKNOWN)
    raw.send({"id": 6, "method": "shutdown"})
    assert raw.answer(6)["result"] is None
    raw.send({"id": 7, "method": "textDocument/hover", "params": {}})
    assert "error" in raw.answer(7)
    raw.send({"method": "exit"})
    assert raw.process.wait(10) == 0


def test_exit_without_shutdown_is_an_error(raw: Raw) -> None:
    raw.initialize(UNKNOWN)
    raw.send({"method": "exit"})
    assert raw.process.wait(10) == 1
