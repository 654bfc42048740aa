"""Contracts: which call creates an obligation, on which result, and what ends it.

The tables are TOML files beside this module; a user's ``caulk.toml`` may add tables of the same form. A new library is a new
table entry, never code.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Generic, TypeVar

from caulk.semantics.contracts.contract import (
    CALL_ITSELF,
    HANDLINGS,
    NOT_AT_HAND,
    RECEIVER,
    Contract,
    Handling,
    ReleaseFunction,
    TypeContract,
    argument_number,
    contract_of,
    plain_name,
)
from caulk.semantics.model import Callee

__all__ = [
    "CALL_ITSELF",
    "NOT_AT_HAND",
    "RECEIVER",
    "Contract",
    "ContractError",
    "Contracts",
    "Handling",
    "Ownership",
    "ReleaseFunction",
    "TypeContract",
    "argument_number",
    "load",
    "shipped_tables",
]


class ContractError(ValueError):
    """A contract table that cannot be used; the message names the key."""


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


T = TypeVar("T")


class _ByCallee(Generic[T]):
    """Entries by the names of functions; ``pkg.*.Method`` stands for every type of the package."""

    def __init__(self) -> None:
        self.exact: dict[str, T] = {}
        self.any_type: dict[tuple[str, str], T] = {}

    def add(self, written: str, entry: T) -> None:
        package, star, method = written.partition(".*.")
        if star:
            self.any_type[package, method] = entry
        else:
            self.exact[plain_name(written)] = entry

    def find(self, callee: Callee, default: T) -> T:
        """By the static type of the base first, then by the type that declares the method."""
        for name in dict.fromkeys((callee.name, callee.declared_name)):
            if name in self.exact:
                return self.exact[name]
            base, _, method = name.rpartition(".")
            wild = base.rpartition(".")[0], method
            if wild in self.any_type:
                return self.any_type[wild]
        return default

    def contracts(self) -> Iterator[tuple[str, Contract]]:
        """What has a contract, by its full name; that for every type has a star for it."""
        wild = ((f"{package}.*.{method}", entry) for (package, method), entry in self.any_type.items())
        for name, entry in (*self.exact.items(), *wild):
            if isinstance(entry, Contract):
                yield name, entry


_UNKNOWN = object()
_MODULE_HOSTS = ("go.opencensus.io", "resty.dev")
"""Modules whose path begins with a host and has packages right below."""


class Contracts:
    """All contracts in force: the shipped ones and the user's."""

    def __init__(self, tables: Iterable[Mapping[str, Any]], ownership: Ownership) -> None:
        self.ownership = ownership
        self._acquiring: _ByCallee[Contract | object | None] = _ByCallee()
        self._handling: _ByCallee[Mapping[int | None, Handling]] = _ByCallee()
        self.types: dict[str, TypeContract] = {}
        for table in tables:
            self._add(table)
        self._functions: dict[str, set[str]] = {}
        self._methods: dict[str, dict[str, int]] = {}
        known = dict(self._acquiring.contracts())
        for name, contract in known.items():
            owner, _, last = name.rpartition(".")
            if "." in owner.rpartition("/")[2]:
                methods = self._methods.setdefault("" if _is_std(name) else _root(name), {})
                methods[last] = min(methods.get(last, contract.results), contract.results)
            else:
                self._functions.setdefault(owner, set()).add(last)
        self._words: dict[frozenset[str], Mapping[bytes, int]] = {}
        self.inline_names = frozenset(name.rpartition(".")[2] for name, contract in known.items() if contract.inline)
        """The last names of what may be acquired and used on the spot."""
        self._must_call = frozenset().union(*(contract.must_call for contract in known.values()))
        self.resources = frozenset(contract.resource[0] for contract in known.values() if contract.resource)
        """The fields behind which results hold what must be released (``Body``)."""

    def _add(self, table: Mapping[str, Any]) -> None:
        contract = None if table.get("kind") == "none" else contract_of(table)
        for written in table.get("acquire", ()):
            self._acquiring.add(written, contract)
        if contract is not None:
            names = table.get("type_names")
            for type_name in table.get("types", ()):
                self.types[type_name] = TypeContract(contract, re.compile(names) if names else None)
        for key, handling in HANDLINGS.items():
            for written in table.get(key, ()):
                name, _, argument = written.partition(" ")
                known = self._handling.exact.get(plain_name(name), {})
                self._handling.add(name, {**known, argument_number(argument): handling})

    def knows(self, callee: Callee) -> bool:
        """Whether a table speaks of the callee, be it to say that it creates nothing."""
        return self._acquiring.find(callee, _UNKNOWN) is not _UNKNOWN

    def of(self, callee: Callee) -> Contract | None:
        """The contract of a call, None when it creates no obligation that a table knows."""
        found = self._acquiring.find(callee, None)
        return found if isinstance(found, Contract) else None

    def handling(self, callee: Callee, argument: int) -> Handling | None:
        """What a table says that the callee does with its argument of that number; None when none speaks of it."""
        said = self._handling.find(callee, {})
        return said.get(argument, said.get(None))

    def releases(self, method: str) -> bool:
        """Whether a method of that name may release something."""
        return method in self._must_call or self.ownership.release_pattern.match(method) is not None

    def acquiring_functions(self, path: str) -> Iterable[str]:
        """The names of the acquiring functions of a package."""
        return self._functions.get(path, ())

    def acquiring_methods(self, modules: frozenset[str] | None) -> Mapping[bytes, int]:
        """The names of all acquiring methods, those of every type of a package included, and how many results they have at
        least.

        ``modules``: the paths of the modules and packages whose types the code can meet (None: of any module)."""
        roots = frozenset(self._methods)
        if modules is not None:
            roots = roots.intersection(map(_root, modules))
        if roots not in self._words:
            words: dict[bytes, int] = {}
            for root in (*roots, ""):
                for name, count in self._methods.get(root, {}).items():
                    word = name.encode()
                    words[word] = min(words.get(word, count), count)
            self._words[roots] = words
        return self._words[roots]


def _is_std(name: str) -> bool:
    first, slash, _ = name.partition("/")
    return not slash or "." not in first


def _root(path: str) -> str:
    """Host and owner of a path, without what follows a dot in the latter: a name and its module share it. A host that is a
    module itself (``go.opencensus.io``) stands alone."""
    first, _, rest = path.partition("/")
    second = rest.partition("/")[0].partition(".")[0]
    return f"{first}/{second}" if second and first not in _MODULE_HOSTS else first


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


def shipped_tables() -> tuple[Mapping[str, Any], ...]:
    """The tables that come with caulk, in the order in which they are read."""
    return _shipped()[0]


def load(user_tables: Iterable[Mapping[str, Any]] = ()) -> Contracts:
    """The shipped contracts and the user's on top (a user's entry for the same name wins). All tables have been checked."""
    tables, ownership = _shipped()
    return Contracts((*tables, *user_tables), ownership)
