"""Clients that make no sense: every request is answered, no answer shows our insides, and the server lives on."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from raw_server import Raw

PULLS = {"textDocument": {"diagnostic": {}}, "general": {"positionEncodings": ["utf-8"]}}
BOTH = ["http-body-unclosed", "resource-unclosed"]
WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**40,
    1.5,
    "",
    "x\0y",
    [],
    [[]],
    {},
    {"uri": []},
    {"jsonrpc": "2.0", "id": 9},
)
REQUESTS = (
    "textDocument/diagnostic",
    "textDocument/codeAction",
    "codeAction/resolve",
    "textDocument/hover",
    "textDocument/codeLens",
    "textDocument/inlayHint",
    "workspace/diagnostic",
    "workspace/executeCommand",
    "no/such/method",
)
NOTIFICATIONS = (
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didClose",
    "textDocument/didSave",
    "workspace/didChangeConfiguration",
    "workspace/didChangeWatchedFiles",
    "workspace/didChangeWorkspaceFolders",
    "$/cancelRequest",
    "$/setTrace",
    "window/workDoneProgress/cancel",
    "no/such/notification",
)
URIS = (
    "",
    "no uri",
    "file://",
    "file:///",
    "file:///a%00b.go",
    "file:///" + "x" * 5000 + ".go",
    "http://[",
    "untitled:x/../../y",
    "git:/x.go?ref=~",
    "file:///no/such/folder/x.go",
)


def begin(raw: Raw, folder: Path) -> None:
    raw.initialize(PULLS, folder, workspaceDiagnostics=True, codeLens=True, inlayHints=True)


def works(raw: Raw, folder: Path) -> None:
    """The server serves a client that makes sense."""
    uri = raw.open(folder / "leak.go")
    answer = checked(raw.request("textDocument/diagnostic", {"textDocument": {"uri": uri}}))
    assert [item["code"] for item in answer["result"]["items"]] == BOTH


def checked(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer that shows nothing of how the server is made."""
    text = json.dumps(answer.get("error", ""))
    assert "raceback" not in text and ".py" not in text and "object at 0x" not in text, text
    return answer


def refused(answer: dict[str, Any]) -> int:
    """The code of an answer that is an error."""
    code: int = checked(answer)["error"]["code"]
    return code


def test_requests_with_wrong_parameters(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    for method in REQUESTS:
        for wrong in WRONG:
            for params in (wrong, {"textDocument": wrong}, {"textDocument": {"uri": wrong}}):
                answer = checked(raw.request(method, params))
                assert answer.get("error", {"code": -32602})["code"] in (-32601, -32602), (method, params)
        raw.send({"id": 7, "method": method})
        assert refused(raw.answer(7)) in (-32601, -32602), method
    works(raw, folder)


def test_notifications_with_wrong_parameters(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    for method in NOTIFICATIONS:
        for wrong in WRONG:
            for params in (wrong, {"textDocument": wrong}, {"changes": wrong, "settings": wrong, "event": wrong}):
                raw.notify(method, params)
        raw.send({"method": method})
    works(raw, folder)


MESSAGES = {
    b"{": -32700,
    b"\xff\xfe\x00": -32700,
    b"[" * 100_000: -32700,
    b"[]": -32600,
    b"5": -32600,
    b"null": -32600,
    b'{"id": 3, "method": "textDocument/hover"}': -32600,
    b'{"jsonrpc": "1.0", "id": 3, "method": "textDocument/hover", "params": {}}': -32602,
    b'{"jsonrpc": "2.0", "id": {}, "method": "textDocument/hover", "params": {}}': -32602,
    b'{"jsonrpc": "2.0", "id": 3, "method": []}': -32600,
    b'{"jsonrpc": "2.0", "id": 3, "method": 3}': -32600,
}


def test_messages_that_are_none(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    for body, code in MESSAGES.items():
        raw.send_bytes(body)
        assert refused(raw.until(lambda message: "error" in message)) == code, body[:100]
    works(raw, folder)


def test_answers_that_nobody_waits_for(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    for answer in ({"result": None}, {"error": {"code": 1, "message": "x"}}, {"error": "x"}, {"error": None}):
        for number in (1, "x", None, {}):
            raw.send({"id": number, **answer})
    works(raw, folder)


def test_before_the_start_and_twice(raw: Raw, folder: Path) -> None:
    assert refused(raw.request("caulk/nothing", {})) == -32002
    raw.open(folder / "leak.go", "package dropped\n")
    begin(raw, folder)
    assert refused(raw.request("initialize", {"processId": None, "capabilities": {}, "rootUri": None})) == -32600
    works(raw, folder)


def test_addresses_that_lead_nowhere(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    text = (folder / "leak.go").read_text()
    for uri in URIS:
        here = {"textDocument": {"uri": uri}}
        assert checked(raw.request("textDocument/diagnostic", here))["result"]["items"] == []  # nobody opened it
        raw.notify(
            "textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "go", "version": 1, "text": text}}
        )
        found = checked(raw.request("textDocument/diagnostic", here))["result"]["items"]
        assert [item["code"] for item in found] == BOTH, uri
        assert checked(raw.request("textDocument/hover", {**here, "position": {"line": 10, "character": 16}}))["result"]
        assert raw.execute("caulk.fixAll", uri) == 2
        raw.notify("textDocument/didClose", here)
    works(raw, folder)


def test_documents_that_are_opened_changed_and_closed_out_of_turn(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    uri = (folder / "leak.go").as_uri()
    here = {"textDocument": {"uri": uri}}
    change = {"textDocument": {"uri": uri, "version": 5}, "contentChanges": [{"text": "package leak\n"}]}
    raw.notify("textDocument/didChange", change)
    raw.notify("textDocument/didClose", here)
    raw.notify("textDocument/didSave", here)
    works(raw, folder)
    raw.open(folder / "leak.go", "package leak\n")
    assert raw.request("textDocument/diagnostic", here)["result"]["items"] == []
    works(raw, folder)  # opened a third time: the last text counts
    raw.notify("textDocument/didClose", here)
    raw.notify("textDocument/didClose", here)
    assert raw.request("textDocument/diagnostic", here)["result"]["items"] == []
    works(raw, folder)


def test_positions_beyond_the_text(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    uri = raw.open(folder / "leak.go")
    here = {"textDocument": {"uri": uri}}
    for line in (0, 10, 28, 29, 10_000, 2**31, 2**40, -1):
        for character in (0, 17, 10_000, 2**32 - 1, -5):
            place = {"line": line, "character": character}
            assert "error" not in checked(raw.request("textDocument/hover", {**here, "position": place}))
            span = {"start": place, "end": {"line": 0, "character": 0}}  # backwards
            params = {**here, "range": span, "context": {"diagnostics": []}}
            assert "error" not in checked(raw.request("textDocument/codeAction", params))
            assert "error" not in checked(raw.request("textDocument/inlayHint", {**here, "range": span}))
    far = {"start": {"line": 2**32 - 1, "character": 0}, "end": {"line": 2**32 - 1, "character": 2**32 - 1}}
    identifier = {"uri": uri, "version": 2}
    change = {"textDocument": identifier, "contentChanges": [{"range": far, "text": "\nfunc Last() {}\n"}]}
    raw.notify("textDocument/didChange", change)
    found = raw.request("textDocument/diagnostic", here)["result"]["items"]
    assert [item["code"] for item in found] == BOTH


TEXTS = {
    "empty": "",
    "binary": bytes(range(256)).decode("latin-1") * 200,
    "zeros": "\0" * 10_000,
    "half pairs": 'package p\n\nimport "os"\n\nfunc F() {\n\tf, _ := os.Open("\ud800")\n\t_ = f\n}\n',
    "old line ends": "package p\r\rfunc F() {}\r",
    "open braces": "package p\nfunc F() " + "{" * 50_000,
    "open parentheses": "package p\nvar x = " + "(" * 50_000,
    "one long line": "package p\nvar x = `" + "x" * 3_000_000 + "`\n",
    "many lines": "package p\n" + "var _ = 1\n" * 200_000,
    "too large": "package p\n" + "// comment\n" * 1_000_000,
    "no Go": "<html>" + "<p>&nbsp;</p>\n" * 1_000,
}


def test_texts_that_are_no_program(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 10**6, "character": 0}}
    for name, text in TEXTS.items():
        here = {"textDocument": {"uri": raw.open(folder / f"{name}.go", text)}}
        assert "error" not in checked(raw.request("textDocument/diagnostic", here)), name
        params = {**here, "range": everything, "context": {"diagnostics": [], "only": ["source.fixAll"]}}
        assert "error" not in checked(raw.request("textDocument/codeAction", params)), name
        assert "error" not in checked(raw.request("textDocument/codeLens", here)), name
        raw.notify("textDocument/didClose", here)
    works(raw, folder)


def test_commands_with_wrong_arguments(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    uri = raw.open(folder / "leak.go")
    for command in ("caulk.fixAll", "caulk.evidence", "caulk.explain"):
        for arguments in ([], None, [None], [5], [{}], [[uri]]):
            answer = raw.request("workspace/executeCommand", {"command": command, "arguments": arguments})
            assert refused(answer) == -32602, (command, arguments)
    for position in (None, "x", [], {"line": "x", "character": 0}, {"line": 1}):
        answer = raw.request("workspace/executeCommand", {"command": "caulk.evidence", "arguments": [uri, position]})
        assert refused(answer) == -32602, position
    assert refused(raw.request("workspace/executeCommand", {"command": "caulk.nothing"})) == -32602
    assert raw.execute("caulk.fixAll", uri, {"scope": 1}, ["code"]) == 2  # what makes no sense is left out


def test_random_edits_never_lose_the_text(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    uri = raw.open(folder / "leak.go")
    seeded = random.Random(20)
    for version in range(2, 202):
        start = {"line": seeded.randrange(40), "character": seeded.randrange(60)}
        end = {"line": seeded.randrange(40), "character": seeded.randrange(60)}
        text = seeded.choice(["", "}", "{", '"', "`", "/*", "😀", "\r\n", "\n\tdefer f.Close()\n", "\0", "func "])
        changes = [{"range": {"start": start, "end": end}, "text": text}]
        raw.notify(
            "textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}
        )
        if version % 20 == 0:
            checked(raw.request("textDocument/diagnostic", {"textDocument": {"uri": uri}}))
    whole = [{"text": (folder / "leak.go").read_text()}]
    raw.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": 300}, "contentChanges": whole})
    found = raw.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})["result"]["items"]
    assert [item["code"] for item in found] == BOTH
