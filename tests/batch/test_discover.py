"""Which files a run finds, as git would ignore them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from caulk.batch.discover import discover

FILES = ("a.go", "core/b.go", "core/deep/c.go", "logs/d.go", "sub/foo/e.go", "sub/foo/bar/f.go")


@pytest.mark.parametrize(
    "patterns",
    [
        "*\n!*.*\n!*/\n**/logs\n",  # everything but what has an extension
        "*\n!*/\n!*.go\n/sub/foo/bar\n",
        "*\n!sub/\n!*.go\n",
        "foo/\n!foo/bar/\n",
        "/core/*\n!/core/deep/\n",
        "core/\n!core/\n",
        "**/bar\n",
        "*.go\n!core/**/*.go\n",
    ],
)
def test_patterns_mean_what_they_mean_to_git(tmp_path: Path, patterns: str) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("package p\n")
    (tmp_path / ".gitignore").write_text(patterns)
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    listed = subprocess.run([*git, "ls-files", "-oc", "--exclude-standard", "*.go"], capture_output=True, text=True)
    found = discover([str(tmp_path)])
    names = {str(Path(path).relative_to(tmp_path)) for paths in found.packages.values() for path in paths}
    assert names == set(listed.stdout.split())
