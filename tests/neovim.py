"""A real Neovim, headless and driven through its RPC, with our configuration on its runtimepath."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "lsp" / "data"


class Editor:
    """One Neovim with one Go file open."""

    def __init__(self, nvim: Any) -> None:
        self.nvim = nvim

    def wait(self, condition: str, timeout: int = 20_000) -> None:
        """Wait (milliseconds) until a Lua expression is true; the event loop runs meanwhile."""
        done = self.nvim.exec_lua(f"return (vim.wait({timeout}, function() return {condition} end, 10))")
        state = "vim.inspect({vim.lsp.get_clients(), vim.diagnostic.get(0)})"
        assert done, f"timed out waiting for {condition}: {self.nvim.exec_lua('return ' + state)[:2000]}"

    def text(self) -> str:
        return "\n".join(self.nvim.current.buffer[:]) + "\n"

    def codes(self) -> list[str]:
        found: list[str] = self.nvim.exec_lua(
            "return vim.tbl_map(function(d) return d.code end, vim.diagnostic.get(0))"
        )
        return sorted(found)
