"""The light inference held against go/types, call by call, on real packages and on a collection of traps."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from caulk.semantics.sources import Sources, find_sources
from caulk.semantics.world import World
from semantics.comparison import Tally, Truth, build_dumper, compare, dump

pytestmark = pytest.mark.go

HERE = Path(__file__).parent
GO = Path(sys.executable).parent / "go"

STD = [
    "bufio",
    "bytes",
    "compress/gzip",
    "context",
    "crypto/tls",
    "database/sql",
    "encoding/json",
    "encoding/xml",
    "html/template",
    "io",
    "log/slog",
    "maps",
    "mime/multipart",
    "net",
    "net/http",
    "net/url",
    "os",
    "os/exec",
    "regexp",
    "slices",
    "strings",
    "sync",
    "testing",
    "text/template",
    "time",
]
STD_WITH_TESTS = ["archive/zip", "database/sql", "io", "iter", "os/exec", "sync"]
MODULES = [
    "github.com/gin-gonic/gin",
    "github.com/jackc/pgx/v5",
    "github.com/jmoiron/sqlx",
    "github.com/nats-io/nats.go",
    "github.com/prometheus/client_golang",
    "github.com/redis/go-redis/v9",
    "github.com/segmentio/kafka-go",
    "github.com/spf13/cobra",
    "go.uber.org/zap",
    "gorm.io/gorm",
]


def go(*args: str, cwd: Path = HERE) -> str:
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    found = subprocess.run([str(GO), *args], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.fixture(scope="module")
def goroot() -> str:
    return go("env", "GOROOT").strip()


@pytest.fixture(scope="module")
def dumper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_dumper(str(GO), tmp_path_factory.mktemp("gotypes"))


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pinned modules with all that they import."""
    corpus = tmp_path_factory.mktemp("corpus")
    for name in ("go.mod", "go.sum", "corpus.go"):
        (corpus / name).write_bytes((HERE / "gotypes" / "corpus" / name).read_bytes())
    go("mod", "vendor", cwd=corpus)
    return corpus / "vendor"


@pytest.fixture(scope="module")
def module_calls(dumper: Path, goroot: str, vendor: Path) -> Truth:
    listed = go("list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./...", cwd=vendor.parent).split()
    packages = [path for path in listed if _belongs(path, MODULES)]
    return dump(dumper, goroot, packages, vendor)


def _belongs(path: str, modules: Sequence[str]) -> bool:
    return any(path == module or path.startswith(module + "/") for module in modules)


class Reach:
    """Lists directories, but of a vendor directory only one module (none for the empty path)."""

    def __init__(self, vendor: Path, module: str = "") -> None:
        self._vendor = f"{vendor}/"
        self._module = module

    def __call__(self, directory: str) -> list[str]:
        inside = directory.startswith(self._vendor)
        if inside and not (self._module and _belongs(directory[len(self._vendor) :], [self._module])):
            raise OSError(directory)
        return os.listdir(directory)


def assert_right(tally: Tally, *, callees: float, wrong: float) -> None:
    """At least ``callees`` and at most ``wrong`` per cent of all calls; nothing wrong where something can be released."""
    print(tally)
    assert tally.share("right", tally.callees) >= callees, tally.report()
    assert tally.share("wrong", tally.callees) <= wrong, tally.report()
    assert tally.share("wrong", tally.results) <= wrong, tally.report()
    assert not tally.releasable["wrong"], tally.report()


def test_the_standard_library(dumper: Path, goroot: str) -> None:
    tally = compare(World(sources=Sources("", goroot)), dump(dumper, goroot, STD))
    tally.add(compare(World(sources=Sources("", goroot)), dump(dumper, goroot, STD_WITH_TESTS, tests=True)))
    assert sum(tally.callees.values()) > 25_000
    assert_right(tally, callees=99.95, wrong=0.005)


@pytest.mark.modules
def test_modules_with_all_sources(module_calls: Truth, goroot: str, vendor: Path) -> None:
    """Third-party packages come from the module cache, at the versions of go.mod."""
    world = World(sources=Sources(find_sources().module_cache, goroot), list_directory=Reach(vendor))
    tally = compare(world, module_calls)
    assert sum(tally.callees.values()) > 40_000
    assert_right(tally, callees=99.95, wrong=0.005)


@pytest.mark.modules
def test_modules_without_third_party_sources_and_without_go(module_calls: Truth, vendor: Path) -> None:
    """Only each module itself and what is shipped."""
    tally = Tally()
    of_std: Counter[str] = Counter()
    for module in MODULES:
        own = {file: calls for file, calls in module_calls.items() if _belongs(file[len(str(vendor)) + 1 :], [module])}
        part = compare(World(list_directory=Reach(vendor, module)), own)
        tally.add(part)
        of_std.update(part.of_std)
    assert_right(tally, callees=97, wrong=0.02)
    print("callees of the standard library:", dict(of_std))
    assert sum(of_std.values()) > 8_000
    assert tally.share("right", of_std) >= 99.8


def test_traps(dumper: Path, goroot: str) -> None:
    truth = dump(dumper, goroot, ["traps", "traps/dep", "traps/odd-path"], HERE, tests=True)
    tally = compare(World(sources=Sources("", goroot)), truth)
    assert sum(tally.callees.values()) > 240
    assert tally.callees.keys() == {"right"} and tally.results.keys() == {"right"}, tally.report()


def test_a_wrong_answer_is_noticed(dumper: Path, goroot: str) -> None:
    truth = dump(dumper, goroot, ["database/sql"])
    corrupted = [record for calls in truth.values() for record in calls.values() if record["kind"] == "method"][::20]
    for record in corrupted:
        record["name"] += "x"
        record["results"] = ["*os.File"]
    tally = compare(World(sources=Sources("", goroot)), truth)
    assert tally.callees["wrong"] == tally.results["wrong"] == len(corrupted) > 20
