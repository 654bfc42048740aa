"""Start-up stays short: what is not needed is not imported."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

CLI = "from caulk.cli.main import main; main()"


def run(code: str, *args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, cwd=cwd, timeout=60)


def test_version_costs_little() -> None:
    run(CLI, "--version")  # warm
    costs = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run(CLI, "--version").stdout.startswith("caulk ")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(costs) < 0.150


def test_check_imports_no_protocol_and_no_colours(tmp_path: Path) -> None:
    (tmp_path / "x.go").write_text("package x\n")
    code = (
        "import sys, atexit\n"
        "from caulk.cli.main import main\n"
        "heavy = ('pygls', 'lsprotocol', 'rich', 'asyncio', 'importlib.metadata')\n"
        "atexit.register(lambda: print('LOADED', [m for m in heavy if m in sys.modules]))\n"
        "main()\n"
    )
    result = run(code, "check", str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert "LOADED []" in result.stdout
