"""Parsing on any bytes, with the newest syntax, and after edits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caulk.syntax.edits import Change, Incremental, apply
from caulk.syntax.tree import first_error, parse

SOURCE = b"package p\n\nfunc f(x int) int {\n\tif x > 1 {\n\t\treturn x\n\t}\n\treturn f(x + 1)\n}\n"


def test_newest_syntax_parses() -> None:
    assert not parse(b"package p\n\nvar x = new(f(1))\n").has_errors
    tree = parse(b"package p\n\nfunc (r *R) N[T any](x T) T { return x }\n")
    assert not tree.has_errors and len(tree.blanked) == 1


def test_the_place_of_the_first_error() -> None:
    text = b"package p\n\nfunc f() {\n\tx := = 1\n}\n"
    offset = first_error(parse(text))
    assert offset is not None and text[:offset].count(b"\n") == 3
    assert first_error(parse(SOURCE)) is None


@given(st.binary(max_size=100))
def test_never_fails(data: bytes) -> None:
    parse(data)


@settings(max_examples=80)
@given(st.data())
def test_incremental_parse_equals_a_fresh_one(draw: st.DataObject) -> None:
    incremental = Incremental(SOURCE)
    for _ in range(3):
        size = len(incremental.data)
        start = draw.draw(st.integers(0, size))
        end = draw.draw(st.integers(start, min(size, start + 5)))
        text = draw.draw(st.sampled_from([b"", b"x", b"{", b"}", b"\n", b"()", b'"', "é".encode()]))
        incremental.edit(Change(start, end, text))
        fresh = Incremental(incremental.data)
        assert str(incremental.root) == str(fresh.root)


def test_a_change_outside_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="are not in a text of 3"):
        apply(b"abc", Change(2, 9, b""))
