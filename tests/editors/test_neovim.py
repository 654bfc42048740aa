"""What a user of Neovim does: see the leaks, take a fix, undo it, fix everything on save."""

from __future__ import annotations

import pytest

from neovim import DATA, Editor

pytestmark = pytest.mark.editors

BOTH = ["http-body-unclosed", "resource-unclosed"]
APPLY = """
local only = ...
vim.ui.select = function(items, _, choose) choose(items[1], 1) end
vim.lsp.buf.code_action({ context = { only = { only } }, apply = true })
"""


def to_the_response(editor: Editor) -> None:
    editor.nvim.command("call search('http.Get')")


def test_diagnostics_with_the_path(editor: Editor) -> None:
    editor.wait("#vim.diagnostic.get(0) == 2")
    assert editor.codes() == BOTH
    related = editor.nvim.exec_lua("return #vim.diagnostic.get(0)[1].user_data.lsp.relatedInformation")
    assert related >= 2


def test_quick_fix_and_undo_in_one_step(editor: Editor) -> None:
    before = editor.text()
    editor.wait("#vim.diagnostic.get(0) == 2")
    to_the_response(editor)
    editor.nvim.exec_lua(APPLY, "quickfix")
    editor.wait("vim.fn.search('defer resp.Body.Close', 'n') > 0")
    editor.wait("#vim.diagnostic.get(0) == 1")
    editor.nvim.command("undo")
    assert editor.text() == before


def test_fix_all_gives_the_golden(editor: Editor) -> None:
    editor.wait("#vim.diagnostic.get(0) == 2")
    editor.nvim.exec_lua(APPLY, "source.fixAll.caulk")
    editor.wait("#vim.diagnostic.get(0) == 0")
    assert editor.text() == (DATA / "fixed.go").read_text()


def test_no_warning_about_encodings(editor: Editor) -> None:
    editor.wait("#vim.lsp.get_clients() == 1")
    assert editor.nvim.exec_lua("return vim.lsp.get_clients()[1].offset_encoding") == "utf-16"
