"""Run over many packages: in this process, or on all cores when it is worth the start of others."""

from __future__ import annotations

import gc
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

from caulk.batch.discover import Found
from caulk.config.settings import Settings
from caulk.engine.analyze import Analysis, AnalysisError
from caulk.engine.workspace import Workspace
from caulk.semantics.contracts import ContractError
from caulk.syntax.source import SourceFile
from caulk_codefixes.loop import FixResult

Work: TypeAlias = tuple[Settings, str, Sequence[str]]
"""One package: its settings, its directory, the files of it that are wanted."""

Task: TypeAlias = Callable[[Work], "tuple[int, Report]"]
"""What is done with a package: gives the number of its files, and the results. It pickles, for other processes."""

PARALLEL_FROM = 200
"""Files; below, other processes cost more than they save."""


@dataclass(slots=True)
class Report:
    """All results of a run, by file path (absolute)."""

    analyses: dict[str, Analysis] = field(default_factory=dict)
    fixed: dict[str, FixResult] = field(default_factory=dict)
    """What became of the files, when they were to be fixed."""
    errors: list[AnalysisError] = field(default_factory=list)
    lines: int = 0
    missing: set[str] = field(default_factory=set)
    """Import paths whose declarations were wanted and nowhere to be had: types from there are unknown."""

    @property
    def failed(self) -> bool:
        """Whether something was not looked at. A syntax error alone is no such thing: the file is analysed all the same."""
        return any(not error.is_syntax for error in self.errors)


def run(
    found: Found,
    settings_of: Callable[[str], Settings],
    *,
    task: Task | None = None,
    jobs: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Analyse what was found, or do ``task`` with each package. ``settings_of`` gives the settings of a directory; ``progress`` hears of finished files.

    Raises ContractError for a user's contract that is wrong."""
    directories = sorted(found.packages)
    work: list[Work] = [(settings_of(directory), directory, found.packages[directory]) for directory in directories]
    workers = min(jobs or os.cpu_count() or 1, len(work))
    several = workers > 1 and (found.count >= PARALLEL_FROM or jobs > 1)
    report = Report(errors=list(found.errors))
    task = task or _analyze
    with rare_collections():
        for files, part in _parallel(work, workers, task) if several else map(task, work):
            report.lines += part.lines
            report.errors += part.errors
            report.analyses |= part.analyses
            report.fixed |= part.fixed
            report.missing |= part.missing
            progress(files)
    report.analyses = dict(sorted(report.analyses.items()))
    report.fixed = dict(sorted(report.fixed.items()))
    report.errors.sort(key=lambda error: error.path)
    return report


@contextmanager
def rare_collections() -> Iterator[None]:
    """A collector that keeps looking at many trees costs two thirds more time. What is left of them is frozen at the end, for a
    command is over then and a last look at all of it costs seconds."""
    before = gc.get_threshold()
    gc.freeze()  # forked processes share what is loaded by now, uncopied
    gc.set_threshold(100_000, 20, 50)
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*before)


_workspaces: dict[tuple[str, str], Workspace] = {}
MAX_WORKSPACES = 2
MAX_KEPT = 64 << 20
"""Bytes of source that a process remembers the declarations of before it starts anew; they take several times as much."""


def workspace_of(settings: Settings, directory: str) -> Workspace:
    """The workspace of this process for a directory: one for each module and its settings, so that what is imported is read
    once, and what an import path means in one module cannot change what it means in another.

    Raises ContractError for a user's contract that is wrong."""
    key = repr(settings), module_root(directory)
    if key not in _workspaces:
        if len(_workspaces) >= MAX_WORKSPACES:
            del _workspaces[next(iter(_workspaces))]
        # generated files that are not meant were not discovered
        _workspaces[key] = Workspace(settings, generated_too=True)
    elif _workspaces[key].bytes_read > MAX_KEPT:
        _workspaces[key].forget()
    return _workspaces[key]


@lru_cache(maxsize=4096)
def module_root(directory: str) -> str:
    """The nearest directory upwards with a go.mod; empty for none."""
    if os.path.exists(os.path.join(directory, "go.mod")):
        return directory
    parent = os.path.dirname(directory)
    return module_root(parent) if parent != directory else ""


def _analyze(work: Work) -> tuple[int, Report]:
    """The number of files, and the results; the text of a file that nothing was found in stays behind."""
    settings, directory, files = work
    try:
        workspace = workspace_of(settings, directory)
        results = workspace.analyze(directory, files)
    except ContractError:
        raise
    except Exception as error:
        return len(files), Report(errors=[fault(directory, error)])
    report = Report(missing=set(workspace.missing))
    for path, analysis in results.items():
        report.lines += analysis.source.data.count(b"\n")
        report.errors += analysis.errors
        report.analyses[path] = analysis if analysis.findings else replace(analysis, source=SourceFile(path, b""))
    return len(files), report


def fault(path: str, error: Exception) -> AnalysisError:
    """What is told of an exception that nobody expected: the rest of the run goes on."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    message = f"internal error: {type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})"
    return AnalysisError(path, message, internal=True)


def _parallel(work: Sequence[Work], workers: int, task: Task) -> Iterator[tuple[int, Report]]:
    """The same on several processes. The largest packages start first, so that none is left alone at the end."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_all_start_methods, get_context

    context = get_context("fork" if "fork" in get_all_start_methods() else None)
    ordered = _ordered(work)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
        futures = {pool.submit(task, item): item for item in ordered}
        try:
            for future in as_completed(futures):
                _, directory, files = futures.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    lost = AnalysisError(directory, "internal error: the process that analysed it died", internal=True)
                    yield len(files), Report(errors=[lost])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _ordered(work: Sequence[Work]) -> list[Work]:
    """Module by module, the largest first: what one package imports is at hand for the next."""
    sizes = {item[1]: _size(item) for item in work}
    modules: dict[str, int] = {}
    for _, directory, _ in work:
        root = module_root(directory)
        modules[root] = modules.get(root, 0) + sizes[directory]
    return sorted(work, key=lambda item: (-modules[module_root(item[1])], module_root(item[1]), -sizes[item[1]]))


def _size(work: Work) -> int:
    """Bytes."""
    return sum(os.path.getsize(path) for path in work[2] if os.path.exists(path))


def _start_worker() -> None:
    """An interrupt ends a worker without a word, and none outlives the process that started it."""
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
