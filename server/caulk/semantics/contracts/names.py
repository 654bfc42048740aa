"""What the names of a contract table name: the declarations behind them, and what is wrong when there are none.

A name that matches nothing makes its table mute, so it is a mistake to be told, not to be passed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from caulk.config.contracts import QUALIFIED
from caulk.config.errors import nearest
from caulk.semantics.contracts.contract import CALL_ITSELF, contract_of
from caulk.semantics.members import Members
from caulk.semantics.model import ERROR, Member, MemberKind, Signature, Type, named
from caulk.semantics.packages import Package
from caulk.semantics.types import Types
from caulk.semantics.world import World


@dataclass(frozen=True, slots=True)
class Found:
    """The functions that a name stands for: several for ``pkg.*.Method``."""

    signatures: tuple[Signature | None, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a name stands for nothing."""

    problem: str


class Lookup:
    """Looks names up as a package would that imports what they speak of.

    ``shipped_too``: also in the shipped signatures, which may be of another version than the one in use."""

    def __init__(self, world: World, importer: Package, *, shipped_too: bool = True) -> None:
        self._world = world
        self._types = Types.of(world)
        self._members = Members(self._types)
        self._importer = importer
        self._shipped_too = shipped_too

    def function(self, written: str) -> Found | Missing | None:
        """What a function's full name stands for; None when its package is nowhere to be had."""
        candidates = list(_splits(written))
        for path, type_name, name in candidates:
            package = self._package(path)
            if package is None:
                continue
            if type_name == "*":
                return self._of_any_type(package, name)
            if type_name:
                return self._method(package, type_name, name)
            return self._plain(package, name)
        return self._missing_package(candidates[0][0])

    def type_named(self, written: str) -> Found | Missing | None:
        """The same for the name of a type (it has no signature)."""
        for path, type_name, name in _splits(written):
            package = self._package(path)
            if package is not None and not type_name:
                known = name in package.types
                return Found(()) if known else Missing(f"{path} has no type {name}{nearest(name, package.types)}")
        return None

    def _package(self, path: str) -> Package | None:
        package = self._world.import_package(path, self._importer)
        return package if package is not None and (package.directory or self._shipped_too) else None

    def has_method(self, type_: Type | None, name: str) -> bool | None:
        """Whether values of the type have the method or field; None when the type is not known."""
        if type_ == ERROR:
            return name == "Error"
        owner = named(type_)
        if owner is None or self._types.underlying(owner) is None:
            return None
        return self._members.member(type_, name) is not None

    def field(self, type_: Type | None, name: str) -> Type | None:
        """The type of a field."""
        member = self._members.member(type_, name)
        return member.type if member is not None else None

    def is_error(self, type_: Type | None) -> bool:
        return self._members.implements_error(type_)

    def _missing_package(self, path: str) -> Missing | None:
        module = self._importer.module
        if module is not None and module.path and (path == module.path or path.startswith(module.path + "/")):
            return Missing(f"there is no package {path}")
        return None

    def _plain(self, package: Package, name: str) -> Found | Missing:
        for declared in package.functions.get(name, ()):
            if declared.is_function:
                return Found((self._types.declared_signature(declared),))
        if name in package.values:
            return Found((None,))
        return Missing(f"{package.path} has no function {name}{nearest(name, package.functions)}")

    def _method(self, package: Package, type_name: str, name: str) -> Found | Missing:
        if type_name not in package.types:
            return Missing(f"{package.path} has no type {type_name}{nearest(type_name, package.types)}")
        member = self._member(package, type_name, name)
        if member is None:
            known = package.methods.get(type_name, {})
            return Missing(f"{package.path}.{type_name} has no method {name}{nearest(name, known)}")
        is_call = member.kind is MemberKind.METHOD or isinstance(member.type, Signature)
        if not is_call:
            return Missing(f"{package.path}.{type_name}.{name} is a field, not a method")
        return Found((member.type if isinstance(member.type, Signature) else None,))

    def _member(self, package: Package, type_name: str, name: str) -> Member | None:
        type_ = self._types.declared_type(package.types[type_name][0])
        return self._members.member(type_, name)

    def _of_any_type(self, package: Package, name: str) -> Found | Missing:
        signatures = tuple(
            member.type
            for type_name in package.types
            if type_name[:1].isupper()
            and (member := self._member(package, type_name, name))
            and isinstance(member.type, Signature)
        )
        return Found(signatures) if signatures else Missing(f"no type of {package.path} has a method {name}")


def _splits(written: str) -> Iterator[tuple[str, str, str]]:
    """The ways to read a name as (package path, type, last name): a path may have dots in its last element."""
    directory, slash, last = written.rpartition("/")
    parts = last.split(".")
    if "(" in last or "*" in parts:
        yield directory + slash + ".".join(parts[:-2]), parts[-2].strip("(*)") or "*", parts[-1]
        return
    for count in range(len(parts) - 1, 0, -1):
        rest = parts[count:]
        if len(rest) <= 2:
            yield directory + slash + ".".join(parts[:count]), rest[0] if len(rest) == 2 else "", rest[-1]


def problems(tables: Iterable[Mapping[str, Any]], names: Lookup) -> Iterator[str]:
    """What is wrong with the names of tables. What cannot be looked up is right."""
    for table in tables:
        yield from _table_problems(table, names)


def _table_problems(table: Mapping[str, Any], names: Lookup) -> Iterator[str]:
    acquired: list[Type | None] = []
    for key in (*QUALIFIED, "release"):
        written = table.get(key, ())
        for name in [written] if isinstance(written, str) else written:
            found = names.function(name.partition(" ")[0])
            if isinstance(found, Missing):
                yield f"{key}: {name!r} names nothing: {found.problem}"
            elif key == "acquire" and found is not None and table.get("kind") != "none":
                for signature in found.signatures:
                    yield from _shape_problems(table, name, signature, names, acquired)
    for name in table.get("types", ()):
        known = names.type_named(name)
        if isinstance(known, Missing):
            yield f"types: {name!r} names nothing: {known.problem}"
    for method in table.get("must_call", ()):
        if method != CALL_ITSELF and acquired and all(names.has_method(type_, method) is False for type_ in acquired):
            yield f"must_call: nothing that is acquired has a method {method}"


def _shape_problems(
    table: Mapping[str, Any], name: str, signature: Signature | None, names: Lookup, acquired: list[Type | None]
) -> Iterator[str]:
    """What an acquiring function does not have that its table speaks of. What has to be released goes to ``acquired``."""
    if signature is None:
        acquired.append(None)
        return
    contract = contract_of(table)
    results = signature.results
    error = contract.unless_error
    if error is not None and error >= len(results):
        yield f"unless_error: {name!r} has no result {error}: it has {len(results)}"
    elif error is not None and results[error] is not None and not names.is_error(results[error]):
        yield f"unless_error: result {error} of {name!r} is no error"
    if contract.given is not None:
        if contract.given >= len(signature.params):
            yield f"resource_from: {name!r} has no argument {contract.given}"
        return
    if contract.result >= len(results):
        yield f"result: {name!r} has no result {contract.result}: it has {len(results)}"
        return
    type_ = results[contract.result]
    for field in contract.resource:
        if names.has_method(type_, field) is False:
            yield f"resource: what {name!r} returns has no field {field}"
        type_ = names.field(type_, field)
    acquired.append(type_)
    if contract.release not in ("", CALL_ITSELF) and names.has_method(type_, contract.release) is False:
        yield f"must_call: what {name!r} returns has no method {contract.release}"
