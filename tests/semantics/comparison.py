"""What the light inference says of every call, held against what go/types says."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caulk.ir import nodes as ir
from caulk.ir.lower import lower_function
from caulk.ir.visit import expressions
from caulk.semantics.model import (
    ANY,
    Array,
    Basic,
    Callee,
    CalleeKind,
    Chan,
    Interface,
    Map,
    Named,
    Pointer,
    Signature,
    Slice,
    Struct,
    Tuple,
    Type,
    TypeParameter,
)
from caulk.semantics.packages import Package, PackageFile, declarations
from caulk.semantics.typer import Typer
from caulk.semantics.types import default_type
from caulk.semantics.world import World
from caulk.syntax.split import split

Truth = dict[str, dict[int, dict[str, Any]]]
"""File to offset of the opening parenthesis to record."""


def build_dumper(go: str, work: Path) -> Path:
    """Build the program that asks go/types. ``go`` is the go command."""
    binary = work / "gotypes"
    env = {**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
    program = Path(__file__).parent / "gotypes"
    subprocess.run([go, "build", "-o", str(binary), "."], cwd=program, env=env, check=True, timeout=300)
    return binary


def dump(
    dumper: Path, goroot: str, packages: Iterable[str], vendor: Path | None = None, *, tests: bool = False
) -> Truth:
    """What go/types knows of packages of the standard library, or below ``vendor``."""
    options = ["-tests"] if tests else []
    options += ["-vendor", str(vendor)] if vendor is not None else []
    env = {**os.environ, "GOROOT": goroot}
    command = [str(dumper), *options, *packages]
    found = subprocess.run(command, env=env, check=True, capture_output=True, timeout=300)
    truth: Truth = defaultdict(dict)
    for line in found.stdout.splitlines():
        record = json.loads(line)
        calls = truth[record["file"]]
        if record["paren"] >= 0:
            calls[record["paren"]] = record
    return truth


@dataclass
class Tally:
    """Calls by verdict, and examples of those that are not right."""

    callees: Counter[str] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    releasable: Counter[str] = field(default_factory=Counter)
    """Verdicts on the results of calls that give something releasable."""
    of_std: Counter[str] = field(default_factory=Counter)
    """Verdicts on the callees that the standard library declares."""
    examples: list[tuple[str, dict[str, Any], str, str]] = field(default_factory=list)

    def share(self, verdict: str, counts: Counter[str]) -> float:
        """Per cent of all calls."""
        return 100 * counts[verdict] / max(1, sum(counts.values()))

    def add(self, other: Tally) -> None:
        """Count what another comparison has found."""
        self.callees.update(other.callees)
        self.results.update(other.results)
        self.releasable.update(other.releasable)
        self.of_std.update(other.of_std)
        self.examples += other.examples

    def report(self) -> str:
        """The shares, and the first calls that are not right."""
        lines = [str(self)]
        for verdict, record, kind, got in self.examples[:30]:
            place = f"{record['file']}:{record['line']}"
            lines.append(f"{verdict}: {place}: {record['kind']} {record['name']} {record['results']}, but {kind} {got}")
        return "\n".join(lines)

    def __str__(self) -> str:
        parts = [f"{sum(self.callees.values())} calls"]
        for name, counts in (
            ("callee", self.callees),
            ("results", self.results),
            ("releasable", self.releasable),
        ):
            shares = (
                f"{verdict} {self.share(verdict, counts):.3f}" for verdict in ("right", "wrong", "unknown", "missing")
            )
            parts.append(f"{name}: " + ", ".join(shares))
        return " · ".join(parts)


def compare(world: World, truth: Truth) -> Tally:
    """Type every call of the files of ``truth``, package by package, as the engine does."""
    tally = Tally()
    groups: dict[tuple[str, str], dict[str, bytes]] = defaultdict(dict)
    for file in sorted(truth):
        data = Path(file).read_bytes()
        groups[os.path.dirname(file), declarations(data).package][file] = data
    for (directory, _), texts in groups.items():
        package = world.package_of(directory, texts.items())
        for unit, (file, data) in zip(package.files, texts.items(), strict=True):
            _compare_file(world, package, unit, data, dict(truth[file]), tally)
    return tally


def _compare_file(
    world: World, package: Package, unit: PackageFile, data: bytes, expected: dict[int, dict[str, Any]], tally: Tally
) -> None:
    for chunk in split(data).functions:
        inside = {paren for paren in expected if chunk.start <= paren < chunk.end}
        function = lower_function(data[chunk.start : chunk.end])
        if function is None or function.body is None:
            continue
        typer = Typer(world, package, unit, function)
        for expr in expressions(function.body, literals=True):
            if isinstance(expr, ir.Call) and expr.lparen + chunk.start in inside:
                paren = expr.lparen + chunk.start
                inside.discard(paren)
                _judge(typer, expr, expected[paren], tally)
        for paren in inside:
            if expected[paren]["kind"] != "bad":
                tally.callees["missing"] += 1
                tally.results["missing"] += 1
                tally.examples.append(("missing", expected[paren], "", ""))


def _judge(typer: Typer, call: ir.Call, record: dict[str, Any], tally: Tally) -> None:
    if record["kind"] == "bad" or any("?" in text for text in record["results"]):
        return
    callee = typer.callee(call)
    verdict = _callee_verdict(callee, record)
    tally.callees[verdict] += 1
    if record["kind"] in ("function", "method") and _is_std(record["declared"]):
        tally.of_std[verdict] += 1
    if verdict != "right":
        tally.examples.append(
            (f"callee {verdict}", record, callee.kind.name, f"{callee.name} ({callee.declared_name})")
        )
    type_ = typer.type_of(call)
    shown = [_shown(part) for part in (type_.items if isinstance(type_, Tuple) else (type_,))]
    if shown == [_plain(text) for text in record["results"]]:
        verdict = "right"
    else:
        verdict = "unknown" if any("?" in text for text in shown) else "wrong"
    tally.results[verdict] += 1
    if record["releasable"]:
        tally.releasable[verdict] += 1
    if verdict == "right":
        return
    tally.examples.append((f"results {verdict}", record, callee.kind.name, str(shown)))


def _is_std(name: str) -> bool:
    """Whether a qualified name belongs to the standard library: no dot in the first element of its path."""
    first, slash, _ = name.partition("/")
    return "." not in first if slash else "." in name


def _callee_verdict(callee: Callee, record: dict[str, Any]) -> str:
    wanted = record["kind"]
    if callee.kind is CalleeKind.UNKNOWN:
        return "unknown"
    if wanted in ("value", "literal"):
        held = callee.kind in (CalleeKind.VALUE, CalleeKind.LITERAL)
        return "wrong" if not held else "right" if callee.signature is not None else "unknown"
    if callee.signature is None and callee.kind in (CalleeKind.VALUE, CalleeKind.FUNCTION, CalleeKind.METHOD):
        return "unknown"  # at most a name that a contract may match
    if wanted != callee.kind.value:
        return "wrong"
    if wanted == "builtin":
        return "right" if callee.name == record["name"] else "wrong"
    if wanted == "conversion":
        return "right"
    name, declared = _plain(record["name"]), _plain(record["declared"])
    return "right" if (callee.name, callee.declared_name) == (name, declared) else "wrong"


def _plain(path: str) -> str:
    """Without the vendor prefix of the standard library."""
    return path.replace("vendor/golang.org", "golang.org")


def _shown(type_: Type | None, depth: int = 0) -> str:
    if type_ is None or depth > 12:
        return "?"
    down = depth + 1
    match type_:
        case Basic():
            plain = default_type(type_)
            return plain.name if isinstance(plain, Basic) else "?"
        case Named() if type_ == ANY:
            return "interface"
        case Named(args=args):
            shown = "[" + ",".join(_shown(arg, down) for arg in args) + "]" if args else ""
            return type_.qualified + shown
        case Pointer(elem=elem):
            return "*" + _shown(elem, down)
        case Slice(elem=elem):
            return "[]" + _shown(elem, down)
        case Array(elem=elem):
            return "[N]" + _shown(elem, down)
        case Map(key=key, value=value):
            return f"map[{_shown(key, down)}]{_shown(value, down)}"
        case Chan(elem=elem, direction=direction):
            return f"{direction.value} {_shown(elem, down)}"
        case Signature(params=params, results=results):
            inside = ",".join(_shown(part, down) for part in params)
            return f"func({inside})({','.join(_shown(part, down) for part in results)})"
        case Struct():
            return "struct"
        case Interface():
            return "interface"
        case TypeParameter(name=name):
            return f"${name}"
        case _:
            return "?"
