"""Tree-sitter trees of Go: the only module that knows tree_sitter.

Node kinds are compared as integers (``KIND["call_expression"]``): the ``type`` of a node makes a new string at each access.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import tree_sitter
import tree_sitter_go

Node: TypeAlias = tree_sitter.Node

_LANGUAGE = tree_sitter.Language(tree_sitter_go.language())
_PARSER = tree_sitter.Parser(_LANGUAGE)

ERROR = 65535
"""The kind of error nodes; it stands outside all tables."""


def kind_of(name: str) -> int:
    """The number of a named node kind. Raises KeyError for a name that the grammar does not have."""
    number = _LANGUAGE.id_for_node_kind(name, True)
    if not number:
        raise KeyError(name)
    return number


def kind_name(kind: int) -> str:
    """The name of a node kind, for messages and dumps."""
    return "ERROR" if kind == ERROR else _LANGUAGE.node_kind_for_id(kind) or "?"


def token_kind(text: str) -> int:
    """The number of an anonymous token such as ``:=``."""
    return _LANGUAGE.id_for_node_kind(text, False) or 0


@dataclass(frozen=True, slots=True)
class Tree:
    """A parsed text."""

    text: bytes
    """As given."""
    root: Node
    has_errors: bool
    blanked: tuple[tuple[int, int], ...] = ()
    """Spans that the grammar does not know (type parameters of methods) and that were left out of the parse."""


# `new(expr)` (Go 1.26) and methods with type parameters (Go 1.27) are not in the grammar yet.
_NEW = re.compile(rb"\bnew(?=\((?!\s*(?:\[|map\b|chan\b|func\b|struct\b|interface\b)))")
_GENERIC_METHOD = re.compile(rb"^(func\s*\([^()]*\)\s*\w+)(\[[^\]\n]*(?:\[[^\]\n]*\][^\]\n]*)*\])(?=\()", re.M)


def parse(text: bytes) -> Tree:
    """Parse a Go text: a file, a skeleton or a single top-level function. Never fails; offsets are those of ``text``."""
    root = _PARSER.parse(text).root_node
    if not root.has_error:
        return Tree(text, root, has_errors=False)
    retried = _retry(text)
    return retried if retried is not None else Tree(text, root, has_errors=True)


def _retry(text: bytes) -> Tree | None:
    """Parse again with the newest syntax put in terms that the grammar knows, byte for byte; None when that does not help."""
    blanked: list[tuple[int, int]] = []

    def blank(match: re.Match[bytes]) -> bytes:
        blanked.append(match.span(2))
        return match.group(1) + b" " * len(match.group(2))

    changed = _GENERIC_METHOD.sub(blank, _NEW.sub(b"neW", text))
    if changed == text:
        return None
    root = _PARSER.parse(changed).root_node
    return None if root.has_error else Tree(text, root, has_errors=False, blanked=tuple(blanked))


@lru_cache(maxsize=256)
def has_errors(text: bytes) -> bool:
    """Whether a file or a top-level function has syntax errors."""
    return parse(text).has_errors


def first_error(tree: Tree) -> int | None:
    """The byte offset of the first syntax error, None when there is none."""
    if not tree.has_errors:
        return None
    node = tree.root
    while True:
        inner = next((child for child in node.children if child.has_error or child.is_missing), None)
        if inner is None or inner.is_error or inner.is_missing:
            return (inner or node).start_byte
        node = inner
