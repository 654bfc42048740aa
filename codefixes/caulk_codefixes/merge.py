"""Apply fixes together: all edits of a fix or none, identical edits once, overlapping fixes later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from caulk.syntax.source import SourceFile
from caulk_codefixes import imports
from caulk_codefixes.align import realign
from caulk_codefixes.codefix import Edit, Fix


@dataclass(frozen=True, slots=True)
class Applied:
    """The text with the fixes that went together; the others wait for the next round."""

    text: bytes
    applied: tuple[Fix, ...]
    deferred: tuple[Fix, ...]


def apply(source: SourceFile, fixes: Iterable[Fix]) -> Applied:
    """Apply as many of the fixes as do not touch each other, in the order given."""
    taken: list[Edit] = []
    applied: list[Fix] = []
    deferred: list[Fix] = []
    for fix in fixes:
        new = [edit for edit in fix.edits if edit not in taken]
        if fix.edits and not new and fix in applied:
            continue
        if any(_clash(edit, other) for edit in new for other in taken):
            deferred.append(fix)
            continue
        taken += new
        applied.append(fix)
    text = realign(source.data, taken, apply_edits(source.data, taken))
    wanted = frozenset().union(*(fix.imports for fix in applied)) if applied else frozenset()
    dropped = frozenset().union(*(fix.drops_imports for fix in applied)) if applied else frozenset()
    text = imports.merge(text, wanted, dropped)
    return Applied(text, tuple(applied), tuple(deferred))


def _clash(left: Edit, right: Edit) -> bool:
    """Whether two edits touch: they overlap, or insert at one place (whose order nobody knows)."""
    if left == right:
        return False
    if left.start == right.start:
        return True
    first, second = sorted((left, right))
    return first.end > second.start


def apply_edits(data: bytes, edits: Sequence[Edit]) -> bytes:
    """The text after edits that do not touch. Raises ValueError when they do."""
    pieces: list[bytes] = []
    position = 0
    for edit in sorted(edits):
        if edit.start < position or edit.end > len(data):
            raise ValueError(f"edit {edit.start}–{edit.end} overlaps another or leaves the text")
        pieces += [data[position : edit.start], edit.text]
        position = edit.end
    pieces.append(data[position:])
    return b"".join(pieces)
