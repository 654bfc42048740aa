"""Build constraints. The default configuration is linux/amd64 with cgo and a current Go; a file that it leaves out is looked at
in one that takes it in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_OS = (
    *(
        "linux",
        "windows",
        "darwin",
        "freebsd",
        "netbsd",
        "openbsd",
        "dragonfly",
        "solaris",
        "illumos",
        "aix",
        "android",
    ),
    *("ios", "js", "wasip1", "plan9", "zos", "hurd", "nacl"),
)
_ARCH = (
    *("amd64", "arm64", "386", "arm", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64"),
    *(
        "s390x",
        "wasm",
        "sparc64",
        "riscv",
        "ppc",
        "armbe",
        "arm64be",
        "amd64p32",
        "mips64p32",
        "mips64p32le",
        "s390",
        "sparc",
    ),
)
_UNIX = frozenset(_OS) - {"windows", "js", "wasip1", "plan9", "zos", "nacl"}
_IMPLIED = {"android": "linux", "illumos": "solaris", "ios": "darwin"}
_EXPERIMENTS = ("jsonv2", "regabiwrappers", "regabiargs", "greenteagc", "randomizedheapbase64", "sizespecializedmalloc")
"""What the current Go switches on by itself; only its own library asks."""
_COMMON = frozenset(
    {
        "gc",
        "cgo",
        *(f"go1.{minor}" for minor in range(1, 28)),
        *(f"goexperiment.{name}" for name in _EXPERIMENTS),
    }
)
_CONSTRAINT = re.compile(rb"^//go:build (.*)$", re.M)
_PACKAGE = re.compile(rb"^package ", re.M)
_TERM = re.compile(r"\s*(\(|\)|&&|\|\||!|[\w.]+)")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a build is for. ``tags`` are those that are set besides what platform and Go imply, ``without`` those that are not
    set although they usually are (``cgo``, ``go1.21``)."""

    os: str = "linux"
    arch: str = "amd64"
    tags: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def has(self, tag: str) -> bool:
        """Whether a word of a constraint is true."""
        if tag in (self.os, self.arch) or tag in self.tags:
            return True
        if tag in _COMMON:
            return tag not in self.without
        return tag == _IMPLIED.get(self.os) or (tag == "unix" and self.os in _UNIX)

    def includes(self, path: str, constraint: str) -> bool:
        """Whether it takes in a file of that name with that ``//go:build`` line (empty for none)."""
        return self._takes_name(path) and self._takes(constraint)

    def _takes_name(self, path: str) -> bool:
        goos, goarch = _suffixes(path)
        return (not goos or self.has(goos)) and (not goarch or self.has(goarch))

    def _takes(self, constraint: str) -> bool:
        if not constraint:
            return True
        value, rest = _Parser(self).either(_TERM.findall(constraint.partition("//")[0]))
        return True if rest else value  # a line that cannot be read says nothing


DEFAULT = Configuration()


@lru_cache(maxsize=4096)
def configuration_of(path: str, constraint: str) -> Configuration:
    """The configuration in which a file is looked at: the default one when that takes it in."""
    if DEFAULT.includes(path, constraint):
        return DEFAULT
    fitting = (found for found in _candidates(path, constraint) if found.includes(path, constraint))
    return next(fitting, Configuration(tags=frozenset({constraint})))


def _candidates(path: str, constraint: str) -> Iterator[Configuration]:
    """Other platforms first, then the tags that the constraint speaks of, then without what is usually set."""
    goos, goarch = _suffixes(path)
    words = frozenset(_TERM.findall(constraint)) - {"(", ")", "&&", "||", "!"}
    systems = (goos,) if goos else _OS
    machines = (goarch,) if goarch else ("amd64", "arm64", *sorted(words.intersection(_ARCH)))
    own = words - set(_OS) - set(_ARCH) - _COMMON - {"unix"}
    usual = words & _COMMON
    none = frozenset[str]()
    choices = [
        (none, none),
        (own, none),
        *((frozenset({tag}), none) for tag in sorted(own)),
        (none, usual),
        (own, usual),
    ]
    for tags, without in dict.fromkeys(choices):
        yield from (Configuration(system, machine, tags, without) for system in systems for machine in machines)


def _suffixes(path: str) -> tuple[str, str]:
    """The operating system and the processor that a file name asks for; empty for any."""
    stem = os.path.basename(path).removesuffix(".go").removesuffix("_test")
    parts = stem.split("_")[1:]
    if len(parts) >= 2 and parts[-2] in _OS and parts[-1] in _ARCH:
        return parts[-2], parts[-1]
    last = parts[-1] if parts else ""
    return (last, "") if last in _OS else ("", last) if last in _ARCH else ("", "")


def constraint_of(data: bytes) -> str:
    """The ``//go:build`` line of a file, without its head; empty when it has none before its package clause."""
    match = _CONSTRAINT.search(data, 0, 8000)
    if match is None:
        return ""
    package = _PACKAGE.search(data)
    if package is not None and package.start() < match.start():
        return ""
    return match[1].decode("utf-8", "replace").strip()


class _Parser:
    """Evaluates a constraint by descent; every step gives the value and the tokens that are left."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def either(self, tokens: list[str]) -> tuple[bool, list[str]]:
        value, rest = self._both(tokens)
        while rest and rest[0] == "||":
            other, rest = self._both(rest[1:])
            value = value or other
        return value, rest

    def _both(self, tokens: list[str]) -> tuple[bool, list[str]]:
        value, rest = self._term(tokens)
        while rest and rest[0] == "&&":
            other, rest = self._term(rest[1:])
            value = value and other
        return value, rest

    def _term(self, tokens: list[str]) -> tuple[bool, list[str]]:
        if not tokens:
            return True, []
        first, rest = tokens[0], tokens[1:]
        if first == "!":
            value, rest = self._term(rest)
            return not value, rest
        if first == "(":
            value, rest = self.either(rest)
            return value, rest[1:]
        return self._configuration.has(first), rest
