"""``caulk check``."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterable, Iterator

import click

from caulk.batch.runner import Report, run
from caulk.cli.common import Chosen, codes, find, painter, progress, usage_errors
from caulk.cli.main import ExitCode
from caulk.config.settings import Settings
from caulk.findings.finding import Finding, Severity
from caulk.reports import json as json_report
from caulk.reports import text as text_report
from caulk.reports.model import Item, OfferedFix, error_lines, items
from caulk.semantics.gomod import Module
from caulk.syntax.source import SourceFile


def run_check(
    paths: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    config: str | None,
    no_config: bool,
    jobs: int,
    color: str,
    format_: str,
    fail_on: str,
    stats: bool,
) -> ExitCode:
    """Look, report, and say by the exit code what was found."""
    started = time.perf_counter()
    chosen = Chosen(codes(select), codes(ignore), config, no_config)
    found = find(paths, chosen)
    with usage_errors(), progress(found.count, "Checking") as advance:
        report = run(found, chosen.settings_of, jobs=jobs, progress=advance)
    listed = list(items((a for a in report.analyses.values() if a.findings), Offers(chosen).of))
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
    click.echo(text_report.summary_line(text_report.summarize(listed, files)))


def _print_stats(report: Report, files: int, seconds: float) -> None:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    peak = max(own.ru_maxrss, children.ru_maxrss) >> 10
    internal = sum(error.internal for error in report.errors)
    click.echo(
        f"{files} files, {report.lines} lines, {seconds:.2f} s, {cpu:.2f} s CPU, {peak} MiB peak, {internal} internal errors",
        err=True,
    )
    sys.stderr.flush()


def _exit_code(report: Report, fail_on: str) -> ExitCode:
    if any(error.internal or not error.is_syntax for error in report.errors):
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
        self._modules: dict[str, Module | None] = {}

    def of(self, finding: Finding, source: SourceFile) -> Iterable[OfferedFix]:
        """The repairs of a finding (the comment that silences it is not worth listing)."""
        return list(self._offered(finding, source))

    def _offered(self, finding: Finding, source: SourceFile) -> Iterator[OfferedFix]:
        from caulk_codefixes.codefix import FixSettings
        from caulk_codefixes.registry import repairs

        directory = finding.path.rpartition("/")[0]
        settings: Settings = self._chosen.settings_of(directory)
        module = self._module(directory)
        fix_settings = FixSettings(settings.defer_style, module.go) if module else FixSettings(settings.defer_style)
        for fix in repairs(finding, source, fix_settings):
            yield OfferedFix(fix.title, fix.applicability.label)

    def _module(self, directory: str) -> Module | None:
        from caulk.semantics.packages import World

        if directory not in self._modules:
            self._modules[directory] = World().module_of(directory)
        return self._modules[directory]
