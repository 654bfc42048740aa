"""What is offered at a finding, and that what is chosen does what it says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from lsprotocol import types
from lsprotocol.converters import get_converter
from pytest_lsp import LanguageClient

from caulk.lsp.documents import opened
from caulk.lsp.session import Session
from language_client import actions, applied, edit_of, open_file, pull
from raw_server import Raw

EVERYWHERE = types.Range(types.Position(0, 0), types.Position(99, 0))
ANNOTATING = {
    "textDocument": {"diagnostic": {}},
    "workspace": {"workspaceEdit": {"documentChanges": True, "changeAnnotationSupport": {}}},
}


async def test_a_finding_is_ignored_at_its_place_or_in_its_file(client: LanguageClient, folder: Path) -> None:
    uri = open_file(client, folder / "leak.go")
    text = (folder / "leak.go").read_text()
    (first, _) = await pull(client, uri)
    *_, here, whole = await actions(client, uri, first.range)
    assert here.title == "Ignore http-body-unclosed here"
    assert whole.title == "Ignore http-body-unclosed in this file"
    assert not here.is_preferred and not whole.is_preferred
    above = "\t//caulk:ignore http-body-unclosed -- reason\n\tresp, err"
    assert applied(text, await edit_of(client, here), uri) == text.replace("\tresp, err", above)
    silent = applied(text, await edit_of(client, whole), uri)
    assert silent == "//caulk:ignore-file http-body-unclosed -- reason\n\n" + text
    change = types.TextDocumentContentChangeWholeDocument(silent)
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(2, uri), [change])
    )
    assert [found.code for found in await pull(client, uri)] == ["resource-unclosed"]


def doubled(text: str) -> str:
    """The text with its first leak once more."""
    again = text[text.index("// Fetch") : text.index("\nfunc Size")].replace("Fetch", "Again")
    return f"{text}\n{again}"


def offered_everywhere(raw: Raw, uri: str) -> list[dict[str, Any]]:
    everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    params = {"textDocument": {"uri": uri}, "range": everywhere, "context": {"diagnostics": []}}
    found: list[dict[str, Any]] = raw.request("textDocument/codeAction", params)["result"]
    return found


def test_a_range_with_several_findings_offers_what_holds_for_all_of_them_once(raw: Raw, folder: Path) -> None:
    raw.initialize(ANNOTATING, folder)
    uri = raw.open(folder / "leak.go", doubled((folder / "leak.go").read_text()))
    offered = [action["title"] for action in offered_everywhere(raw, uri)]
    assert offered.count("Ignore http-body-unclosed here") == 2
    assert offered.count("Ignore http-body-unclosed in this file") == 1
    assert offered.count("Fix all http-body-unclosed in this file") == 1
    assert "Fix all resource-unclosed in this file" not in offered  # there is one only


def test_a_whole_rule_is_fixed_by_the_command_of_its_action(raw: Raw, folder: Path) -> None:
    raw.initialize(ANNOTATING, folder)
    text = doubled((folder / "leak.go").read_text())
    uri = raw.open(folder / "leak.go", text)
    found = offered_everywhere(raw, uri)
    (chosen,) = [action for action in found if action["title"] == "Fix all http-body-unclosed in this file"]
    assert "edit" not in chosen
    assert raw.execute(chosen["command"]["command"], *chosen["command"]["arguments"]) == 2
    (asked,) = [message for message in raw.told if message["method"] == "workspace/applyEdit"]
    assert asked["params"]["label"] == "Fix all http-body-unclosed"
    edit = get_converter().structure(asked["params"]["edit"], types.WorkspaceEdit)
    assert applied(text, edit, uri).count("defer resp.Body.Close()") == 2


async def test_tests_are_fixed_one_by_one_only(client: LanguageClient, folder: Path) -> None:
    uri = open_file(client, folder / "leak_test.go", (folder / "leak.go").read_text().replace("Fetch", "Again"))
    offered = await actions(client, uri, EVERYWHERE)
    assert offered[0].is_preferred
    assert await actions(client, uri, EVERYWHERE, ["source.fixAll"]) == []


def test_tests_are_not_fixed_in_bulk(raw: Raw, folder: Path) -> None:
    raw.initialize(ANNOTATING, folder)
    uri = raw.open(folder / "leak_test.go", (folder / "leak.go").read_text())
    assert not [action for action in offered_everywhere(raw, uri) if action["title"].startswith("Fix all")]


async def test_what_counts_as_safe_is_the_users_choice(client: LanguageClient, folder: Path) -> None:
    (folder / "caulk.toml").write_text('extend-unsafe-fixes = ["http-body-unclosed"]\n')
    uri = open_file(client, folder / "leak.go")
    (first, second) = await pull(client, uri)
    assert not any(action.is_preferred for action in await actions(client, uri, first.range))
    assert (await actions(client, uri, second.range))[0].is_preferred


def applied_edit(raw: Raw) -> Any:
    (asked,) = [message for message in raw.told if message["method"] == "workspace/applyEdit"]
    return asked["params"]["edit"]


def test_edits_of_many_files_are_annotated_and_versioned(raw: Raw, folder: Path) -> None:
    (folder / "more.go").write_text((folder / "leak.go").read_text().replace("Fetch", "Again").replace("Size", "Long"))
    raw.initialize(ANNOTATING, folder)
    uri = raw.open(folder / "leak.go")
    assert raw.execute("caulk.fixAll", uri, "package", "resource-unclosed") == 2
    edit = applied_edit(raw)
    assert edit["changeAnnotations"] == {"label": {"label": "Fix all resource-unclosed"}}
    versions = {change["textDocument"]["uri"]: change["textDocument"]["version"] for change in edit["documentChanges"]}
    assert versions == {uri: 1, (folder / "more.go").as_uri(): None}
    assert all(one["annotationId"] == "label" for change in edit["documentChanges"] for one in change["edits"])


def test_an_unsafe_fix_says_so(raw: Raw, folder: Path) -> None:
    raw.initialize(ANNOTATING, folder)
    uri = raw.open(folder / "leak.go")
    found = offered_everywhere(raw, uri)
    annotated = {action["title"]: action["edit"].get("changeAnnotations") for action in found if "edit" in action}
    assert annotated["Add `defer resp.Body.Close()`"] is None
    assert annotated["Ignore http-body-unclosed here"] == {"unsafe": {"label": "May change behaviour"}}


async def test_what_was_fixed_belongs_to_the_version_that_was_looked_at(folder: Path) -> None:
    session = Session()
    path = folder / "leak.go"
    text = path.read_text()
    session.put(opened(types.TextDocumentItem(path.as_uri(), "go", 1, text)))
    asked = asyncio.ensure_future(session.fix_package(str(folder), [str(path)], None))
    await asyncio.sleep(0)
    (fixed,) = await asked
    session.put(opened(types.TextDocumentItem(path.as_uri(), "go", 2, "package leak\n")))
    session.stop()
    assert (fixed.document.version, fixed.document.source.data) == (1, text.encode())
