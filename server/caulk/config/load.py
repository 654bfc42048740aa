"""Read ``caulk.toml``. A mistake in it is a clear error with the nearest valid name, never a silent default."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
from pathspec import GitIgnoreSpec

from caulk.config import contracts
from caulk.config.errors import ConfigError, nearest, shown, words
from caulk.config.settings import ALL, DEFER_PLACEHOLDERS, DEFER_STYLES, SEVERITIES, TIERS, Settings

FILE_NAME = "caulk.toml"

_IMPORT = re.compile(r"(?:[A-Za-z_]\w* )?[\w.~/-]+")


def find_config(directory: Path) -> Path | None:
    """The nearest ``caulk.toml`` from ``directory`` upwards."""
    for candidate in (directory, *directory.parents):
        path = candidate / FILE_NAME
        if os.path.isfile(path):  # that of pathlib raises for what cannot be looked at
            return path
    return None


def load(path: Path, codes: Iterable[str] = ()) -> Settings:
    """The settings that a file holds. ``codes``: the rules that there are; none: any code may be named.

    Raises ConfigError when the file cannot be read or makes no sense."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8") from error
    try:
        settings = attrs.evolve(from_table(tomllib.loads(text)), root=str(path.absolute().parent))
        if codes:
            check_codes(named_codes(settings), codes)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: is nested too deeply") from error
    except ConfigError as error:
        raise ConfigError(f"{path}{_line_of(error.word, text)}: {error}") from error
    return settings


def _line_of(word: str, text: str) -> str:
    """``:3`` for the first line with the word in front of a comment, or nothing."""
    wanted = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    for number, line in enumerate(text.splitlines(), 1):
        if word and wanted.search(line.partition("#")[0]):
            return f":{number}"
    return ""


def from_table(table: Mapping[str, Any]) -> Settings:
    """Settings from the keys of a ``caulk.toml`` (``defer-style`` …). Raises ConfigError."""
    known = {attribute.name.replace("_", "-"): attribute.name for attribute in attrs.fields(Settings)}
    del known["root"]
    del known["contracts"]
    known["contract"] = "contracts"
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"unknown key {key!r}{nearest(key, known)}", key)
        values[known[key]] = _checked(key, value)
    return Settings(**values)


def _checked(key: str, value: Any) -> Any:
    match key:
        case "select" | "ignore" | "extend-safe-fixes" | "extend-unsafe-fixes":
            return words(key, value)
        case "exclude":
            return _patterns(words(key, value))
        case "severity":
            return _severities(value)
        case "defer-style":
            return _defer_style(key, value)
        case "defer-import":
            if not isinstance(value, str) or not _IMPORT.fullmatch(value):
                raise ConfigError(f"defer-import must be an import path or `name path`, not {shown(value)}", key)
            return value
        case "module-cache" | "goroot":
            return _source(key, value)
        case _:
            if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
                raise ConfigError(f"{key} must be written as [[{key}]] tables", key)
            return tuple(map(contracts.check, value))


def _source(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{key} must be auto, off or a directory, not {shown(value)}", key)
    return value


def _defer_style(key: str, value: Any) -> str:
    template = isinstance(value, str) and any(part in value for part in DEFER_PLACEHOLDERS) and "\n" not in value
    if not template and value not in DEFER_STYLES:
        raise ConfigError(
            f"defer-style must be one of {', '.join(DEFER_STYLES)}, or a line with one of {', '.join(DEFER_PLACEHOLDERS)} "
            f"in it, not {shown(value)}",
            key,
        )
    return str(value)


def _patterns(written: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in written:
        try:
            GitIgnoreSpec.from_lines([pattern])
        except (ValueError, re.error) as error:
            raise ConfigError(f"exclude: {pattern!r} is not a pattern as in .gitignore", "exclude") from error
    return written


def _severities(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ConfigError(f"severity must be a table of codes, not {shown(value)}", "severity")
    for code, severity in value.items():
        if severity not in SEVERITIES:
            raise ConfigError(f"severity of {code} must be one of {', '.join(SEVERITIES)}, not {shown(severity)}", code)
    return dict(value)


def named_codes(settings: Settings) -> tuple[str, ...]:
    """All codes and tiers that the settings speak of."""
    return (
        *settings.select,
        *settings.ignore,
        *settings.severity,
        *settings.extend_safe_fixes,
        *settings.extend_unsafe_fixes,
        *(table[key] for table in settings.contracts for key in contracts.CODES if key in table),
    )


def check_codes(codes: Iterable[str], known: Iterable[str]) -> None:
    """Raises ConfigError for a word that is neither a rule nor a tier."""
    valid = {*known, *TIERS, ALL}
    for code in codes:
        if code not in valid:
            raise ConfigError(f"unknown rule {code!r}{nearest(code, valid)}", code)
