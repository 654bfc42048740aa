"""Work that takes a while, and its ends: progress, cancelled requests, shutdown, and what the log says of all of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from raw_server import Raw

CAPABILITIES = {
    "textDocument": {"diagnostic": {}},
    "window": {"workDoneProgress": True},
    "workspace": {"workspaceEdit": {"documentChanges": True}},
}
PACKAGES = 30


def packages(folder: Path) -> None:
    """Many small packages beside the first, each with its leaks."""
    text = (folder / "leak.go").read_text()
    for number in range(PACKAGES):
        (folder / f"p{number:02}").mkdir()
        (folder / f"p{number:02}" / "leak.go").write_text(text.replace("package leak", f"package p{number:02}"))


def begin(raw: Raw, folder: Path) -> None:
    raw.initialize(CAPABILITIES, folder, workspaceDiagnostics=True)


def named(method: str) -> Any:
    return lambda message: message.get("method") == method


def pull(raw: Raw, known: list[dict[str, Any]] | None = None, **tokens: str) -> list[dict[str, Any]]:
    previous = [{"uri": item["uri"], "value": item["resultId"]} for item in known or ()]
    answer = raw.request("workspace/diagnostic", {"previousResultIds": previous, **tokens})
    items: list[dict[str, Any]] = answer["result"]["items"]
    return items


def kinds(raw: Raw, token: object = None) -> list[str]:
    """The kinds of the work-done progress that was shown, and forget it."""
    values = [message["params"] for message in raw.told if message["method"] == "$/progress"]
    raw.told.clear()
    return [value["value"]["kind"] for value in values if token in (None, value["token"])]


def test_what_did_not_change_is_not_looked_at_again(raw: Raw, folder: Path) -> None:
    packages(folder)
    begin(raw, folder)
    first = pull(raw)
    assert len(first) == PACKAGES + 1
    assert kinds(raw) == ["begin", *["report"] * (PACKAGES + 1), "end"]
    again = pull(raw, first)
    assert {item["kind"] for item in again} == {"unchanged"}
    assert kinds(raw) == []
    uri = raw.open(folder / "p03" / "leak.go", "package p03\n")
    (third,) = [item for item in pull(raw, first) if item["kind"] == "full"]
    assert (third["uri"], third["items"], third["version"]) == (uri, [], 1)
    assert kinds(raw) == ["begin", "report", "end"]
    raw.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    assert len(pull(raw, first)) == PACKAGES + 1
    assert len(kinds(raw)) == PACKAGES + 3


def test_results_come_in_parts_where_the_client_wants_them(raw: Raw, folder: Path) -> None:
    packages(folder)
    begin(raw, folder)
    assert pull(raw, partialResultToken="parts", workDoneToken="work") == []
    parts = [message["params"] for message in raw.told if message["method"] == "$/progress"]
    found = [item["uri"] for part in parts if part["token"] == "parts" for item in part["value"]["items"]]
    assert len(found) == len(set(found)) == PACKAGES + 1
    assert [message for message in raw.told if message["method"] == "window/workDoneProgress/create"] == []
    assert kinds(raw, "work")[0] == "begin"


def test_a_request_that_is_cancelled_is_answered_so(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    for method, params in (
        ("workspace/diagnostic", {"previousResultIds": []}),
        (
            "workspace/executeCommand",
            {"command": "caulk.fixAll", "arguments": [folder.as_uri() + "/leak.go", "workspace"]},
        ),
    ):
        number = raw.ask(method, params)
        raw.until(named("window/workDoneProgress/create"))  # which is not answered: the work waits for it
        raw.notify("$/cancelRequest", {"id": number})
        assert raw.answer(number)["error"]["code"] == -32800
    uri = raw.open(folder / "leak.go")
    assert raw.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})["result"]["items"]
    assert not [message for message in raw.told if message["method"] == "workspace/applyEdit"]


def test_work_that_the_user_ends_is_not_taken_up_before_something_changes(raw: Raw, folder: Path) -> None:
    packages(folder)
    begin(raw, folder)
    number = raw.ask("workspace/diagnostic", {"previousResultIds": [{"uri": "file:///gone.go", "value": "x"}]})
    created = raw.until(named("window/workDoneProgress/create"))
    raw.notify(
        "window/workDoneProgress/cancel", {"token": created["params"]["token"]}
    )  # too early: of an unknown token
    raw.send({"id": created["id"], "result": None})
    raw.until(named("$/progress"))
    raw.notify("window/workDoneProgress/cancel", {"token": created["params"]["token"]})
    some = raw.answer(number)["result"]["items"]
    assert len(some) < PACKAGES + 1
    assert all(item["items"] for item in some)  # what nobody looked at is not cleared
    assert kinds(raw)[-1] == "end"
    assert len(pull(raw)) == len(some)
    assert kinds(raw) == []
    raw.notify("textDocument/didSave", {"textDocument": {"uri": folder.as_uri() + "/leak.go"}})
    assert len(pull(raw)) == PACKAGES + 1


def test_a_client_that_shows_no_progress_after_all_gets_its_result(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    number = raw.ask("workspace/diagnostic", {"previousResultIds": []})
    created = raw.until(named("window/workDoneProgress/create"))
    raw.send({"id": created["id"], "error": {"code": -32601, "message": "what?"}})
    assert len(raw.answer(number)["result"]["items"]) == 1
    assert kinds(raw) == []


def long_file(folder: Path) -> str:
    """A text whose analysis takes seconds."""
    head, _, leak = (folder / "leak.go").read_text().partition("func Size")
    body = "\tif true {\n\t\tprintln(path)\n\t}\n" * 20
    functions = (f"func Size{n}{leak.replace('info, err', body + '	info, err')}" for n in range(3_000))
    return head + "\n".join(functions)


def test_an_answer_that_is_out_of_date_is_asked_for_again(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    uri = raw.open(folder / "leak.go", long_file(folder))
    number = raw.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})
    change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": "package leak\n"}]}
    raw.notify("textDocument/didChange", change)
    error = raw.answer(number)["error"]
    assert (error["code"], error["data"]) == (-32802, {"retriggerRequest": True})


def test_shutdown_does_not_wait_for_an_analysis(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    uri = raw.open(folder / "leak.go", long_file(folder))
    number = raw.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})
    raw.ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}})
    asked = time.monotonic()
    raw.send({"id": 6, "method": "shutdown"})
    assert raw.answer(number)["error"]["code"] == -32800
    assert raw.answer(6)["result"] is None
    raw.send({"method": "exit"})
    assert raw.process.wait(10) == 0
    assert time.monotonic() - asked < 5


def test_a_client_that_dies_takes_the_server_with_it(raw: Raw, folder: Path) -> None:
    begin(raw, folder)
    raw.open(folder / "leak.go", long_file(folder))
    assert raw.process.stdin is not None
    raw.process.stdin.close()
    raw.process.stdin = None
    assert raw.process.wait(10) == 1


def logged(folder: Path, *options: str) -> str:
    """What a server with these options writes beside the protocol."""
    with Raw(*options) as raw:
        begin(raw, folder)
        uri = raw.open(folder / "leak.go")
        raw.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        raw.request("textDocument/hover", {"textDocument": 5})
        raw.request("shutdown", None)
        raw.notify("exit", None)
        raw.process.wait(10)
        assert raw.process.stderr is not None
        return raw.process.stderr.read().decode()


def test_the_log_tells_what_is_asked_of_it(folder: Path, tmp_path: Path) -> None:
    quiet, loud, file = logged(folder), logged(folder, "--verbose"), tmp_path / "caulk.log"
    assert "settings" not in quiet and "textDocument/hover: Invalid Params" in quiet
    assert "settings: " in loud and "leak.go version 1: " in loud and " ms" in loud
    assert "Traceback" not in quiet + loud
    assert logged(folder, "--verbose", "--log-file", str(file)) == ""
    assert "leak.go version 1: " in file.read_text()
