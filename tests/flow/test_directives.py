"""Directives: what is said wrongly is told, with the nearest right name."""

from __future__ import annotations

from pathlib import Path

from caulk.config.settings import Settings
from caulk.engine.workspace import Workspace


def messages(folder: Path, text: str) -> list[str]:
    (folder / "go.mod").write_text("module example\n\ngo 1.25\n")
    path = folder / "a.go"
    path.write_text(text)
    return [error.message for error in Workspace(Settings()).analyze_file(str(path)).errors]


def test_an_unknown_directive_names_the_nearest(tmp_path: Path) -> None:
    text = "package a\n\n//caulk:close f\nfunc g(f int) {}\n"
    assert messages(tmp_path, text) == ["line 3: unknown directive //caulk:close: did you mean closes?"]


def test_an_unknown_parameter_names_the_nearest(tmp_path: Path) -> None:
    text = "package a\n\n//caulk:owns fil\nfunc g(file, b int) {}\n"
    assert messages(tmp_path, text) == ["line 4: g has no parameter fil for its //caulk: directive: did you mean file?"]


def test_right_ones_are_silent(tmp_path: Path) -> None:
    text = "package a\n\n//caulk:ignore-file span-unended\n\n//caulk:closes s, b\nfunc (s *S) g(b int) {}\n\ntype S struct{}\n"
    assert messages(tmp_path, text) == []
