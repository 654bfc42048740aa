"""What an analysis costs beside the parse of the same files: ``python -m benchmarks.pipeline PATH…``, a row a path.

Everything is measured in fresh processes, so that nothing is warm. *Parse* is ``Parser.parse`` over the bytes of each file;
*pipeline* is discovery and analysis with all rules in one process; lines per second are those of ``caulk check`` on two.
Times of a busy machine are long, the ratio stays.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVar

import tree_sitter
import tree_sitter_go

from caulk.batch.discover import discover
from caulk.batch.runner import run
from caulk.config.settings import Settings

WORKERS = 2
ALL_RULES = Settings(select=("ALL",))
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one stage. ``peak`` is in bytes: this process, and as much as the largest worker for each worker."""

    lines: int
    cpu: float
    wall: float
    peak: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """All stages over one path. ``cpu`` of several processes is not measured: ``parallel`` is there for its wall clock."""

    path: str
    parse: float
    """Seconds of CPU."""
    pipeline: Cost
    parallel: Cost

    @property
    def ratio(self) -> float:
        """How often the files could have been parsed in the time."""
        return self.pipeline.cpu / self.parse if self.parse else 0.0

    @property
    def lines_per_second(self) -> float:
        return self.parallel.lines / self.parallel.wall if self.parallel.wall else 0.0


def measure(path: str) -> Measurement:
    """Measure a file or directory. Takes as long as four analyses."""
    first = _alone(parse, path)
    pipeline = _alone(analyse, path, 1)
    parallel = _alone(analyse, path, WORKERS)
    return Measurement(path, (first + _alone(parse, path)) / 2, pipeline, parallel)


def parse(path: str) -> float:
    """The CPU seconds of parsing all files below a path."""
    texts: list[bytes] = []
    for files in discover([path]).packages.values():
        for name in files:
            with open(name, "rb") as file:
                texts.append(file.read())
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_go.language()))
    started = time.process_time()
    for text in texts:
        parser.parse(text)
    return time.process_time() - started


def analyse(path: str, jobs: int) -> Cost:
    """Discover and analyse with all rules, without any cache of an earlier run."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        cpu, wall = time.process_time(), time.perf_counter()
        report = run(discover([path]), lambda _: ALL_RULES, jobs=jobs)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    workers = jobs if jobs > 1 else 0
    peak = _peak(resource.RUSAGE_SELF) + workers * _peak(resource.RUSAGE_CHILDREN)
    return Cost(report.lines, cpu, wall, peak)


def _peak(who: int) -> int:
    """Bytes; the kernel counts in KiB, that of macOS in bytes."""
    return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _alone(stage: Callable[..., _T], *args: object) -> _T:
    """Run a stage in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(stage, *args).result()


def main(paths: list[str]) -> int:
    """Print the table. The exit code is 2 without a path."""
    if not paths:
        print(__doc__, file=sys.stderr)
        return 2
    print(f"{'path':40} {'lines':>9} {'parse s':>8} {'pipeline s':>10} {'ratio':>6} {'lines/s':>9} {'peak MB':>8}")
    for path in paths:
        found = measure(path)
        shown = os.path.basename(os.path.normpath(path))[-40:]
        print(
            f"{shown:40} {found.pipeline.lines:9} {found.parse:8.2f} {found.pipeline.cpu:10.2f} {found.ratio:6.2f}"
            f" {found.lines_per_second:9.0f} {max(found.pipeline.peak, found.parallel.peak) / 1e6:8.0f}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
