"""Settings: asked for by folder where the client can be asked, else told by it; each lies over the nearest caulk.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import LanguageClient

from language_client import open_file, pull
from raw_server import Raw

ASKED = {"textDocument": {"diagnostic": {}}, "workspace": {"configuration": True, "workspaceFolders": True}}
BOTH = ["http-body-unclosed", "resource-unclosed"]


def second_folder(folder: Path) -> Path:
    """Another module with the same leaks, beside the first."""
    other = folder.parent / f"{folder.name}-other"
    other.mkdir()
    for name in ("go.mod", "leak.go"):
        (other / name).write_bytes((folder / name).read_bytes())
    return other


async def change_folders(client: LanguageClient, added: list[Path], removed: list[Path]) -> None:
    event = types.WorkspaceFoldersChangeEvent(
        [types.WorkspaceFolder(path.as_uri(), path.name) for path in added],
        [types.WorkspaceFolder(path.as_uri(), path.name) for path in removed],
    )
    client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))


async def shown(client: LanguageClient, uri: str) -> list[Any]:
    return [found.code for found in await pull(client, uri)]


async def test_each_folder_has_its_settings(client: LanguageClient, folder: Path) -> None:
    other = second_folder(folder)
    client.set_configuration({"ignore": ["http-body-unclosed"]}, section="caulk", scope_uri=other.as_uri())
    here, there = open_file(client, folder / "leak.go"), open_file(client, other / "leak.go")
    assert await shown(client, there) == BOTH  # a folder that is not open has no settings of its own
    await change_folders(client, [other], [])
    assert await shown(client, here) == BOTH
    assert await shown(client, there) == ["resource-unclosed"]
    await change_folders(client, [], [other])
    assert await shown(client, there) == BOTH


async def test_settings_are_asked_for_again_when_they_change(client: LanguageClient, folder: Path) -> None:
    uri = open_file(client, folder / "leak.go")
    assert await shown(client, uri) == BOTH
    client.set_configuration({"ignore": ["resource-unclosed"]}, section="caulk")
    client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))
    assert await shown(client, uri) == ["http-body-unclosed"]
    client.set_configuration({"ignore": []}, section="caulk")
    client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))
    assert await shown(client, uri) == BOTH


def answer_settings(raw: Raw, *answers: Any) -> dict[str, Any]:
    """Wait until the server asks for settings, and answer; gives what it asked."""
    asked = raw.until(lambda message: message.get("method") == "workspace/configuration")
    raw.send({"id": asked["id"], "result": list(answers)})
    return asked


def begin(raw: Raw, folders: list[Path], **options: Any) -> None:
    """The start without an answer to what the server asks then."""
    named = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
    params = {"processId": None, "capabilities": ASKED, "workspaceFolders": named, "initializationOptions": options}
    raw.request("initialize", params)
    raw.notify("initialized", {})


def codes(raw: Raw, uri: str) -> list[str]:
    answer = raw.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
    return [item["code"] for item in answer["result"]["items"]]


def test_the_question_names_each_folder_and_analyses_wait_for_the_answer(raw: Raw, folder: Path) -> None:
    other = second_folder(folder)
    begin(raw, [folder, other])
    uri = raw.open(folder / "leak.go")
    number = raw.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})
    asked = answer_settings(raw, None, {"ignore": ["http-body-unclosed"]}, None)
    assert asked["params"]["items"] == [
        {"section": "caulk"},
        {"section": "caulk", "scopeUri": folder.as_uri()},
        {"section": "caulk", "scopeUri": other.as_uri()},
    ]
    assert [item["code"] for item in raw.answer(number)["result"]["items"]] == ["resource-unclosed"]
    assert codes(raw, raw.open(other / "leak.go")) == BOTH


def test_what_is_answered_lies_over_what_was_told(raw: Raw, folder: Path) -> None:
    (folder / "caulk.toml").write_text('severity = {"resource-unclosed" = "off"}\n')
    begin(raw, [folder], ignore=["http-body-unclosed"])
    answer_settings(raw, None, {"ignore": []})
    assert codes(raw, raw.open(folder / "leak.go")) == ["http-body-unclosed"]


def test_a_client_that_gives_no_fitting_answer_is_served_by_what_it_told(raw: Raw, folder: Path) -> None:
    begin(raw, [folder], ignore=["http-body-unclosed"])
    asked = raw.until(lambda message: message.get("method") == "workspace/configuration")
    raw.send({"id": asked["id"], "error": {"code": -32603, "message": "not today"}})
    uri = raw.open(folder / "leak.go")
    assert codes(raw, uri) == ["resource-unclosed"]
    for answer in ({"ignore": []}, [], "nonsense", None):
        raw.notify("workspace/didChangeConfiguration", {"settings": None})
        asked = raw.until(lambda message: message.get("method") == "workspace/configuration")
        raw.send({"id": asked["id"], "result": answer})
        assert codes(raw, uri) == ["resource-unclosed"]


def test_clients_that_cannot_be_asked_tell_at_the_start_and_later(raw: Raw, folder: Path) -> None:
    raw.initialize({"textDocument": {"diagnostic": {}}}, folder, ignore=["http-body-unclosed"])
    uri = raw.open(folder / "leak.go")
    assert codes(raw, uri) == ["resource-unclosed"]
    raw.notify("workspace/didChangeConfiguration", {"settings": {}})  # says nothing of us
    assert codes(raw, uri) == ["resource-unclosed"]
    raw.notify("workspace/didChangeConfiguration", {"settings": {"caulk": {"ignore": ["resource-unclosed"]}}})
    assert codes(raw, uri) == ["http-body-unclosed"]
    assert not [message for message in raw.told if message["method"] == "workspace/configuration"]


def test_what_changes_is_asked_for(raw: Raw, folder: Path) -> None:
    dynamic = {"dynamicRegistration": True}
    raw.initialize({"workspace": {"didChangeConfiguration": dynamic, "didChangeWatchedFiles": dynamic}}, folder)
    asked = raw.until(lambda message: message.get("method") == "client/registerCapability")
    settings, files = asked["params"]["registrations"]
    assert settings["registerOptions"] == {"section": "caulk"}
    patterns = [watcher["globPattern"] for watcher in files["registerOptions"]["watchers"]]
    assert patterns == ["**/*.go", "**/{caulk.toml,go.mod,go.work}"]
