"""Make the shipped signature database: Go's own public packages, and those of ``signatures.toml`` at pinned versions."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from caulk.semantics.condense import condense
from caulk.semantics.gomod import version
from caulk.semantics.shipped import GO_VERSION
from caulk.semantics.sources import Sources
from caulk.semantics.world import World

PINS = Path(__file__).with_name("signatures.toml")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PASSED_OVER = frozenset(["internal", "vendor", "testdata", "cmd", "examples", "example", "test", "tests", "mocks"])


class FetchError(Exception):
    """A module that the go command cannot fetch."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A module at a version; ``packages`` are patterns of the directories that are taken, ``.`` for its root."""

    path: str
    version: str
    packages: tuple[str, ...] = (".",)


@dataclass(frozen=True, slots=True)
class Found:
    """A package: its import path and where it lies."""

    path: str
    directory: str


def pins(path: Path = PINS) -> tuple[Pin, ...]:
    """The pinned modules. Raises OSError and TOMLDecodeError."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["module"]
    return tuple(Pin(table["path"], table["version"], tuple(table.get("packages", ["."]))) for table in tables)


def fetch(pin: Pin, go: str) -> str:
    """The directory of a module, fetched by the go command when it is not in the cache. Raises FetchError."""
    command = [go, "mod", "download", "-json", f"{pin.path}@{pin.version}"]
    environment = {**os.environ, "GO111MODULE": "on", "GOFLAGS": "-mod=mod", "GOWORK": "off"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=PINS.parent)
    try:
        return str(json.loads(result.stdout)["Dir"])
    except (ValueError, KeyError):
        raise FetchError(f"{pin.path}@{pin.version}: {result.stdout or result.stderr}") from None


def packages_of(pin: Pin, directory: str) -> Iterator[Found]:
    """The packages of a module that its patterns name."""
    for below in _package_directories(directory):
        if any(fnmatch(below, pattern) for pattern in pin.packages):
            path = pin.path if below == "." else f"{pin.path}/{below}"
            yield Found(path, os.path.join(directory, *below.split("/")) if below != "." else directory)


def standard_library(goroot: str) -> Iterator[Found]:
    """The public packages of Go. Raises ValueError for another version than the database says it has."""
    words = Path(goroot, "VERSION").read_text(encoding="utf-8").split()
    if version(words[0]) != GO_VERSION:
        raise ValueError(f"{goroot} is {words[0]}; the database is for go{GO_VERSION[0]}.{GO_VERSION[1]}")
    source = os.path.join(goroot, "src")
    for below in _package_directories(source):
        if below not in (".", "builtin"):
            yield Found(below, os.path.join(source, *below.split("/")))


def _package_directories(root: str) -> Iterator[str]:
    """The directories with Go files that others may import, relative to ``root``, with slashes."""
    for directory, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in _PASSED_OVER and name[0] not in "._")
        if any(name.endswith(".go") and not name.endswith("_test.go") for name in files):
            yield os.path.relpath(directory, root).replace(os.sep, "/")


def write(out: Path, packages: Iterable[Found], sources: Sources) -> dict[str, int]:
    """Write the database; the size in bytes of every stub. Raises OSError when a directory cannot be read.

    Internal packages come along when what is exported stands on them: an alias, an embedded type."""
    stubs: dict[str, str] = {}
    world = World(sources=sources, shipped=False)
    todo = sorted(packages, key=lambda found: found.path)
    while todo:
        found = todo.pop()
        package = world.load_directory(found.path, found.directory) if found.path not in stubs else None
        if package is None or package.name == "main":
            continue
        condensed = condense(world, package)
        stubs[found.path] = condensed.text
        for path in condensed.imports:
            inner = world.import_package(path, package) if "internal" in path.split("/") else None
            if inner is not None and inner.directory:
                todo.append(Found(path, inner.directory))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, text in sorted(stubs.items()):
            archive.writestr(zipfile.ZipInfo(f"{path}.go", _EPOCH), text, zipfile.ZIP_DEFLATED)
    return {path: len(text) for path, text in stubs.items()}
