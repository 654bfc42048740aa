"""Run caulk over one module as a user would, and measure it. Results are remembered outside the repository."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cattrs

from benchmarks.precision.ledger import Found, Key
from benchmarks.precision.modules import Pin
from caulk.syntax.source import SourceFile
from caulk.syntax.split import split

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "caulk" / "precision"
_NAME = re.compile(rb"func\s*(?:\(\s*(?:\w+\s+)?\*?\s*(?P<receiver>\w+)[^)]*\)\s*)?(?P<name>\w+)")


@dataclass(frozen=True, slots=True)
class Cost:
    """What looking at a module took: seconds, and bytes of the largest process."""

    lines: int
    wall: float
    cpu: float
    parse_cpu: float
    """Of parsing the same files once, on one core."""
    peak: int


@dataclass(frozen=True, slots=True)
class Result:
    """What caulk said about one module."""

    found: tuple[Found, ...]
    errors: tuple[str, ...]
    """Only faults of caulk."""
    cost: Cost


@cache
def revision() -> str:
    """A name for the state of caulk that runs here: a digest of its sources and data."""
    digest = hashlib.sha256()
    for package in ("server/caulk", "codefixes/caulk_codefixes"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in (".py", ".toml", ".zip"):
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def run(pin: Pin, directory: Path, *, jobs: int, fresh: bool = False) -> Result:
    """The result for a module, from an earlier run of the same caulk when there is one and not ``fresh``.

    Raises subprocess.CalledProcessError when caulk itself fails."""
    stored = _stored(pin) / f"{revision()}.json"
    if stored.exists() and not fresh:
        return cattrs.structure(json.loads(stored.read_text()), Result)
    result = _run(pin, directory, jobs)
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_text(json.dumps(cattrs.unstructure(result), indent=1))
    return result


def newest(pin: Pin, *, of_others: bool = False) -> Result | None:
    """The last result for a module that is remembered, of whatever caulk, or only ``of_others`` than this one."""
    stored = [path for path in _stored(pin).glob("*.json") if not (of_others and path.stem == revision())]
    if not stored:
        return None
    return cattrs.structure(json.loads(max(stored, key=lambda path: path.stat().st_mtime).read_text()), Result)


def _stored(pin: Pin) -> Path:
    return CACHE / pin.query.replace("/", "_")


def _run(pin: Pin, directory: Path, jobs: int) -> Result:
    check = ["caulk.cli.main", "check", ".", "--no-config", "--format", "json", "--fail-on", "never"]
    report, wall, cpu, peak = _measured([*check, "--jobs", str(jobs)], directory)
    parsed, _, _, _ = _measured(["benchmarks.precision.parse", "."], directory)
    keep = [finding for finding in report["findings"] if not finding["path"].endswith("_test.go")]
    errors = tuple(f"{error['path']}: {error['message']}" for error in report["errors"] if error["internal"])
    cost = Cost(parsed["lines"], wall, cpu, parsed["cpu"], peak)
    return Result(tuple(_named(pin, directory, keep)), errors, cost)


def _measured(module_and_arguments: list[str], directory: Path) -> tuple[Any, float, float, int]:
    """The JSON that a Python module prints, its seconds, its CPU seconds, and the bytes of its largest process."""
    command = [sys.executable, "-m", *module_and_arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=directory, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if not output.startswith(b"{"):
        raise subprocess.CalledProcessError(process.returncode, command)
    return json.loads(output), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10


def _named(pin: Pin, directory: Path, findings: Iterable[dict[str, Any]]) -> Iterator[Found]:
    """Findings with the keys that survive moved lines; equal ones of a function are numbered."""
    sources: dict[str, SourceFile] = {}
    seen: Counter[Key] = Counter()
    for finding in findings:
        path = finding["path"]
        source = sources.setdefault(path, SourceFile(path, (directory / path).read_bytes()))
        offset = source.lines.start(finding["line"] - 1)
        text = " ".join(source.text(offset, source.lines.end(finding["line"] - 1)).split())
        key = Key(pin.path, path, function_at(source.data, offset), finding["rule"], text)
        seen[key] += 1
        steps = tuple(f"{step['path']}:{step['line']}: {step['message']}" for step in finding["related"])
        yield Found(key.numbered(seen[key]), finding["tier"], finding["line"], finding["message"], steps)


def function_at(data: bytes, offset: int) -> str:
    """The top-level function at an offset: ``Open``, ``Client.Do``; empty outside of functions."""
    for chunk in split(data).functions:
        if chunk.start <= offset < chunk.end:
            match = _NAME.match(data, chunk.start)
            if match is None:
                return ""
            return b".".join(part for part in (match["receiver"], match["name"]) if part).decode()
    return ""


def lines_of_function(data: bytes, line: int) -> tuple[int, int]:
    """The first and last line (1-based) of the top-level function around a line; some lines around it outside of functions."""
    for chunk in split(data).functions:
        first, last = data.count(b"\n", 0, chunk.start) + 1, data.count(b"\n", 0, chunk.end) + 1
        if first <= line <= last:
            return first, last
    return max(line - 3, 1), min(line + 3, data.count(b"\n"))
