"""What a ``[[contract]]`` table may say: the form is the same in a ``caulk.toml`` and in the shipped tables."""

from __future__ import annotations

from collections.abc import Mapping

KEYS: Mapping[str, type] = {
    "acquire": list,
    "code": str,
    "discard_code": str,
    "idempotent": bool,
    "inline": bool,
    "kind": str,
    "must_call": list,
    "never_only": bool,
    "nil_safe": bool,
    "noun": str,
    "ok_result": int,
    "overwrite_code": str,
    "release_argument": str,
    "released_by": list,
    "resource": str,
    "result": int,
    "returns_error": bool,
    "type_names": str,
    "types": list,
    "unless_error": int,
    "why": str,
}
"""Every key with the type of its value; lists are lists of strings, numbers are indexes of results."""

CODES = ("code", "discard_code", "overwrite_code")
"""The keys that name rules."""
EXPRESSIONS = ("type_names",)
"""The keys that hold regular expressions."""
EXPECTED: Mapping[type, str] = {list: "a list of strings", str: "a string", bool: "true or false", int: "a number"}
