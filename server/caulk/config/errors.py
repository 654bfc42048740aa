"""Mistakes in a configuration, and how they are told: which key, what is wrong, what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class ConfigError(ValueError):
    """A configuration that cannot be used. The message names file, line and key, and what would be right."""

    def __init__(self, message: str, word: str = "") -> None:
        super().__init__(message)
        self.word = word
        """The key or value that is wrong, as it stands in the file."""


def nearest(word: str, known: Iterable[str]) -> str:
    """``, did you mean 'x'?`` or nothing."""
    found = difflib.get_close_matches(word, list(known), 1, 0.5)
    return f", did you mean {found[0]!r}?" if found else ""


def shown(value: Any) -> str:
    """A value as the message shows it."""
    return repr(value) if isinstance(value, str | int | float | bool) else f"a {type(value).__name__}"


def words(key: str, value: Any) -> tuple[str, ...]:
    """The strings of a list. Raises ConfigError when ``value`` is something else."""
    if not isinstance(value, list):
        raise ConfigError(f"{key} must be a list of strings, not {shown(value)}", key)
    for item in value:
        if not isinstance(item, str):
            raise ConfigError(f"{key} must be a list of strings, without {shown(item)}", key)
    return tuple(value)
