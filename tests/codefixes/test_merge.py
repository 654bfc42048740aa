"""Several fixes of one text: all edits of a fix or none, none lost unsaid."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, Edit, Fix
from caulk_codefixes.merge import apply

TEXT = b"0123456789"


def fix(*edits: tuple[int, int, str]) -> Fix:
    return Fix("t", "t", tuple(Edit(start, end, text.encode()) for start, end, text in edits), Applicability.SAFE)


def test_separate_edits_go_together() -> None:
    result = apply(SourceFile("x", TEXT), [fix((1, 2, "a")), fix((5, 5, "b"))])
    assert result.text == b"0a234b56789" and not result.deferred


def test_overlapping_fixes_wait_whole() -> None:
    late = fix((1, 3, "b"), (8, 9, "c"))
    result = apply(SourceFile("x", TEXT), [fix((2, 4, "a")), late])
    assert result.text == b"01a456789" and result.deferred == (late,)


def test_identical_edits_are_made_once() -> None:
    result = apply(SourceFile("x", TEXT), [fix((2, 2, "a")), fix((2, 2, "a"), (5, 6, ""))])
    assert result.text == b"01a2346789"


_EDITS = st.lists(
    st.tuples(st.integers(0, 10), st.integers(0, 3), st.sampled_from(["", "x", "yz"])).map(
        lambda e: (e[0], min(e[0] + e[1], 10), e[2])
    ),
    min_size=1,
    max_size=3,
)


@given(st.lists(_EDITS, max_size=5))
def test_every_fix_is_applied_or_deferred(groups: list[list[tuple[int, int, str]]]) -> None:
    fixes = []
    for group in groups:
        ordered = sorted(set(group))
        if all(a[1] <= b[0] and a[0] != b[0] for a, b in itertools.pairwise(ordered)):
            fixes.append(fix(*ordered))
    result = apply(SourceFile("x", TEXT), fixes)
    assert {*result.applied, *result.deferred} == set(fixes)
    removed = {edit for applied in result.applied for edit in applied.edits}
    grown = sum(len(edit.text) - (edit.end - edit.start) for edit in removed)
    assert len(result.text) == len(TEXT) + grown
