"""Rules that depend on the version of Go: silent where nothing tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from caulk.config.settings import Settings
from caulk.engine.workspace import Workspace

CODE = """package p

import (
	"net/http"
	"time"
)

func notify(w http.ResponseWriter, r *http.Request) {
	ticker := time.NewTicker(time.Second)
	<-ticker.C
	resp, err := http.DefaultClient.Get(r.FormValue("hook"))
	if err != nil {
		http.Error(w, "", http.StatusBadGateway)
		return
	}
	resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
}
"""
OLD = ["ticker-unstopped", "http-body-undrained"]


@pytest.mark.parametrize(
    ("gomod", "codes"),
    [
        ("module m.test\n\ngo 1.22\n", OLD),
        ("module m.test\n", OLD),
        ("module m.test\n\ngo 1.27\n", []),
        ("module m.test\n\ngo 1.22\ntoolchain go1.27.1\n", []),
        (None, []),
    ],
)
def test_the_version_of_the_module_counts(tmp_path: Path, gomod: str | None, codes: list[str]) -> None:
    directory = (
        tmp_path / "pkg" / "mod" / "m.test@v1.0.0"
    )  # a directory of a module cache is a module without a go.mod, too
    directory.mkdir(parents=True)
    path = directory / "p.go"
    path.write_text(CODE)
    if gomod is not None:
        (directory / "go.mod").write_text(gomod)
    analysis = Workspace(Settings(select=("ticker-unstopped", "http-body-undrained"))).analyze_file(str(path))
    assert [finding.code for finding in analysis.findings] == codes
