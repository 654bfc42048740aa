"""A real VS Code with the packed extension: what a newcomer does in its window, and tests inside its extension host.

``make editors`` builds the VSIX, fetches code-server from npm and a browser from Debian. Where there is no browser these tests are
skipped; with CI=true that is a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from neovim import ROOT

pytestmark = pytest.mark.editors

SCRIPTS = ROOT / "tests" / "vscode"
PICTURES = ROOT / "docs" / "editors" / "images"
TIMEOUT = 300
"""Seconds for one run; a slow machine needs about sixty."""


def run(script: str, work: Path) -> str:
    """The output of a script that drives the editor; fails with it when the script does."""
    browser = subprocess.run(
        [Path(__file__).parent / "programs", "browser"], capture_output=True, text=True, check=False
    ).stdout.strip()
    vsix = os.environ.get("CAULK_VSIX", "")
    missing = "no browser was found" if not browser else "" if vsix else "CAULK_VSIX names no VSIX: use `make editors`"
    if missing and os.environ.get("CI") == "true":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    command = ["node", str(SCRIPTS / script), browser, vsix, str(work)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr[-4000:]}"
    return result.stdout


def test_a_newcomer_sees_a_leak_and_mends_it(tmp_path: Path) -> None:
    output = run("ui.mjs", tmp_path)
    assert "saved" in output and "problems panel" in output
    if os.environ.get("CAULK_KEEP_PICTURES"):
        for picture in tmp_path.glob("vscode-*.png"):
            shutil.copy(picture, PICTURES)


def test_a_workspace_that_is_not_trusted_starts_nothing(tmp_path: Path) -> None:
    output = run("untrusted.mjs", tmp_path)
    assert "restricted:" in output and "trusted:" in output


def test_the_extension_host(tmp_path: Path) -> None:
    print(run("host.mjs", tmp_path))
