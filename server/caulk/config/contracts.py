"""What a ``[[contract]]`` table may say: the form is the same in a ``caulk.toml`` and in the shipped tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from caulk.config.errors import ConfigError, nearest, shown, words

KEYS: Mapping[str, type] = {
    "acquire": list,
    "alias": list,
    "code": str,
    "discard_code": str,
    "discard_ok": bool,
    "error_field": str,
    "idempotent": bool,
    "inline": bool,
    "kind": str,
    "must_call": list,
    "never_only": bool,
    "nil_safe_release": bool,
    "not_owning": list,
    "noun": str,
    "ok_result": int,
    "overwrite_code": str,
    "owning": list,
    "release": str,
    "release_argument": str,
    "released": str,
    "released_by": list,
    "resource": str,
    "resource_from": str,
    "result": int,
    "returns_error": bool,
    "since_go": str,
    "tier": str,
    "type_names": str,
    "types": list,
    "unless_error": int,
    "until_toolchain": str,
    "why": str,
}
"""Every key with the type of its value; lists are lists of strings, numbers are indexes of results."""

CODES = ("code", "discard_code", "overwrite_code")
"""The keys that name rules."""
CALLEES = ("alias", "not_owning", "owning")
"""The keys that say what functions do with a value that they are given."""
QUALIFIED = ("acquire", *CALLEES)
"""The keys that list functions by their full names."""

ARGUMENT = re.compile(r"argument (\d+)")
"""``argument 0``: the first argument of a call."""

_EXPECTED: Mapping[type, str] = {list: "a list of strings", str: "a string", bool: "true or false", int: "a number"}
_QUALIFIED = re.compile(
    r"[\w.~-]+(?:/[\w.~-]+)*"  # import path, with the type or function that follows its last dot
    r"(?:\.(?:\(\*?\w+\)|\*)\.\w+|\.\w+)"  # .(*Type).Method  .*.Method  .Function  .Type.Method
    r"(?: argument \d+)?"
)
_FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "release_argument": (re.compile(r"context|nil|argument \d+"), "'context', 'nil' or 'argument N'"),
    "released": (ARGUMENT, "'argument N'"),
    "resource_from": (re.compile(r"receiver|argument \d+"), "'receiver' or 'argument N'"),
    "since_go": (re.compile(r"1\.\d+"), "a Go version such as '1.23'"),
    "tier": (re.compile(r"core|extended|experimental"), "one of core, extended, experimental"),
    "until_toolchain": (re.compile(r"1\.\d+"), "a Go version such as '1.23'"),
}
"""The strings that have a form of their own."""
_RELEASED_BY = re.compile(r"\w+\(\) (?:== false|!= nil)|range \w+\(\)|(?:receiver|argument \d+)\.\w+")
_METHOD = re.compile(r"\(\)|[A-Za-z_]\w*")


def check(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """The table, once everything in it is known to make sense. Raises ConfigError."""
    for key, value in table.items():
        _key(key, value)
    if "acquire" not in table and "types" not in table and not any(key in table for key in CALLEES):
        raise ConfigError("a [[contract]] must say what acquires: a list of functions in acquire", "contract")
    for key in ("acquire", "must_call"):
        if table.get(key) == [] and not (key == "acquire" and table.get("types")):
            raise ConfigError(f"{key} must name at least one function", key)
    if "released" in table and "release" not in table:
        raise ConfigError("released says which argument of release gets the value, but there is no release", "released")
    return table


def _key(key: str, value: Any) -> None:
    if key not in KEYS:
        raise ConfigError(f"unknown key {key!r} in [[contract]]{nearest(key, KEYS)}", key)
    wanted = KEYS[key]
    if wanted is list:
        words(key, value)
    elif type(value) is not wanted:  # a bool is an int too
        raise ConfigError(f"{key} must be {_EXPECTED[wanted]}, not {shown(value)}", key)
    elif isinstance(value, int) and value < 0:
        raise ConfigError(f"{key} must be the number of a result, the first is 0, not {value}", key)
    if key in _FORMS and not _FORMS[key][0].fullmatch(value):
        raise ConfigError(f"{key} must be {_FORMS[key][1]}, not {shown(value)}", key)
    if key == "type_names":
        _regular_expression(key, value)
    _names(key, value)


def _names(key: str, value: Any) -> None:
    """Names of functions and methods have a form, whatever they name."""
    if key in QUALIFIED or key == "release":
        for name in value if isinstance(value, list) else [value]:
            if not _QUALIFIED.fullmatch(name):
                raise ConfigError(
                    f"{key} must name functions by import path, as 'example.com/app/pool.Get' or "
                    f"'example.com/app/pool.(*Pool).Get', not {shown(name)}",
                    key,
                )
    if key == "must_call":
        for name in value:
            if not _METHOD.fullmatch(name):
                raise ConfigError(
                    f"must_call must name methods of the value, as 'Close' ('()' calls the value itself), not {shown(name)}",
                    key,
                )
    if key == "released_by":
        for name in value:
            if not _RELEASED_BY.fullmatch(name):
                raise ConfigError(
                    f"released_by must be written as 'Next() == false', 'Scan() != nil', 'receiver.Close' or 'argument 0.Close', "
                    f"not {shown(name)}",
                    key,
                )


def _regular_expression(key: str, value: str) -> None:
    try:
        re.compile(value)
    except re.error as error:
        raise ConfigError(f"{key} is not a regular expression: {error}", key) from error
