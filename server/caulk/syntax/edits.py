"""Byte edits, and the tree of an edited text."""

from __future__ import annotations

from dataclasses import dataclass

import tree_sitter

from caulk.syntax import tree as syntax_tree
from caulk.syntax.lines import LineIndex


@dataclass(frozen=True, slots=True)
class Change:
    """Bytes ``start`` to ``end`` (exclusive) are replaced by ``text``."""

    start: int
    end: int
    text: bytes


def apply(data: bytes, change: Change) -> bytes:
    """The text after one change. Raises ValueError when its span is not in the text."""
    if not 0 <= change.start <= change.end <= len(data):
        raise ValueError(f"bytes {change.start}–{change.end} are not in a text of {len(data)}")
    return data[: change.start] + change.text + data[change.end :]


class Incremental:
    """A text with its tree, both kept up to date edit by edit."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._parser = tree_sitter.Parser(syntax_tree._LANGUAGE)
        self._tree = self._parser.parse(data)

    @property
    def root(self) -> syntax_tree.Node:
        return self._tree.root_node

    def edit(self, change: Change) -> None:
        """Apply a change and parse again what it touched. Raises ValueError as :func:`apply` does."""
        after = apply(self.data, change)
        before_lines, after_lines = LineIndex(self.data), LineIndex(after)
        new_end = change.start + len(change.text)
        self._tree.edit(
            start_byte=change.start,
            old_end_byte=change.end,
            new_end_byte=new_end,
            start_point=before_lines.position(change.start),
            old_end_point=before_lines.position(change.end),
            new_end_point=after_lines.position(new_end),
        )
        self.data = after
        self._tree = self._parser.parse(after, self._tree)
