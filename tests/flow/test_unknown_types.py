"""What is acquired from a library whose sources are not there: a telling name and uses of the result must agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from caulk.config.settings import Settings
from caulk.engine.workspace import Workspace

CODE = """package p

import (
	"encoding/json"
	"io"

	"example.test/missing"
)

func get(c *missing.Client, v any) ([]byte, error) {
	res, err := c.PerformRequest("GET")
	if err != nil {
		return nil, err
	}
	USE
}

var _ = json.Unmarshal
var _ = io.ReadAll
"""


@pytest.mark.parametrize(
    ("use", "codes"),
    [
        ("return io.ReadAll(res.Body)", ["http-body-unclosed"]),
        ("return nil, json.NewDecoder(res.Body).Decode(v)", ["http-body-unclosed"]),
        ("return nil, json.Unmarshal(res.Body, v)", []),
        ("return nil, v.(io.StringWriter).WriteString(string(res.Body))", []),
        ("return io.ReadAll(res.Body())", []),
        ("return nil, res.Err", []),
    ],
)
def test_a_response_is_what_is_read_like_one(tmp_path: Path, use: str, codes: list[str]) -> None:
    path = tmp_path / "p.go"
    path.write_text(CODE.replace("USE", use))
    analysis = Workspace(Settings()).analyze_file(str(path))
    assert [finding.code for finding in analysis.findings] == codes
