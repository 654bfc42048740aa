"""The analyses of a session, without a client."""

from __future__ import annotations

from pathlib import Path

import pytest

from caulk.engine.analyze import PackageAnalysis, Result
from caulk.flow.program import FunctionUnit
from caulk.lsp.documents import Document, uri_of
from caulk.lsp.session import OutOfDate, Session
from caulk.syntax.source import SourceFile

TEXT = "package p\n" + "".join(f"\nfunc f{number}() int {{\n\treturn {number}\n}}\n" for number in range(9))


def test_a_newer_version_ends_the_analysis_and_takes_over_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.go"
    path.write_text(TEXT)
    session = Session()
    first, second = (
        Document(uri_of(str(path)), str(path), version, SourceFile(str(path), text.encode()))
        for version, text in ((1, TEXT), (2, TEXT.replace("return 7", "return 70")))
    )
    looked_at: list[str] = []
    run = PackageAnalysis._run_on_function

    def watched(self: PackageAnalysis, unit: FunctionUnit) -> Result:
        looked_at.append(unit.name)
        if len(looked_at) == 4:
            session.put(second)
        return run(self, unit)

    monkeypatch.setattr(PackageAnalysis, "_run_on_function", watched)
    session.put(first)
    with pytest.raises(OutOfDate):
        session._analyze(first)
    session._analyze(second)
    session.stop()
    assert sorted(looked_at) == [f"f{number}" for number in range(9)]
