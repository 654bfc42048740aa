"""The lexical split: exact on good code, local in its damage on broken code, never failing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from caulk.ir.declarations import lower_declarations
from caulk.syntax.split import split
from caulk.syntax.tree import kind_of, parse

SOURCE = b"""package p

import "fmt"

// a func { in a comment
type T struct{ f func() }

var raw = `
func notOne() {
`

func one() { fmt.Println("}", '{', "\\"{") }

func (t *T) two() {
	/* } */
	t.f = func() {}
} // behind

func stub(x int) int
"""


def texts(data: bytes) -> list[bytes]:
    return [data[chunk.start : chunk.end] for chunk in split(data).functions]


def test_functions_are_found_whatever_stands_in_strings() -> None:
    found = texts(SOURCE)
    assert [text.split(b"(")[0] for text in found] == [b"func one", b"func "]
    assert found[1].endswith(b"func() {}\n}")
    assert split(SOURCE).balanced


def test_the_skeleton_keeps_offsets_and_declarations() -> None:
    result = split(SOURCE)
    assert len(result.skeleton) == len(SOURCE)
    declarations = lower_declarations(result)
    assert [function.name for function in declarations.functions] == ["one", "two", "stub"]
    assert [type_.name for type_ in declarations.types] == ["T"]
    for head in declarations.functions:
        assert SOURCE[head.start :].startswith(b"func ")
        assert head.function.name == head.name
        assert head.may_have_results == bool(head.function.results)


def test_a_missing_brace_damages_one_function() -> None:
    broken = (
        SOURCE.replace(b"\t/* } */\n\tt.f = func() {}\n}", b"\tif true {\n\tt.f = func() {}\n}")
        + b"\nfunc last() {\n}\n"
    )
    result = split(broken)
    assert not result.balanced
    assert broken[result.functions[-1].start : result.functions[-1].end] == b"func last() {\n}"


@given(st.binary(max_size=200))
def test_never_fails(data: bytes) -> None:
    result = split(data)
    assert len(result.skeleton) == len(data)
    assert all(0 <= chunk.start < chunk.end <= len(data) for chunk in result.functions)


@settings(max_examples=60)
@example(SOURCE.index(b'"}", '), b"}")
@given(st.integers(0, len(SOURCE)), st.sampled_from([b"{", b"}", b"`", b'"', b"/*", b"\n", b"func ", b"\xff"]))
def test_never_fails_on_nearly_good_code(at: int, inserted: bytes) -> None:
    data = SOURCE[:at] + inserted + SOURCE[at:]
    result = split(data)
    assert len(result.skeleton) == len(data)
    for head in lower_declarations(result).functions:
        assert head.function.body is None


@pytest.mark.go
@pytest.mark.parametrize("package", ["net/http", "go/types", "os", "database/sql"])
def test_agrees_with_the_grammar_on_the_standard_library(package: str) -> None:
    kinds = {kind_of("function_declaration"), kind_of("method_declaration")}
    go = Path(sys.executable).parent / "go"
    root = subprocess.run([str(go), "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    for path in sorted(Path(root, "src", package).glob("*.go")):
        data = path.read_bytes()
        tree = parse(data)
        if tree.has_errors:
            continue
        with_body = [n for n in tree.root.children if n.kind_id in kinds and n.child_by_field_name("body") is not None]
        assert [(c.start, c.end) for c in split(data).functions] == [(n.start_byte, n.end_byte) for n in with_body], (
            path
        )
