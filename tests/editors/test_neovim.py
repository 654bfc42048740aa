"""What a user of Neovim does: see the leaks, take a fix, undo it, fix everything on save."""

from __future__ import annotations

from pathlib import Path

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


def test_fix_on_save_writes_what_was_fixed(editor: Editor, module: Path) -> None:
    editor.wait("#vim.diagnostic.get(0) == 2")
    editor.nvim.exec_lua("require('caulk').fix_on_save()")
    editor.nvim.command("write")
    assert (module / "leak.go").read_text() == (DATA / "fixed.go").read_text()


def test_settings_may_change(editor: Editor) -> None:
    editor.wait("#vim.diagnostic.get(0) == 2")
    editor.nvim.exec_lua(
        """
        local client = vim.lsp.get_clients({ name = 'caulk' })[1]
        client.settings = { caulk = { ignore = { 'resource-unclosed' } } }
        client:notify('workspace/didChangeConfiguration', { settings = client.settings })
        """
    )
    editor.nvim.current.buffer.append("// asks anew")
    editor.wait("#vim.diagnostic.get(0) == 1")
    assert editor.codes() == ["http-body-unclosed"]


def test_columns_after_an_emoji(editor: Editor) -> None:
    editor.wait("#vim.diagnostic.get(0) == 2")
    editor.nvim.exec_lua('vim.cmd([[%s/http.Get(u)/http.Get("😋é" + u)/]])')
    line = editor.nvim.exec_lua("return vim.fn.search('http.Get', 'nw')")
    text = editor.nvim.current.buffer[line - 1]
    end = len(text.encode())
    editor.wait(f"(vim.diagnostic.get(0, {{ lnum = {line - 1} }})[1] or {{}}).end_col == {end}")
    editor.nvim.exec_lua(APPLY, "source.fixAll.caulk")
    editor.wait("vim.fn.search('defer resp.Body.Close', 'nw') > 0")
    assert editor.nvim.current.buffer[line - 1] == text


def test_the_commands(editor: Editor, module: Path) -> None:
    other = module / "other"
    other.mkdir()
    (other / "more.go").write_text((module / "leak.go").read_text().replace("package leak", "package other"))
    editor.wait("#vim.diagnostic.get(0) == 2")
    editor.nvim.command("CaulkFixAll workspace http-body-unclosed")
    editor.wait("#vim.diagnostic.get(0) == 1")
    editor.nvim.command("wall")
    assert "defer resp.Body.Close()" in (other / "more.go").read_text()
    assert "package" in editor.nvim.funcs.getcompletion("CaulkFixAll ", "cmdline")
    assert "rows-unclosed" in editor.nvim.funcs.getcompletion("CaulkExplain rows", "cmdline")


def test_explain_opens_the_page(editor: Editor) -> None:
    editor.wait("#vim.diagnostic.get(0) == 2")
    to_the_response(editor)
    editor.nvim.command("CaulkExplain")
    editor.wait("vim.bo.filetype == 'markdown'")
    assert editor.text().startswith("# http-body-unclosed\n")


def test_health_and_help(editor: Editor, tmp_path: Path) -> None:
    editor.wait("#vim.lsp.get_clients() == 1")
    editor.nvim.command("checkhealth caulk")
    report = editor.text()
    assert "ERROR" not in report and "WARNING" not in report and "caulk 0." in report and "utf-16" in report
    tags = tmp_path / "doc"
    tags.mkdir()
    (tags / "caulk.txt").write_text((Path(__file__).parents[2] / "editors" / "nvim" / "doc" / "caulk.txt").read_text())
    editor.nvim.command(f"helptags {tags}")
    assert ":CaulkFixAll" in (tags / "tags").read_text()


@pytest.mark.modules
def test_beside_gopls(editor: Editor, module: Path, gopls: Path) -> None:
    """Both report, both offer, and on save caulk mends before gopls formats; columns do not get mixed up."""
    editor.wait("#vim.diagnostic.get(0) == 2")
    editor.nvim.exec_lua(
        """
        vim.lsp.config('gopls', { cmd = { ... }, filetypes = { 'go' }, root_markers = { 'go.mod' } })
        vim.lsp.enable('gopls')
        """,
        str(gopls),
    )
    editor.wait("#vim.lsp.get_clients({ bufnr = 0 }) == 2", 60_000)
    editor.nvim.current.buffer.append('var  unused int = "😋"')
    sources = "vim.iter(vim.diagnostic.get(0)):fold({}, function(all, d) all[d.source] = true return all end)"
    editor.wait(f"vim.tbl_count({sources}) >= 2 and {sources}['caulk']", 60_000)
    encodings = "vim.tbl_map(function(client) return client.offset_encoding end, vim.lsp.get_clients())"
    assert set(editor.nvim.exec_lua(f"return {encodings}")) == {"utf-16"}
    editor.nvim.exec_lua(
        """
        vim.api.nvim_create_autocmd('BufWritePre', {
          pattern = '*.go',
          callback = function(event)
            require('caulk').fix_now(event.buf)
            vim.lsp.buf.format({ bufnr = event.buf, name = 'gopls', timeout_ms = 10000 })
          end,
        })
        """
    )
    editor.nvim.command("write")
    written = (module / "leak.go").read_text()
    assert written == (DATA / "fixed.go").read_text() + '\nvar unused int = "😋"\n'
