"""``caulk fix``."""

from __future__ import annotations

import difflib
import os
from collections import Counter

import click

from caulk.batch.discover import Found
from caulk.batch.runner import run
from caulk.batch.write import create, write_atomically
from caulk.cli.common import Chosen, codes, find, progress, usage_errors
from caulk.cli.main import ExitCode
from caulk.engine.workspace import Workspace
from caulk.reports.model import error_lines, relative
from caulk_codefixes.loop import FixResult, fix_file


def run_fix(
    paths: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    config: str | None,
    no_config: bool,
    jobs: int,
    color: str,
    diff: bool,
    unsafe_fixes: bool,
) -> ExitCode:
    """Fix every file that has findings; each is written whole, or not at all."""
    chosen = Chosen(codes(select), codes(ignore), config, no_config)
    found = find(paths, chosen)
    with usage_errors(), progress(found.count, "Checking") as advance:
        report = run(found, chosen.settings_of, jobs=jobs, progress=advance)
    fixer = _Fixer(chosen, diff, unsafe_fixes)
    with usage_errors():
        for path, analysis in report.analyses.items():
            if analysis.findings:
                fixer.fix(path)
    for line in error_lines(report.errors):
        click.echo(line, err=True)
    fixer.summarize(found)
    if fixer.failed or any(error.internal or not error.is_syntax for error in report.errors):
        return ExitCode.ERROR
    return ExitCode.FINDINGS if diff and fixer.changed else ExitCode.OK


class _Fixer:
    def __init__(self, chosen: Chosen, diff: bool, unsafe: bool) -> None:
        self._chosen = chosen
        self._diff = diff
        self._unsafe = unsafe
        self._workspaces: dict[str, Workspace] = {}
        self._fixed: Counter[str] = Counter()
        self._remaining = 0
        self.changed = 0
        self.failed = False

    def fix(self, path: str) -> None:
        settings = self._chosen.settings_of(os.path.dirname(path))
        workspace = self._workspaces.setdefault(repr(settings), Workspace(settings))
        try:
            result = fix_file(workspace, path, unsafe=self._unsafe)
        except OSError as error:
            self._fail(path, f"cannot be read: {error.strerror}")
            return
        for code, fix, why in result.dropped:
            click.echo(f"{relative(path)}: {fix.id} for {code} was taken back: {why}", err=True)
        if result.error:
            self._fail(path, f"internal error: {result.error}")
        if result.changed:
            self._put(result)
        self._remaining += len(result.remaining)

    def _fail(self, path: str, message: str) -> None:
        self.failed = True
        click.echo(f"{relative(path)}: {message}", err=True)

    def _put(self, result: FixResult) -> None:
        self.changed += 1
        self._fixed.update(code for code, _ in result.applied)
        if self._diff:
            self._print_diff(result.path, result.before, result.after)
            for new in result.new_files:
                path = os.path.join(os.path.dirname(result.path), new.name)
                if not os.path.exists(path):
                    self._print_diff(path, b"", new.text)
            return
        try:
            for new in result.new_files:
                create(os.path.join(os.path.dirname(result.path), new.name), new.text)
            write_atomically(result.path, result.after)
        except OSError as error:
            self._fail(result.path, f"cannot be written: {error.strerror}")

    @staticmethod
    def _print_diff(path: str, before: bytes, after: bytes) -> None:
        name = relative(path)
        old = before.decode("utf-8", "surrogateescape").splitlines(keepends=True)
        new = after.decode("utf-8", "surrogateescape").splitlines(keepends=True)
        for line in difflib.unified_diff(old, new, f"a/{name}" if before else "/dev/null", f"b/{name}"):
            text = line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            click.echo(text.encode("utf-8", "surrogateescape"), nl=False)

    def summarize(self, found: Found) -> None:
        total = sum(self._fixed.values())
        word = "Would fix" if self._diff else "Fixed"
        details = ", ".join(f"{count} {code}" for code, count in sorted(self._fixed.items()))
        files = f"{self.changed} file{'s' if self.changed != 1 else ''}"
        line = f"{word} {total} finding{'s' if total != 1 else ''} in {files}" + (f" ({details})" if details else "")
        click.echo(f"{line}; {self._remaining} left.", err=self._diff)
