"""The settings of an analysis: frozen, comparable, independent of where they were written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

TIERS = ("core", "extended", "experimental")
ALL = "ALL"
SEVERITIES = ("hint", "information", "warning", "error", "off")
DEFER_STYLES = ("plain", "ignore-error", "join-error")
DEFER_PLACEHOLDERS = ("{call}", "{value}", "{method}")


@frozen
class Settings:
    """Everything that a ``caulk.toml`` may say. The names here are those in the file, with ``_`` for ``-``."""

    select: tuple[str, ...] = ("core", "extended")
    """Codes and tiers that are reported (``ALL`` for every tier)."""
    ignore: tuple[str, ...] = ()
    """Codes and tiers that are not; it wins over ``select``."""
    severity: Mapping[str, str] = field(factory=dict)
    """Code to severity."""
    defer_style: str = "plain"
    """How a deferred close is written: plain, ignore-error, join-error, or the project's own line with ``{call}``, ``{value}`` or
    ``{method}`` in it (``defer closers.Log({value})``)."""
    defer_import: str = ""
    """What that line needs: an import path, or ``name path``."""
    extend_safe_fixes: tuple[str, ...] = ()
    """Codes whose unsafe fixes count as safe."""
    extend_unsafe_fixes: tuple[str, ...] = ()
    """Codes whose safe fixes count as unsafe."""
    exclude: tuple[str, ...] = ()
    """Patterns as in ``.gitignore`` of paths that are left out, relative to the file."""
    contracts: tuple[Mapping[str, Any], ...] = ()
    """The user's own acquire/release pairs: ``[[contract]]`` tables."""
    module_cache: str = "auto"
    """Where the sources of other modules lie: ``auto`` as the go command finds them, ``off``, or a directory."""
    goroot: str = "auto"
    """Where the sources of Go lie: ``auto``, ``off``, or a directory."""
    root: str = ""
    """The directory of the file that these settings come from; empty for the defaults."""
