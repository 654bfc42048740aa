"""The proof of the fixes: what counts as different, on a module that is fixed here."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fixes.__main__ import plans
from benchmarks.fixes.proof import Plan, messages, prove, table
from benchmarks.precision import modules

LEAK = """package p

import "os"

func Size(path string) (int64, error) {
\tf, err := os.Open(path)
\tif err != nil {
\t\treturn 0, err
\t}
\tinfo, err := f.Stat()
\tif err != nil {
\t\treturn 0, err
\t}
\treturn info.Size(), f.Close()
}
"""
TEST = """package p

import "testing"

func TestSize(t *testing.T) {
\tif _, err := Size("p.go"); err != nil {
\t\tt.Fatal(err)
\t}
}
"""


def test_every_plan_is_of_a_pinned_module() -> None:
    pinned = {pin.path for pin in modules.load()}
    assert all(plan.path in pinned or plan.version.startswith("v") for plan in plans())
    assert len(plans()) >= 10


def test_messages_are_compared_without_their_lines() -> None:
    found = messages("# p\n./a.go:3:1: x is bad\nvet: /t/b.go:4:5: undefined: y\n", Path("/t"))
    assert set(found) == {"./a.go: x is bad", "./b.go: undefined: y"}


@pytest.mark.go
def test_a_module_is_fixed_and_compared(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "go.mod").write_text("module example.test/p\n\ngo 1.21\n")
    (source / "p.go").write_text(LEAK)
    (source / "p_test.go").write_text(TEST)
    safe, unsafe = prove(Plan("example.test/p", ("./...",)), source, tmp_path / "work", changed_only=True)
    assert safe.holds and unsafe.holds, (safe, unsafe)
    assert (safe.fixed, safe.files, safe.again, safe.passed_before) == (1, 1, 0, 2)
    assert "changes nothing" in table([safe])
