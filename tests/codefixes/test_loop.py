"""Fixing a package to rest: once a round for all its files, and never more than what stays right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from caulk.config.settings import Settings
from caulk.engine.analyze import Analysis
from caulk.engine.workspace import Workspace
from caulk_codefixes.loop import fix_file, fix_package

LEAK = """package p

import "os"

func %s() error {
\tf, err := os.Open("x")
\tif err != nil {
\t\treturn err
\t}
\t_, err = f.Stat()
\treturn err
}
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "go.mod").write_text("module example.test/p\n\ngo 1.25\n")
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.go").write_text(LEAK % name)
    return tmp_path


class Counting(Workspace):
    """Counts how often packages are analysed."""

    rounds = 0

    def analyze(self, directory: str, files: Sequence[str] | None = None) -> dict[str, Analysis]:
        self.rounds += 1
        return super().analyze(directory, files)


def test_a_round_analyses_the_package_once_for_all_files(package: Path) -> None:
    workspace = Counting(Settings())
    paths = sorted(map(str, package.glob("*.go")))
    results = fix_package(workspace, str(package), paths)
    assert workspace.rounds == 2
    assert all(b"defer f.Close()" in result.after for result in results.values())
    assert (package / "one.go").read_text() == LEAK % "one"


def test_overlays_are_put_back(package: Path) -> None:
    path = str(package / "one.go")
    edited = (LEAK % "edited").encode()
    workspace = Workspace(Settings())
    workspace.overlay(path, edited)
    assert b"defer f.Close()" in fix_file(workspace, path).after
    assert workspace.source(path).data == edited
    fix_file(workspace, str(package / "two.go"))
    assert workspace.source(str(package / "two.go")).data == (LEAK % "two").encode()


def test_a_function_that_does_not_parse_is_left_alone(package: Path) -> None:
    path = package / "one.go"
    broken = (LEAK % "broken").replace("_, err = f.Stat()", "_, err = f.Stat(")
    path.write_text(broken + (LEAK % "good").partition("\n\n")[2].partition("\n\n")[2])
    result = fix_file(Workspace(Settings()), str(path))
    assert result.after.decode().startswith(broken)
    assert result.after.count(b"defer f.Close()") == 1
