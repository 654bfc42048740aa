"""Run over many packages: in this process, or on all cores when it is worth the start of others."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from caulk.batch.discover import Found
from caulk.config.settings import Settings
from caulk.engine.analyze import Analysis, AnalysisError
from caulk.engine.workspace import Workspace
from caulk.syntax.source import SourceFile

Work: TypeAlias = tuple[Settings, str, Sequence[str]]
"""One package: its settings, its directory, the files of it that are wanted."""

PARALLEL_FROM = 200
"""Files; below, other processes cost more than they save."""


@dataclass(slots=True)
class Report:
    """All results of a run, by file path (absolute)."""

    analyses: dict[str, Analysis] = field(default_factory=dict)
    errors: list[AnalysisError] = field(default_factory=list)
    lines: int = 0


def run(
    found: Found,
    settings_of: Callable[[str], Settings],
    *,
    jobs: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Analyse what was found. ``settings_of`` gives the settings of a directory; ``progress`` hears of finished files."""
    report = Report(errors=list(found.errors))
    directories = sorted(found.packages)
    work: list[Work] = [(settings_of(directory), directory, found.packages[directory]) for directory in directories]
    workers = jobs or os.cpu_count() or 1
    several = workers > 1 and (found.count >= PARALLEL_FROM or jobs > 1)
    batches = _parallel(work, workers) if several else map(_analyze, work)
    for lines, results in batches:
        progress(len(results))
        report.lines += lines
        for path, analysis in results.items():
            report.errors += analysis.errors
            report.analyses[path] = analysis
    report.analyses = dict(sorted(report.analyses.items()))
    return report


_workspaces: dict[str, Workspace] = {}
"""One workspace for all directories with the same settings: what they import is read once."""


def _workspace(settings: Settings) -> Workspace:
    key = repr(settings)
    if key not in _workspaces:
        _workspaces[key] = Workspace(settings)
    return _workspaces[key]


def _analyze(work: Work) -> tuple[int, Mapping[str, Analysis]]:
    """The number of lines, and the results; the text of a file that nothing was found in stays behind."""
    settings, directory, files = work
    results = _workspace(settings).analyze(directory, files)
    lines = sum(analysis.source.data.count(b"\n") for analysis in results.values())
    return lines, {
        path: analysis if analysis.findings else replace(analysis, source=SourceFile(path, b""))
        for path, analysis in results.items()
    }


def _parallel(work: list[Work], workers: int) -> Iterator[tuple[int, Mapping[str, Analysis]]]:
    """The same on several processes. The largest packages start first, so that none is left alone at the end."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    gc.freeze()  # what is loaded by now is shared with the children, not copied
    ordered = sorted(work, key=lambda item: -len(item[2]))
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        yield from pool.map(_analyze, ordered, chunksize=1)
