"""A real server process for each test, driven with the capabilities that real editors send."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import converters, types
from pytest_lsp import ClientServerConfig, LanguageClient

from raw_server import Raw

HERE = Path(__file__).parent
COMMAND = [sys.executable, "-m", "caulk.cli.main", "lsp"]


def capabilities(editor: str) -> types.ClientCapabilities:
    """What an editor said in its ``initialize``, as captured from it."""
    table = json.loads((HERE / "capabilities" / f"{editor}.json").read_text(encoding="utf-8"))
    return converters.get_converter().structure(table["capabilities"], types.ClientCapabilities)


async def start(client: LanguageClient, editor: types.ClientCapabilities, folder: Path) -> None:
    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(params: types.RegistrationParams) -> None:
        """Accepted."""

    client.result = await client.initialize_session(
        types.InitializeParams(
            capabilities=editor,
            workspace_folders=[types.WorkspaceFolder(uri=folder.as_uri(), name="test")],
            initialization_options={"debounce": 20},
        )
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A module with one leaky file."""
    (tmp_path / "go.mod").write_text("module example.test/leak\n\ngo 1.25\n")
    (tmp_path / "leak.go").write_bytes((HERE / "data" / "leak.go").read_bytes())
    return tmp_path


@pytest.fixture
def raw() -> Iterator[Raw]:
    """A server spoken to byte by byte."""
    server = Raw()
    yield server
    server.process.kill()
    server.process.communicate()


@pytest_lsp.fixture(config=ClientServerConfig(server_command=COMMAND), params=["vscode", "neovim"])
async def client(lsp_client: LanguageClient, request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[None]:
    """A client that pulls diagnostics, as VS Code or Neovim."""
    await start(lsp_client, capabilities(request.param), folder)
    yield
    await lsp_client.shutdown_session()


@pytest_lsp.fixture(config=ClientServerConfig(server_command=COMMAND))
async def pushed(lsp_client: LanguageClient, folder: Path) -> AsyncIterator[None]:
    """An old client, which waits for diagnostics and resolves nothing."""
    old = types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(
            publish_diagnostics=types.PublishDiagnosticsClientCapabilities(related_information=True)
        )
    )
    await start(lsp_client, old, folder)
    yield
    await lsp_client.shutdown_session()
