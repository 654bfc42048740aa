"""Trailing comments next to an edit: the columns of gofmt, checked against gofmt itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, Edit, Fix
from caulk_codefixes.merge import apply
from gofmt import gofmt


def applied(text: bytes, *edits: Edit) -> bytes:
    return apply(SourceFile("x.go", text), [Fix("t", "t", edits, Applicability.SAFE)]).text


def function(*lines: str) -> bytes:
    return ("package p\n\nfunc f() {\n" + "".join(f"\t{line}\n" if line else "\n" for line in lines) + "}\n").encode()


def test_a_line_between_commented_lines_parts_them() -> None:
    before = function("a()      // first", "long(12) // second")
    at = before.index(b"\tlong")
    assert applied(before, Edit(at, at, b"\tdefer b()\n")) == function(
        "a() // first", "defer b()", "long(12) // second"
    )


def test_a_line_taken_out_joins_them() -> None:
    before = function("a() // first", "defer b()", "long(12) // second")
    start = before.index(b"\tdefer")
    after = applied(before, Edit(start, start + len(b"\tdefer b()\n"), b""))
    assert after == function("a()      // first", "long(12) // second")


def test_a_line_that_grows_moves_the_comment_of_its_neighbour() -> None:
    before = function("_, err := f() // first", "g()           // second")
    at = before.index(b"_, err")
    assert applied(before, Edit(at, at + 1, b"resp")) == function(
        "resp, err := f() // first", "g()              // second"
    )


def test_columns_of_the_authors_own_stay() -> None:
    before = function("a()          // first", "long(12) // second")
    at = before.index(b"\tlong")
    after = applied(before, Edit(at, at, b"\tdefer b()\n"))
    assert after == function("a()          // first", "defer b()", "long(12) // second")


def test_strings_are_no_comments() -> None:
    before = function('a("http://x") // first', "`raw // `", "long(12) // second")
    at = before.index(b"\tlong")
    after = applied(before, Edit(at, at, b"\tb()\n"))
    assert after == function('a("http://x") // first', "`raw // `", "b()", "long(12) // second")


def test_windows_line_ends_stay() -> None:
    before = function("a()      // first", "long(12) // second").replace(b"\n", b"\r\n")
    at = before.index(b"\tlong")
    after = applied(before, Edit(at, at, b"\tdefer b()\r\n"))
    assert after == function("a() // first", "defer b()", "long(12) // second").replace(b"\n", b"\r\n")


STATEMENTS = st.lists(
    st.tuples(
        st.sampled_from(["a()", "bb(1)", "c := 12345", "", "if x {\n\t\ty() // inner\n\t}", "s := `a // b`", 'é("ü")']),
        st.sampled_from(["", " // one", " // two // three"]),
    ).map(lambda part: part[0] + part[1] if part[0] else ""),
    min_size=1,
    max_size=7,
)


@pytest.mark.go
@settings(max_examples=60, deadline=None)
@given(STATEMENTS, st.integers(0, 6), st.booleans())
def test_the_result_is_as_gofmt_has_it(lines: list[str], number: int, remove: bool) -> None:
    text = gofmt(function(*lines))
    starts = [i + 1 for i, byte in enumerate(text) if byte == 0x0A and text[i + 1 : i + 3].strip(b"\t") != b""][2:]
    starts = [at for at in starts if text[at : at + 1] == b"\t" and text[at + 1 : at + 2] not in (b"\t", b"}", b"")]
    if not starts:
        return
    at = starts[number % len(starts)]
    line = text[at : text.index(b"\n", at) + 1]
    if remove and not line.rstrip().endswith(b"{") and b"{ //" not in line:
        after = applied(text, Edit(at, at + len(line), b""))
    else:
        after = applied(text, Edit(at, at, b"\tdefer xx()\n"))
    # gofmt takes blank lines at the edges of a block away, and joins several: that is not what is tested here
    assert after.split() == gofmt(after).split()
    assert [line for line in after.split(b"\n") if line] == [line for line in gofmt(after).split(b"\n") if line]
