"""Several folders, several modules, several unsaved texts: what one document shows may depend on all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import LanguageClient

from language_client import open_file, pull
from raw_server import Raw

CAPABILITIES = {"textDocument": {"diagnostic": {}}, "workspace": {"workspaceFolders": True}}
USE = """package {package}
{imports}
func Use(path string) error {{
	f, err := os.Open(path)
	if err != nil {{
		return err
	}}
	{done}(f)
	return nil
}}
"""
READS = """package {package}

import "os"

func Done(f *os.File) {{ println(f.Name()) }}
"""
CLOSES = READS.replace("println(f.Name())", "f.Close()")
HERE = {"package": "leak", "imports": '\nimport "os"\n', "done": "Done"}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def change(client: LanguageClient, uri: str, version: int, text: str) -> None:
    whole = types.TextDocumentContentChangeWholeDocument(text)
    identifier = types.VersionedTextDocumentIdentifier(version, uri)
    client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [whole]))


async def codes(client: LanguageClient, uri: str) -> list[Any]:
    return [found.code for found in await pull(client, uri)]


async def test_unsaved_texts_of_a_package_lie_over_the_disk(client: LanguageClient, folder: Path) -> None:
    helper = write(folder / "done.go", READS.format(package="leak"))
    uses = write(folder / "use.go", USE.format(**HERE))
    here = open_file(client, uses)
    assert await codes(client, here) == ["resource-unclosed"]
    there = open_file(client, helper)
    change(client, there, 2, CLOSES.format(package="leak"))
    assert await codes(client, here) == []
    change(client, there, 3, READS.format(package="leak"))
    assert await codes(client, here) == ["resource-unclosed"]
    change(client, there, 4, CLOSES.format(package="leak"))
    assert await codes(client, here) == []
    client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(there)))
    assert await codes(client, here) == ["resource-unclosed"]  # the text was not saved


async def test_a_file_that_is_on_no_disk_yet_belongs_to_its_package(client: LanguageClient, folder: Path) -> None:
    here = open_file(client, write(folder / "use.go", USE.format(**HERE)))
    before = await codes(client, here)
    open_file(client, folder / "done.go", READS.format(package="leak"))
    assert (before, await codes(client, here)) == ([], ["resource-unclosed"])


async def test_a_change_is_pushed_to_the_other_files_of_its_package(pushed: LanguageClient, folder: Path) -> None:
    here = open_file(pushed, write(folder / "use.go", USE.format(**HERE)))
    there = open_file(pushed, write(folder / "done.go", READS.format(package="leak")))
    await until(pushed, here, ["resource-unclosed"])
    change(pushed, there, 2, CLOSES.format(package="leak"))
    await until(pushed, here, [])


async def until(client: LanguageClient, uri: str, wanted: Sequence[str]) -> None:
    """Wait for these codes of a document."""
    while [found.code for found in client.diagnostics.get(uri, ())] != wanted or uri not in client.diagnostics:
        await asyncio.wait_for(client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS), 20)


async def test_modules_of_a_go_work_see_each_other_unsaved(client: LanguageClient, folder: Path) -> None:
    write(folder / "go.work", "go 1.25\n\nuse (\n\t./app\n\t./store\n)\n")
    write(folder / "app" / "go.mod", "module example.test/app\n\ngo 1.25\n")
    write(folder / "store" / "go.mod", "module example.test/store\n\ngo 1.25\n")
    helper = write(folder / "store" / "done.go", READS.format(package="store"))
    imports = '\nimport (\n\t"os"\n\n\t"example.test/store"\n)\n'
    uses = write(folder / "app" / "use.go", USE.format(package="app", imports=imports, done="store.Done"))
    (folder / "store" / "caulk.toml").write_text(
        'ignore = ["rows-unclosed"]\n'
    )  # another configuration, another workspace
    here = open_file(client, uses)
    assert await codes(client, here) == ["resource-unclosed"]
    there = open_file(client, helper)
    change(client, there, 2, CLOSES.format(package="store"))
    assert await codes(client, here) == []
    (folder / "go.work").unlink()
    event = types.FileEvent((folder / "go.work").as_uri(), types.FileChangeType.Deleted)
    client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    assert await codes(client, here) == []  # nobody knows the helper now: silence


def module(folder: Path, name: str, settings: str) -> Path:
    """A module with the two leaks of the test data, and a configuration."""
    root = folder / name
    write(root / "go.mod", f"module example.test/{name}\n\ngo 1.25\n")
    write(root / "leak.go", (folder / "leak.go").read_text())
    write(root / "caulk.toml", settings)
    return root


def named(root: Path) -> dict[str, str]:
    return {"uri": root.as_uri(), "name": root.name}


def test_each_folder_obeys_its_own_configuration(raw: Raw, folder: Path) -> None:
    one = module(folder, "one", 'ignore = ["http-body-unclosed"]\n')
    two = module(folder, "two", 'ignore = ["resource-unclosed"]\n')
    params = {"processId": None, "capabilities": CAPABILITIES, "workspaceFolders": [named(one), named(two)]}
    raw.request("initialize", params)
    raw.notify("initialized", {})
    found = {}
    for root in (one, two):
        uri = raw.open(root / "leak.go")
        items = raw.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})["result"]["items"]
        found[root.name] = [item["code"] for item in items]
    assert found == {"one": ["resource-unclosed"], "two": ["http-body-unclosed"]}


def test_folders_come_and_go(raw: Raw, folder: Path) -> None:
    one, two = module(folder, "one", ""), module(folder, "two", 'ignore = ["resource-unclosed"]\n')
    params = {
        "processId": None,
        "capabilities": CAPABILITIES,
        "workspaceFolders": [named(one)],
        "initializationOptions": {"workspaceDiagnostics": True},
    }
    answer = raw.request("initialize", params)["result"]["capabilities"]["workspace"]["workspaceFolders"]
    assert answer == {"supported": True, "changeNotifications": True}
    raw.notify("initialized", {})

    def everything(known: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        previous = [{"uri": item["uri"], "value": item["resultId"]} for item in known]
        items = raw.request("workspace/diagnostic", {"previousResultIds": previous})["result"]["items"]
        return {Path(item["uri"]).parent.name: item for item in items}

    first = everything([])
    assert {name: len(item["items"]) for name, item in first.items()} == {"one": 2}
    raw.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [named(two)], "removed": []}})
    both = everything(list(first.values()))
    assert (both["one"]["kind"], len(both["two"]["items"])) == ("unchanged", 1)
    raw.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [named(one)]}})
    last = everything([first["one"], both["two"]])
    assert (last["one"]["items"], last["two"]["kind"]) == ([], "unchanged")  # what has left is cleared
