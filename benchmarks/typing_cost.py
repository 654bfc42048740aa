"""What typing costs beside parsing: ``python -m benchmarks.typing_cost DIRECTORY…``.

Every function of every package below the directories is typed, ungated: the callee and the result of each call. Reading the
declarations of imported packages is shown apart: it is paid once a package, whatever is analysed. All times are CPU seconds of one
process in one run, so their ratio means something on a busy machine."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from caulk.ir import nodes as ir
from caulk.ir.lower import lower_function
from caulk.ir.visit import expressions
from caulk.semantics.packages import Package, PackageFile, declarations
from caulk.semantics.sources import find_sources
from caulk.semantics.typer import Typer
from caulk.semantics.world import World
from caulk.syntax.split import split
from caulk.syntax.tree import parse

WANTED = 1.5
"""Typing may cost this many times the parse."""


@dataclass
class Times:
    """CPU seconds by stage."""

    stages: dict[str, float] = field(default_factory=dict)
    lines: int = 0
    calls: int = 0

    def add(self, stage: str, work: Callable[[], object]) -> None:
        started = time.process_time()
        work()
        self.stages[stage] = self.stages.get(stage, 0.0) + time.process_time() - started


class TimedWorld(World):
    """Notes how long imported packages take to read."""

    reading = 0.0

    def _load(self, *args: Any) -> Package | None:
        started = time.process_time()
        try:
            return super()._load(*args)
        finally:
            self.reading += time.process_time() - started


@dataclass
class Loaded:
    """A package with the trees of its functions."""

    package: Package
    functions: list[tuple[PackageFile, ir.Function, list[ir.Call]]]


def main(roots: list[str]) -> int:
    """Measure and print; 1 when typing costs more than it may."""
    gc.disable()
    times = Times()
    world = TimedWorld(sources=find_sources())
    groups = [group for root in roots for group in _packages(os.path.abspath(root))]
    for texts in groups:
        times.lines += sum(data.count(b"\n") for data in texts.values())
        times.add("parse", lambda texts=texts: [parse(data) for data in texts.values()])  # type: ignore[misc]
    loaded: list[Loaded] = []
    for texts in groups:
        times.add("split and lower", lambda texts=texts: loaded.append(_load(world, texts)))  # type: ignore[misc]
    times.calls = sum(len(calls) for package in loaded for _, _, calls in package.functions)
    for package in loaded:
        times.add("typing", lambda package=package: _type(world, package))  # type: ignore[misc]
    times.stages["reading imported packages"] = world.reading
    times.stages["typing"] -= world.reading
    for package in loaded:
        times.add("typing again", lambda package=package: _type(world, package))  # type: ignore[misc]
    parse_time = times.stages["parse"]
    print(f"{times.lines} lines, {times.calls} calls, {len(groups)} packages")
    for stage, seconds in times.stages.items():
        print(
            f"{stage:36} {seconds:7.2f} s  {seconds / parse_time:5.2f} x parse  {1e6 * seconds / times.lines:6.2f} ms/1000 lines"
        )
    ratio = times.stages["typing"] / parse_time
    print(f"typing costs {ratio:.2f} x the parse; wanted: at most {WANTED}")
    return int(ratio > WANTED)


def _packages(root: str) -> Iterator[dict[str, bytes]]:
    for directory, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in ("testdata", "vendor") and name[0] not in "._")
        texts: dict[str, dict[str, bytes]] = {}
        for name in sorted(files):
            if name.endswith(".go"):
                path = os.path.join(directory, name)
                with open(path, "rb") as file:
                    data = file.read()
                texts.setdefault(declarations(data).package, {})[path] = data
        yield from texts.values()


def _load(world: World, texts: dict[str, bytes]) -> Loaded:
    package = world.package_of(os.path.dirname(next(iter(texts))), texts.items())
    functions = []
    for file, data in zip(package.files, texts.values(), strict=True):
        for chunk in split(data).functions:
            function = lower_function(data[chunk.start : chunk.end])
            if function is not None and function.body is not None:
                calls = [e for e in expressions(function.body, literals=True) if isinstance(e, ir.Call)]
                functions.append((file, function, calls))
    return Loaded(package, functions)


def _type(world: World, loaded: Loaded) -> None:
    for file, function, calls in loaded.functions:
        typer = Typer(world, loaded.package, file, function)
        for call in calls:
            typer.callee(call)
            typer.type_of(call)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
