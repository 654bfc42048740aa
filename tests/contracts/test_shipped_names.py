"""Every name in the shipped tables is true: there is such a function, it has these results, and they can be released so."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from caulk.config.contracts import QUALIFIED, check
from caulk.dev import signatures
from caulk.rules.registry import by_code
from caulk.semantics.contracts import shipped_tables
from caulk.semantics.contracts.contract import contract_of
from caulk.semantics.contracts.names import Lookup, problems
from caulk.semantics.sources import Sources, find_sources
from caulk.semantics.world import World


def functions() -> Iterator[str]:
    """All full names of functions in the tables."""
    for table in shipped_tables():
        for key in (*QUALIFIED, "release"):
            written = table.get(key, ())
            for name in [written] if isinstance(written, str) else written:
                yield name.partition(" ")[0]


def lookup(directory: Path, gomod: str, sources: Sources) -> Lookup:
    (directory / "go.mod").write_text(gomod)
    world = World(sources=sources)
    return Lookup(world, world.package_of(str(directory), [(str(directory / "x.go"), b"package x\n")]))


def test_every_table_is_well_formed() -> None:
    for table in shipped_tables():
        check(table)
        if table.get("kind") != "none" and (table.get("acquire") or table.get("types")):
            assert by_code().keys() >= {contract_of(table).code}
            assert {"noun", "why"} <= table.keys(), table


def test_no_name_has_two_tables() -> None:
    seen: set[str] = set()
    for table in shipped_tables():
        for name in table.get("acquire", ()):
            assert name not in seen, f"{name} is acquired by two tables"
            seen.add(name)


def test_names_agree_with_the_shipped_signatures(tmp_path: Path) -> None:
    names = lookup(tmp_path, "module names.example\n\ngo 1.25\n", Sources())
    assert list(problems(shipped_tables(), names)) == []
    assert [name for name in functions() if names.function(name) is None] == []


def test_an_error_result_is_always_named(tmp_path: Path) -> None:
    """A table without ``unless_error`` for a call that may fail would report its error paths."""
    names = lookup(tmp_path, "module names.example\n\ngo 1.25\n", Sources())
    assert list(_forgotten_errors(names)) == []


def _forgotten_errors(names: Lookup) -> Iterator[str]:
    for table in shipped_tables():
        if table.get("kind") == "none" or "unless_error" in table:
            continue
        for name in table.get("acquire", ()):
            found = names.function(name)
            for signature in getattr(found, "signatures", ()):
                if signature is not None and any(map(names.is_error, signature.results)):
                    yield name


@pytest.mark.modules
def test_names_agree_with_the_real_sources(tmp_path: Path) -> None:
    """At the versions from which the shipped signatures were made."""
    pinned = [pin for pin in signatures.pins() if any(name.startswith(pin.path) for name in functions())]
    command = str(Path(sys.executable).parent / "go")
    for pin in pinned:
        signatures.fetch(pin, command)
    requires = "".join(f"\t{pin.path} {pin.version}\n" for pin in pinned)
    gomod = f"module names.example\n\ngo 1.25\n\nrequire (\n{requires})\n"
    names = lookup(tmp_path, gomod, find_sources())
    assert list(problems(shipped_tables(), names)) == []
    assert [name for name in functions() if names.function(name) is None] == []
    assert list(_forgotten_errors(names)) == []
