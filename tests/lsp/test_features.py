"""Commands, and what a user has to ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from raw_server import Raw

CAPABILITIES = {
    "textDocument": {
        "diagnostic": {},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
    },
    "window": {"workDoneProgress": True},
    "workspace": {"workspaceEdit": {"documentChanges": True}},
}
CANCEL = """package leak

import "context"

func Wait(parent context.Context) context.Context {
	ctx, _ := context.WithCancel(parent)
	return ctx
}
"""


def codes(raw: Raw, uri: str) -> list[str]:
    answer = raw.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
    return [item["code"] for item in answer["result"]["items"]]


def edits(raw: Raw) -> dict[str, Any]:
    """The edits that the server asked the client to make, by file name."""
    (asked,) = [message for message in raw.told if message["method"] == "workspace/applyEdit"]
    changes = asked["params"]["edit"]["documentChanges"]
    return {change["textDocument"]["uri"].rpartition("/")[2]: change for change in changes}


def second_package(folder: Path) -> Path:
    other = folder / "other"
    other.mkdir()
    (other / "more.go").write_text((folder / "leak.go").read_text().replace("package leak", "package other"))
    return other / "more.go"


def test_fix_all_of_one_rule_in_the_workspace(raw: Raw, folder: Path) -> None:
    second_package(folder)
    raw.initialize(CAPABILITIES, folder)
    uri = raw.open(folder / "leak.go")
    assert raw.execute("caulk.fixAll", uri, "workspace", "http-body-unclosed") == 2
    made = edits(raw)
    assert made["leak.go"]["textDocument"]["version"] == 1
    assert made["more.go"]["textDocument"]["version"] is None
    assert all("resp.Body.Close" in change["edits"][0]["newText"] for change in made.values())
    progress = [message["params"]["value"]["kind"] for message in raw.told if message["method"] == "$/progress"]
    assert progress == ["begin", "report", "report", "end"]


def test_fix_all_in_a_file_leaves_others_alone(raw: Raw, folder: Path) -> None:
    (folder / "twin.go").write_text(
        (folder / "leak.go").read_text().replace("Fetch", "Again").replace("Size", "Length")
    )
    raw.initialize(CAPABILITIES, folder)
    uri = raw.open(folder / "leak.go")
    assert raw.execute("caulk.fixAll", uri) == 2
    assert set(edits(raw)) == {"leak.go"}
    raw.told.clear()
    assert raw.execute("caulk.fixAll", uri, "package") == 4
    assert set(edits(raw)) == {"leak.go", "twin.go"}


def test_actions_offer_the_rule_everywhere(raw: Raw, folder: Path) -> None:
    raw.initialize(CAPABILITIES, folder)
    uri = raw.open(folder / "leak.go")
    report = raw.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})["result"]
    params = {"textDocument": {"uri": uri}, "range": report["items"][0]["range"], "context": {"diagnostics": []}}
    titles = [action["title"] for action in raw.request("textDocument/codeAction", params)["result"]]
    assert "Fix all http-body-unclosed in this package" in titles
    assert "Fix all http-body-unclosed in this file" not in titles  # there is one only
    assert titles[-2:] == ["Ignore http-body-unclosed here", "Ignore http-body-unclosed in this file"]


def test_workspace_diagnostics_only_when_asked_for(raw: Raw, folder: Path) -> None:
    answer = raw.initialize(CAPABILITIES, folder)
    assert answer["result"]["capabilities"]["diagnosticProvider"]["workspaceDiagnostics"] is False


def test_workspace_diagnostics_with_result_ids(raw: Raw, folder: Path) -> None:
    second_package(folder)
    (folder / "caulk.toml").write_text('exclude = ["skipped/"]\n')
    (folder / "skipped").mkdir()
    (folder / "skipped" / "x.go").write_text((folder / "leak.go").read_text())
    answer = raw.initialize(CAPABILITIES, folder, workspaceDiagnostics=True)
    assert answer["result"]["capabilities"]["diagnosticProvider"]["workspaceDiagnostics"] is True
    items = raw.request("workspace/diagnostic", {"previousResultIds": []})["result"]["items"]
    assert {item["uri"].rpartition("/")[2]: len(item["items"]) for item in items} == {"leak.go": 2, "more.go": 2}
    known = [{"uri": item["uri"], "value": item["resultId"]} for item in items]
    again = raw.request("workspace/diagnostic", {"previousResultIds": known})["result"]["items"]
    assert [item["kind"] for item in again] == ["unchanged", "unchanged"]


def test_what_gopls_reports_is_left_out_when_asked_for(raw: Raw, folder: Path) -> None:
    raw.initialize(CAPABILITIES, folder)
    uri = raw.open(folder / "cancel.go", CANCEL)
    assert codes(raw, uri) == ["cancel-uncalled"]
    change = {"settings": {"caulk": {"deferToGopls": True}}}
    raw.send({"method": "workspace/didChangeConfiguration", "params": change})
    assert codes(raw, uri) == []


def test_severities_and_wrong_settings(raw: Raw, folder: Path) -> None:
    raw.initialize(CAPABILITIES, folder, severity={"http-body-unclosed": "error"})
    uri = raw.open(folder / "leak.go")
    report = raw.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})["result"]
    assert [item["severity"] for item in report["items"]] == [1, 2]
    change = {"settings": {"caulk": {"select": ["http-body-unclosd"]}}}
    raw.send({"method": "workspace/didChangeConfiguration", "params": change})
    assert codes(raw, uri) == ["http-body-unclosed", "resource-unclosed"]
    (told,) = [message for message in raw.told if message["method"] == "window/showMessage"]
    assert "did you mean" in told["params"]["message"] and "http-body-unclosed" in told["params"]["message"]


def test_lenses_and_hints(raw: Raw, folder: Path) -> None:
    raw.initialize(CAPABILITIES, folder, codeLens=True, inlayHints=True)
    uri = raw.open(folder / "leak.go")
    lenses = raw.request("textDocument/codeLens", {"textDocument": {"uri": uri}})["result"]
    assert [(lens["range"]["start"]["line"], lens["command"]["title"][:10]) for lens in lenses] == [
        (0, "2 findings"),
        (9, "1 finding:"),
        (17, "1 finding:"),
    ]
    everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    hints = raw.request("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": everywhere})["result"]
    assert [hint["position"]["line"] for hint in hints] == [14, 24]
    assert hints[0]["label"].startswith("http-body-unclosed: still open")


def test_pages_and_evidence(raw: Raw, folder: Path) -> None:
    raw.initialize(CAPABILITIES, folder)
    uri = raw.open(folder / "leak.go")
    assert raw.execute("caulk.explain", "rows-unclosed").startswith("# rows-unclosed")
    assert raw.execute("caulk.explain", "no-such-rule") == ""
    assert any(rule["code"] == "rows-unclosed" for rule in raw.execute("caulk.rules"))
    text = raw.execute("caulk.evidence", uri, {"line": 10, "character": 16})
    assert "acquired here" in text and "safe: Add `defer resp.Body.Close()`" in text
    assert raw.execute("caulk.evidence", uri, {"line": 0, "character": 0}) == ""


def test_every_command_is_on_the_page_of_the_editors(raw: Raw, folder: Path) -> None:
    known = raw.initialize(CAPABILITIES, folder)["result"]["capabilities"]["executeCommandProvider"]["commands"]
    page = (Path(__file__).parents[2] / "docs" / "editors" / "README.md").read_text(encoding="utf-8")
    assert [name for name in known if f"`{name}`" not in page] == ["caulk.statistics"]  # which is for tests only


def test_the_hover_shows_the_path(raw: Raw, folder: Path) -> None:
    raw.initialize(CAPABILITIES, folder)
    uri = raw.open(folder / "leak.go")
    params = {"textDocument": {"uri": uri}, "position": {"line": 10, "character": 16}}
    text = raw.request("textDocument/hover", params)["result"]["contents"]["value"]
    assert "## Here" in text and f"[line 15]({uri}#L15): still open" in text
