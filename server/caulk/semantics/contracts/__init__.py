"""Contracts: which call creates an obligation, on which result, and what ends it.

The tables are TOML files beside this module; a user's ``caulk.toml`` may add tables of the same form. A new library is a new
table entry, never code.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from caulk.config.contracts import KEYS
from caulk.semantics.model import Callee

CALL_ITSELF = "()"
"""The release of a function value: calling it."""


class ContractError(ValueError):
    """A contract table that cannot be used; the message names the key."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One obligation. ``kind`` groups contracts that the engine treats alike (``rows`` end when Next is false)."""

    code: str
    kind: str
    noun: str
    why: str
    must_call: frozenset[str]
    release: str
    """The method that a fix calls: the first of ``must_call`` as written."""
    result: int = 0
    unless_error: int | None = None
    """Index of the error result: no obligation when that is non-nil. None when the call cannot fail."""
    resource: tuple[str, ...] = ()
    """The access path from the result to what must be released (``Body``)."""
    returns_error: bool = True
    """Whether the release returns an error."""
    release_argument: str = ""
    """``context`` or ``nil``: what the release is called with; empty for nothing."""
    idempotent: bool = False
    """Whether the release may come after another one (``Rollback`` after ``Commit``): a defer never hurts."""
    nil_safe: bool = False
    never_only: bool = False
    """Report only when no path at all releases it: error paths may abandon the value."""
    inline: bool = False
    """Whether using the result on the spot (``pool.Get().Do(…)``) loses it."""
    released_by: frozenset[str] = frozenset()
    """Methods whose false edge releases (``Next``)."""
    discard_code: str = ""
    overwrite_code: str = ""
    released_through: str = ""
    """For a value that owns the resource: its method that releases it."""
    ok_result: int | None = None
    """Index of a bool result that is true exactly when the resource exists."""
    companion: int | None = None
    """Index of a function result that releases the resource (``f, closeIt, err := open()``)."""


@dataclass(frozen=True, slots=True)
class TypeContract:
    """The same obligation for any call that returns the type through an interface or a function value."""

    contract: Contract
    names: re.Pattern[str] | None
    """What the called name must look like, when the type alone says too little."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who takes a value over and who borrows it; see ``ownership.toml``."""

    release_names: frozenset[str]
    release_pattern: re.Pattern[str]
    handing_out_suffixes: tuple[str, ...]
    takers: frozenset[str]
    taking_packages: frozenset[str]
    request_takers: frozenset[str]
    borrowing_packages: tuple[str, ...]
    borrowing_exceptions: tuple[str, ...]
    deriving_prefixes: tuple[str, ...]
    borrowing_fields: frozenset[str]


class Contracts:
    """All contracts in force: the shipped ones and the user's."""

    def __init__(self, tables: Iterable[Mapping[str, Any]], ownership: Ownership) -> None:
        self.ownership = ownership
        self._exact: dict[str, Contract | None] = {}
        self._any_type: dict[tuple[str, str], Contract | None] = {}
        self.types: dict[str, TypeContract] = {}
        for table in tables:
            self._add(table)
        self.short_names = frozenset(
            {name.rpartition(".")[2] for name in self._exact} | {name for _, name in self._any_type}
        )
        """The last identifiers of all acquiring names: what a text must contain to be of interest."""

    def _add(self, table: Mapping[str, Any]) -> None:
        contract = None if table.get("kind") == "none" else _contract(table)
        for written in table.get("acquire", ()):
            name = written.replace("(*", "").replace(")", "")
            package, star, method = name.partition(".*.")
            if star:
                self._any_type[package, method] = contract
            else:
                self._exact[name] = contract
        if contract is not None:
            names = table.get("type_names")
            for type_name in table.get("types", ()):
                self.types[type_name] = TypeContract(contract, re.compile(names) if names else None)

    def knows(self, callee: Callee) -> bool:
        """Whether a table speaks of the callee, be it to say that it creates nothing."""
        return any(name in self._exact or self._wild(name) in self._any_type for name in _names(callee))

    def of(self, callee: Callee) -> Contract | None:
        """The contract of a call, None when it creates no obligation that a table knows."""
        for name in _names(callee):
            if name in self._exact:
                return self._exact[name]
            wild = self._wild(name)
            if wild in self._any_type:
                return self._any_type[wild]
        return None

    @staticmethod
    def _wild(name: str) -> tuple[str, str]:
        base, _, method = name.rpartition(".")
        return base.rpartition(".")[0], method


def _names(callee: Callee) -> tuple[str, ...]:
    if callee.declared_name and callee.declared_name != callee.name:
        return callee.name, callee.declared_name
    return (callee.name,)


def _contract(table: Mapping[str, Any]) -> Contract:
    unknown = sorted(set(table) - KEYS.keys())
    if unknown:
        raise ContractError(f"unknown key {unknown[0]!r} in [[contract]]")
    must_call = table.get("must_call", ["Close"])
    if not isinstance(must_call, list) or not must_call or not all(isinstance(name, str) for name in must_call):
        raise ContractError("must_call in [[contract]] must be a list of method names")
    resource = table.get("resource", "")
    return Contract(
        code=table.get("code", "resource-unclosed"),
        kind=table.get("kind", "closer"),
        noun=table.get("noun", "value"),
        why=table.get("why", "is never released"),
        must_call=frozenset(must_call),
        release=must_call[0],
        result=table.get("result", 0),
        unless_error=table.get("unless_error"),
        resource=tuple(resource.split(".")) if resource else (),
        returns_error=table.get("returns_error", must_call[0] != CALL_ITSELF),
        release_argument=table.get("release_argument", ""),
        idempotent=table.get("idempotent", False),
        nil_safe=table.get("nil_safe", False),
        never_only=table.get("never_only", False),
        inline=table.get("inline", False),
        released_by=frozenset(text.partition("(")[0] for text in table.get("released_by", ())),
        discard_code=table.get("discard_code", ""),
        overwrite_code=table.get("overwrite_code", ""),
        ok_result=table.get("ok_result"),
    )


@lru_cache(maxsize=1)
def _shipped() -> tuple[tuple[Mapping[str, Any], ...], Ownership]:
    tables: list[Mapping[str, Any]] = []
    ownership: Mapping[str, Any] = {}
    for entry in sorted(resources.files(__name__).iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            data = tomllib.loads(entry.read_text(encoding="utf-8"))
            tables += data.get("contract", ())
            if entry.name == "ownership.toml":
                ownership = data
    return tuple(tables), _ownership(ownership)


def _ownership(data: Mapping[str, Any]) -> Ownership:
    return Ownership(
        release_names=frozenset(data["release_names"]),
        release_pattern=re.compile("(?i)(?:" + "|".join(data["release_prefixes"]) + ")"),
        handing_out_suffixes=tuple(data["handing_out_suffixes"]),
        takers=frozenset(data["takers"]),
        taking_packages=frozenset(data["taking_packages"]),
        request_takers=frozenset(data["request_takers"]),
        borrowing_packages=tuple(data["borrowing_packages"]),
        borrowing_exceptions=tuple(data["borrowing_exceptions"]),
        deriving_prefixes=tuple(data["deriving_prefixes"]),
        borrowing_fields=frozenset(data["borrowing_fields"]),
    )


def load(user_tables: Iterable[Mapping[str, Any]] = ()) -> Contracts:
    """The shipped contracts and the user's on top (a user's entry for the same name wins).

    Raises ContractError for a user's table that cannot be used."""
    tables, ownership = _shipped()
    return Contracts((*tables, *user_tables), ownership)
