"""The example service: held to its table, fixed, and built with its real modules."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from caulk.batch.discover import discover
from caulk.batch.runner import run
from caulk.rules.registry import by_code
from fixture_tree import settings_for

SHOP = Path(__file__).parents[2] / "examples" / "gin-shop"


def rows() -> set[tuple[str, str, int]]:
    with (SHOP / "leaks.tsv").open(newline="") as file:
        return {(row["code"], row["path"], int(row["line"])) for row in csv.DictReader(file, delimiter="\t")}


def reported() -> set[tuple[str, str, int]]:
    report = run(discover([str(SHOP)]), lambda _: settings_for(""), jobs=1)
    assert not report.errors
    return {
        (finding.code, str(Path(path).relative_to(SHOP)), analysis.source.lines.line_of(finding.span.start) + 1)
        for path, analysis in report.analyses.items()
        for finding in analysis.findings
    }


def test_the_table_is_what_caulk_reports() -> None:
    """Rows of rules that are still to come are left aside."""
    promised = {row for row in rows() if row[0] in by_code()}
    found = reported()
    assert found == promised, {"not reported": promised - found, "not in the table": found - promised}


def test_the_table_has_many_kinds_and_stands_in_the_readme() -> None:
    assert len({code for code, _, _ in rows()}) >= 45
    readme = (SHOP / "README.md").read_text()
    assert all(f"| `{code}` | {path}:{line} |" in readme for code, path, line in rows())


def test_lines_of_the_table_exist() -> None:
    for _, path, line in rows():
        assert (SHOP / path).read_text().splitlines()[line - 1].strip()


def caulk(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "caulk.cli.main", *args], cwd=cwd, capture_output=True, text=True, timeout=120
    )


def go(*args: str, cwd: Path) -> None:
    """Go of the wheel, with the modules that go.sum names: this fetches them when they are not there yet."""
    command = [str(Path(sys.executable).parent / "go"), *args]
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.go
@pytest.mark.modules
@pytest.mark.parametrize("options", [(), ("--unsafe-fixes",)], ids=["safe", "unsafe"])
def test_the_fixed_service_builds_and_passes_its_tests(options: tuple[str, ...], tmp_path: Path) -> None:
    copy = tmp_path / "gin-shop"
    shutil.copytree(SHOP, copy)
    assert caulk("fix", *options, cwd=copy).returncode == 0
    go("build", "./...", cwd=copy)
    go("vet", "./...", cwd=copy)
    go("test", "./...", cwd=copy)
    again = caulk("fix", *options, cwd=copy)
    assert again.stdout.startswith("Fixed 0 findings in 0 files")
    left = caulk("check", "--format", "json", cwd=copy)
    assert '"applicability": "safe"' not in left.stdout
