"""Emacs with eglot, from Debian: a smoke test, because eglot asks for edits at once and pulls nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.editors


def test_eglot_shows_a_leak_and_mends_it(module: Path) -> None:
    if shutil.which("emacs") is None:
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up("no Emacs was found")
    caulk = Path(sys.executable).parent / "caulk"
    environment = {**os.environ, "CAULK": str(caulk), "GOFILE": str(module / "leak.go"), "HOME": str(module)}
    command = ["emacs", "-Q", "--batch", "-l", str(Path(__file__).parent / "emacs.el")]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    assert "\tdefer resp.Body.Close()\n" in (module / "leak.go").read_text()
