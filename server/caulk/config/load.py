"""Read ``caulk.toml``. A mistake in it is a clear error with the nearest valid name, never a silent default."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from caulk.config.settings import ALL, DEFER_STYLES, SEVERITIES, TIERS, Settings

FILE_NAME = "caulk.toml"


class ConfigError(ValueError):
    """A configuration that cannot be used. The message names file, key and what would be right."""


def find_config(directory: Path) -> Path | None:
    """The nearest ``caulk.toml`` from ``directory`` upwards."""
    for candidate in (directory, *directory.parents):
        path = candidate / FILE_NAME
        if path.is_file():
            return path
    return None


def load(path: Path) -> Settings:
    """The settings that a file holds. Raises ConfigError when it cannot be read or makes no sense."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    try:
        return attrs.evolve(from_table(table), root=str(path.parent))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def from_table(table: Mapping[str, Any]) -> Settings:
    """Settings from the keys of a ``caulk.toml`` (``defer-style`` …). Raises ConfigError."""
    known = {attribute.name.replace("_", "-"): attribute.name for attribute in attrs.fields(Settings)}
    del known["root"]
    del known["contracts"]
    known["contract"] = "contracts"
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"unknown key {key!r}{nearest(key, known)}")
        values[known[key]] = _checked(key, value)
    return Settings(**values)


def nearest(word: str, known: Iterable[str]) -> str:
    """``, did you mean 'x'?`` or nothing."""
    found = difflib.get_close_matches(word, list(known), 1, 0.5)
    return f", did you mean {found[0]!r}?" if found else ""


def _checked(key: str, value: Any) -> Any:
    match key:
        case "select" | "ignore" | "exclude" | "extend-safe-fixes" | "extend-unsafe-fixes":
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise ConfigError(f"{key} must be a list of strings, not {_shown(value)}")
            return tuple(value)
        case "severity":
            return _severities(value)
        case "defer-style":
            if value not in DEFER_STYLES:
                raise ConfigError(f"defer-style must be one of {', '.join(DEFER_STYLES)}, not {_shown(value)}")
            return value
        case _:
            if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
                raise ConfigError(f"{key} must be written as [[{key}]] tables")
            return tuple(value)


def _severities(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ConfigError(f"severity must be a table of codes, not {_shown(value)}")
    for code, severity in value.items():
        if severity not in SEVERITIES:
            raise ConfigError(f"severity of {code} must be one of {', '.join(SEVERITIES)}, not {_shown(severity)}")
    return dict(value)


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str | int | float | bool) else f"a {type(value).__name__}"


def check_codes(codes: Iterable[str], known: Iterable[str]) -> None:
    """Raises ConfigError for a word that is neither a rule nor a tier."""
    valid = {*known, *TIERS, ALL}
    for code in codes:
        if code not in valid:
            raise ConfigError(f"unknown rule {code!r}{nearest(code, valid)}")
