"""The language server over its real protocol."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsprotocol import types
from pytest_lsp import LanguageClient

from language_client import actions, applied, edit_of, open_file, pull

DATA = Path(__file__).parent / "data"


async def test_open_diagnostics_quick_fix_and_fix_all(client: LanguageClient, folder: Path) -> None:
    uri = open_file(client, folder / "leak.go")
    text = (folder / "leak.go").read_text()
    found = await pull(client, uri)
    assert [d.code for d in found] == ["http-body-unclosed", "resource-unclosed"]
    first = found[0]
    assert first.severity is types.DiagnosticSeverity.Warning
    assert first.source == "caulk"
    assert first.related_information is not None
    assert next(step.message for step in first.related_information) == "acquired here"
    assert first.code_description is not None and first.code_description.href.endswith("http_body_unclosed.md")

    offered = await actions(client, uri, first.range)
    assert offered[0].is_preferred and offered[0].kind == types.CodeActionKind.QuickFix
    assert offered[-1].title.startswith("Ignore")
    once = applied(text, await edit_of(client, offered[0]), uri)
    assert "defer resp.Body.Close()\n\treturn io.ReadAll" in once

    everything = await actions(client, uri, first.range, ["source.fixAll"])
    assert [action.kind for action in everything] == ["source.fixAll.caulk"]
    golden = (DATA / "fixed.go").read_text()
    assert applied(text, await edit_of(client, everything[0]), uri) == golden

    change = types.TextDocumentContentChangeWholeDocument(golden)
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(2, uri), [change])
    )
    assert await pull(client, uri) == []


async def test_unchanged_results_are_not_sent_again(client: LanguageClient, folder: Path) -> None:
    uri = open_file(client, folder / "leak.go")
    identifier = types.TextDocumentIdentifier(uri)
    first = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(identifier))
    again = await client.text_document_diagnostic_async(
        types.DocumentDiagnosticParams(identifier, previous_result_id=first.result_id)
    )
    assert isinstance(again, types.RelatedUnchangedDocumentDiagnosticReport)


async def test_columns_are_utf16(client: LanguageClient, folder: Path) -> None:
    text = 'package leak\n\nimport "os"\n\nfunc F() { s := "😀é"; f, _ := os.Open(s); _ = f }\n'
    uri = open_file(client, folder / "wide.go", text)
    assert client.result.capabilities.position_encoding == types.PositionEncodingKind.Utf16
    (found,) = await pull(client, uri)
    line = text.splitlines()[4]
    start = len(line[: line.index("os.Open")].encode("utf-16-le")) // 2
    assert (found.range.start.line, found.range.start.character) == (4, start)


async def test_incremental_changes(client: LanguageClient, folder: Path) -> None:
    uri = open_file(client, folder / "leak.go")
    line = (folder / "leak.go").read_text().splitlines().index("\treturn io.ReadAll(resp.Body)")
    at = types.Position(line, 0)
    change = types.TextDocumentContentChangePartial(types.Range(at, at), "\tdefer resp.Body.Close()\n")
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(2, uri), [change])
    )
    assert [d.code for d in await pull(client, uri)] == ["resource-unclosed"]


async def test_hover_shows_the_page_of_the_rule(client: LanguageClient, folder: Path) -> None:
    uri = open_file(client, folder / "leak.go")
    (first, _) = await pull(client, uri)
    hover = await client.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(uri), first.range.start)
    )
    assert hover is not None and isinstance(hover.contents, types.MarkupContent)
    assert hover.contents.value.startswith("# http-body-unclosed")


async def test_an_edit_of_a_stale_version_is_not_made(client: LanguageClient, folder: Path) -> None:
    uri = open_file(client, folder / "leak.go")
    (first, _) = await pull(client, uri)
    action = (await actions(client, uri, first.range))[0]
    assert action.edit is None  # both clients ask for the edit when it is chosen
    change = types.TextDocumentContentChangeWholeDocument("package leak\n")
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(2, uri), [change])
    )
    assert (await client.code_action_resolve_async(action)).edit is None


async def test_broken_code_keeps_its_other_findings(client: LanguageClient, folder: Path) -> None:
    text = (folder / "leak.go").read_text().replace("return 0, err\n\t}\n\tinfo", "return 0, err\n\tinfo", 1)
    uri = open_file(client, folder / "leak.go", text)
    assert "http-body-unclosed" in [d.code for d in await pull(client, uri)]


async def test_settings_of_the_module_are_obeyed(client: LanguageClient, folder: Path) -> None:
    (folder / "caulk.toml").write_text('ignore = ["http-body-unclosed"]\n')
    uri = open_file(client, folder / "leak.go")
    assert [d.code for d in await pull(client, uri)] == ["resource-unclosed"]


async def test_push_for_clients_that_do_not_pull(pushed: LanguageClient, folder: Path) -> None:
    uri = open_file(pushed, folder / "leak.go")
    await pushed.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    assert [d.code for d in pushed.diagnostics[uri]] == ["http-body-unclosed", "resource-unclosed"]
    offered = await actions(pushed, uri, pushed.diagnostics[uri][0].range)
    assert offered[0].edit is not None and offered[0].edit.changes is not None


async def test_a_burst_of_keystrokes_is_analysed_once(pushed: LanguageClient, folder: Path) -> None:
    uri = open_file(pushed, folder / "leak.go")
    await pushed.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    for version in range(2, 22):
        at = types.Position(0, 0)
        change = types.TextDocumentContentChangePartial(types.Range(at, at), "/")
        pushed.text_document_did_change(
            types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(version, uri), [change])
        )
    await asyncio.wait_for(pushed.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS), 10)
    counts = await pushed.workspace_execute_command_async(types.ExecuteCommandParams("caulk.statistics"))
    assert counts["analyses"] <= 3
