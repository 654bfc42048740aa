"""Where the declarations of other modules and of Go itself are found on this machine, without running ``go``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from caulk.semantics.gomod import Read, version

AUTO, OFF = "auto", "off"
"""What ``goroot`` and ``module-cache`` of the settings may say beside a directory."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where declarations may come from, beside the module itself, its workspace and the shipped signatures.

    Both may be empty: then a type of such a package is unknown, unless its signatures are shipped."""

    module_cache: str = ""
    """GOMODCACHE."""
    goroot: str = ""


def find_sources(module_cache: str = AUTO, goroot: str = AUTO, environment: Mapping[str, str] | None = None) -> Sources:
    """What there is: ``auto`` looks where the go command would, ``off`` leaves a source out, all else is a directory."""
    environment = os.environ if environment is None else environment
    settings = {**_go_env_file(environment), **environment}
    cache = _module_cache(settings) if module_cache == AUTO else module_cache
    root = _goroot(settings, cache) if goroot == AUTO else goroot
    return Sources(
        cache if module_cache != OFF and os.path.isdir(cache) else "",
        root if goroot != OFF and _is_goroot(root) else "",
    )


def _go_env_file(environment: Mapping[str, str]) -> dict[str, str]:
    """What ``go env -w`` has written."""
    path = environment.get("GOENV") or os.path.join(_user_config(environment), "go", "env")
    if path == OFF:
        return {}
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, found, value in (line.partition("=") for line in lines) if found}


def _user_config(environment: Mapping[str, str]) -> str:
    if os.name == "nt":
        return environment.get("APPDATA", "")
    home = _home(environment)
    if os.path.isdir(os.path.join(home, "Library", "Application Support")):
        return os.path.join(home, "Library", "Application Support")
    return environment.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")


def _home(environment: Mapping[str, str]) -> str:
    return environment.get("USERPROFILE" if os.name == "nt" else "HOME") or os.path.expanduser("~")


def _module_cache(settings: Mapping[str, str]) -> str:
    if settings.get("GOMODCACHE"):
        return settings["GOMODCACHE"]
    gopath = settings.get("GOPATH", "").split(os.pathsep)[0] or os.path.join(_home(settings), "go")
    return os.path.join(gopath, "pkg", "mod")


def _goroot(settings: Mapping[str, str], module_cache: str) -> str:
    return next((root for root in _goroots(settings, module_cache) if _is_goroot(root)), "")


def _goroots(settings: Mapping[str, str], module_cache: str) -> Iterator[str]:
    """The places in the order in which they are tried."""
    if settings.get("GOROOT"):
        yield settings["GOROOT"]
    found = shutil.which("go", path=settings.get("PATH", ""))
    if found is not None:
        yield os.path.dirname(os.path.dirname(os.path.realpath(found)))
    home = _home(settings)
    yield from ("/usr/local/go", "/usr/lib/go", "/usr/lib/golang", "/opt/homebrew/opt/go/libexec")
    yield from ("/usr/local/opt/go/libexec", "/snap/go/current", r"C:\Program Files\Go")
    yield from _newest(os.path.join(home, "sdk"), "go")
    yield from _newest(os.path.join(home, ".asdf", "installs", "golang"), "", "go")
    yield from _newest(os.path.join(home, ".local", "share", "mise", "installs", "go"), "")
    yield from _newest(os.path.join(module_cache, "golang.org"), "toolchain@")


def _newest(directory: str, prefix: str, *below: str) -> list[str]:
    """The entries of a directory of installations, the newest version first."""
    try:
        names = [name for name in os.listdir(directory) if name.startswith(prefix)]
    except OSError:
        return []
    return [os.path.join(directory, name, *below) for name in sorted(names, key=_numbers, reverse=True)]


def _numbers(name: str) -> list[int]:
    """``go1.26.3``: [1, 26, 3]."""
    words = "".join(letter if letter.isdigit() else " " for letter in name.partition("go")[2] or name).split()
    return [int(word) for word in words]


def _is_goroot(directory: str) -> bool:
    return bool(directory) and os.path.isfile(os.path.join(directory, "src", "builtin", "builtin.go"))


def go_version(goroot: str, read: Read) -> tuple[int, int]:
    """Major and minor version of the Go in a GOROOT; (0, 0) when it does not say."""
    try:
        return version(read(os.path.join(goroot, "VERSION")).decode("utf-8", "replace")) or (0, 0)
    except OSError:
        return (0, 0)
