"""Build constraints, for one fixed configuration: linux/amd64 with a current Go."""

from __future__ import annotations

import os
import re

_OS = frozenset(
    [
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "hurd",
        "illumos",
        "ios",
        "js",
        "linux",
        "nacl",
        "netbsd",
        "openbsd",
        "plan9",
        "solaris",
        "wasip1",
        "windows",
        "zos",
    ]
)
_ARCH = frozenset(
    [
        "386",
        "amd64",
        "arm",
        "arm64",
        "loong64",
        "mips",
        "mips64",
        "mips64le",
        "mipsle",
        "ppc64",
        "ppc64le",
        "riscv64",
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
    ]
)
_EXPERIMENTS = ("jsonv2", "regabiwrappers", "regabiargs", "greenteagc", "randomizedheapbase64", "sizespecializedmalloc")
"""What the current Go switches on by itself; only its own library asks."""
_TAGS = frozenset(
    {
        "linux",
        "amd64",
        "unix",
        "gc",
        "cgo",
        *(f"go1.{minor}" for minor in range(1, 28)),
        *(f"goexperiment.{name}" for name in _EXPERIMENTS),
    }
)
_CONSTRAINT = re.compile(rb"^//go:build (.*)$", re.M)
_PACKAGE = re.compile(rb"^package ", re.M)
_TERM = re.compile(r"\s*(\(|\)|&&|\|\||!|[\w.]+)")


def default_platform(path: str) -> bool:
    """Whether the name of a file lets it into the default configuration (``_windows.go`` does not)."""
    stem = os.path.basename(path).removesuffix(".go").removesuffix("_test")
    parts = stem.split("_")[1:]
    if not parts:
        return True
    if len(parts) >= 2 and parts[-2] in _OS and parts[-1] in _ARCH:
        return parts[-2] in _TAGS and parts[-1] in _TAGS
    return parts[-1] in _TAGS if parts[-1] in _OS or parts[-1] in _ARCH else True


def included(data: bytes) -> bool:
    """Whether the ``//go:build`` line of a file lets it in. A line that cannot be read does."""
    match = _CONSTRAINT.search(data, 0, 8000)
    if match is None:
        return True
    package = _PACKAGE.search(data)
    if package is not None and package.start() < match.start():
        return True
    tokens = _TERM.findall(match[1].decode("utf-8", "replace").partition("//")[0])
    value, rest = _either(tokens)
    return True if rest else value


def _either(tokens: list[str]) -> tuple[bool, list[str]]:
    value, rest = _both(tokens)
    while rest and rest[0] == "||":
        other, rest = _both(rest[1:])
        value = value or other
    return value, rest


def _both(tokens: list[str]) -> tuple[bool, list[str]]:
    value, rest = _term(tokens)
    while rest and rest[0] == "&&":
        other, rest = _term(rest[1:])
        value = value and other
    return value, rest


def _term(tokens: list[str]) -> tuple[bool, list[str]]:
    if not tokens:
        return True, []
    first, rest = tokens[0], tokens[1:]
    if first == "!":
        value, rest = _term(rest)
        return not value, rest
    if first == "(":
        value, rest = _either(rest)
        return value, rest[1:]
    return first in _TAGS, rest
