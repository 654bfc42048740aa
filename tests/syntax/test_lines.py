"""Lines and columns in all encodings, on any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caulk.syntax.lines import Encoding, LineIndex

TEXT = 'a\r\n"😀é"\n\nlast'


def test_lines_and_columns() -> None:
    index = LineIndex(TEXT.encode())
    assert index.count == 4
    assert [index.start(line) for line in range(5)] == [0, 3, 12, 13, 17]
    assert [index.end(line) for line in range(4)] == [1, 11, 12, 17]
    assert index.position(4) == (1, 1)


@pytest.mark.parametrize(("encoding", "column"), [(Encoding.UTF8, 7), (Encoding.UTF16, 4), (Encoding.UTF32, 3)])
def test_encodings_agree(encoding: Encoding, column: int) -> None:
    index = LineIndex(TEXT.encode())
    behind = TEXT.encode().index("é".encode()) + len("é".encode())
    assert index.column(behind, encoding) == (1, column)
    assert index.offset(1, column, encoding) == behind


def test_out_of_range_is_clamped() -> None:
    index = LineIndex(b"ab\ncd")
    assert index.offset(0, 99) == 2
    assert index.offset(9, 0) == 5
    assert index.offset(-1, 0) == 0
    assert index.offset(1, 99, Encoding.UTF16) == 5


@given(st.binary(max_size=80), st.data())
def test_round_trip_on_any_bytes(data: bytes, draw: st.DataObject) -> None:
    index = LineIndex(data)
    offset = draw.draw(st.integers(0, len(data)))
    line, column = index.position(offset)
    assert index.start(line) + column == offset
    for encoding in Encoding:
        there = index.column(offset, encoding)
        back = index.offset(*there, encoding)
        assert index.line_of(back) == line or back == index.end(line)


@given(st.text(alphabet="ab😀é\n", max_size=40), st.data())
def test_character_boundaries_round_trip(text: str, draw: st.DataObject) -> None:
    data = text.encode()
    index = LineIndex(data)
    offset = len(text[: draw.draw(st.integers(0, len(text)))].encode())
    for encoding in Encoding:
        assert index.offset(*index.column(offset, encoding), encoding) == offset


@given(st.binary(), st.binary(), st.data())
def test_lines_after_an_edit_are_those_of_the_new_text(data: bytes, text: bytes, draw: st.DataObject) -> None:
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, len(data)))
    before = LineIndex(data)
    assert before.count > 0
    after = data[:start] + text + data[end:]
    edited, fresh = before.edited(after, start, end, text), LineIndex(after)
    assert [edited.start(line) for line in range(edited.count + 1)] == [
        fresh.start(line) for line in range(fresh.count + 1)
    ]
