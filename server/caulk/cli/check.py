"""``caulk check``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import click

from caulk.batch.runner import Report, fault, run
from caulk.cli.common import Chosen, codes, find, painter, progress, usage_errors
from caulk.cli.exit_code import ExitCode
from caulk.engine.analyze import AnalysisError
from caulk.findings.finding import Finding, Severity
from caulk.reports import json as json_report
from caulk.reports import text as text_report
from caulk.reports.model import Item, OfferedFix, error_lines, items
from caulk.semantics.world import World
from caulk.syntax.source import SourceFile
from caulk_codefixes.loop import applicability_in_bulk, fix_settings
from caulk_codefixes.registry import repairs

SHOWN_MISSING = 8
"""Import paths that ``--stats`` names."""


def run_check(
    paths: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    config: str | None,
    no_config: bool,
    module_cache: str,
    goroot: str,
    jobs: int,
    color: str,
    format_: str,
    fail_on: str,
    stats: bool,
) -> ExitCode:
    """Look, report, and say by the exit code what was found."""
    started = time.perf_counter()
    chosen = Chosen(codes(select), codes(ignore), config, no_config, module_cache, goroot)
    found = find(paths, chosen)
    with usage_errors(), progress(found.count, "Checking") as advance:
        report = run(found, chosen.settings_of, jobs=jobs, progress=advance)
    offers = Offers(chosen)
    listed = list(items((a for a in report.analyses.values() if a.findings), offers.of))
    report.errors += offers.errors
    if format_ == "json":
        click.echo(json_report.render(listed, report.errors))
    else:
        _print_text(listed, report, found.count, color)
    if stats:
        _print_stats(report, found.count, time.perf_counter() - started)
    return _exit_code(report, fail_on)


def _print_text(listed: list[Item], report: Report, files: int, color: str) -> None:
    for line in text_report.render(listed, painter(color)):
        click.echo(line)
    for line in error_lines(report.errors):
        click.echo(line, err=True)
    failed = sum(not error.is_syntax for error in report.errors)
    click.echo(text_report.summary_line(text_report.summarize(listed, files, failed)))


def _print_stats(report: Report, files: int, seconds: float) -> None:
    cpu = sum(os.times()[:4])
    internal = sum(error.internal for error in report.errors)
    click.echo(
        f"{files} files, {report.lines} lines, {seconds:.2f} s, {cpu:.2f} s CPU, {_peak()}, {internal} internal errors",
        err=True,
    )
    if report.missing:
        shown = ", ".join(sorted(report.missing)[:SHOWN_MISSING]) + (
            ", …" if len(report.missing) > SHOWN_MISSING else ""
        )
        click.echo(f"imports without sources, their types are unknown: {len(report.missing)} ({shown})", err=True)


def _peak() -> str:
    """The memory of the largest process so far."""
    try:
        import resource
    except ImportError:  # not on Windows
        return "unknown peak"
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return f"{peak >> 10} MiB peak"


def _exit_code(report: Report, fail_on: str) -> ExitCode:
    if report.failed:
        return ExitCode.ERROR
    if fail_on == "never":
        return ExitCode.OK
    threshold = Severity[fail_on.upper()]
    worst = max((f.severity for a in report.analyses.values() for f in a.findings), default=None)
    return ExitCode.FINDINGS if worst is not None and worst >= threshold else ExitCode.OK


class Offers:
    """The fixes of findings, under the settings of their directories."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self._world = World()
        self.errors: list[AnalysisError] = []

    def of(self, finding: Finding, source: SourceFile) -> Iterator[OfferedFix]:
        """The repairs of a finding (the comment that silences it is not worth listing), as safe as ``caulk fix`` sees them."""
        directory = os.path.dirname(finding.path)
        settings = self._chosen.settings_of(directory)
        module = self._world.module_of(directory)
        try:
            fixes = list(repairs(finding, source, fix_settings(settings, module)))
        except Exception as error:
            self.errors.append(fault(finding.path, error))
            return
        for fix in fixes:
            yield OfferedFix(fix.title, applicability_in_bulk(finding, fix, settings).label)
