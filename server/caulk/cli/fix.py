"""``caulk fix``."""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import click

from caulk.batch.mend import mend
from caulk.batch.runner import Report, run
from caulk.batch.verify import GoMissing, find_go, verify
from caulk.batch.write import create, write_atomically
from caulk.cli.common import Chosen, UsageError, codes, find, painter, progress, usage_errors
from caulk.cli.exit_code import ExitCode
from caulk.reports.model import error_lines, relative
from caulk.reports.text import counted
from caulk_codefixes.codefix import NewFile
from caulk_codefixes.loop import FixResult

_COLORS = {"+": "green", "-": "red", "@": "cyan"}


def run_fix(
    paths: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    config: str | None,
    no_config: bool,
    module_cache: str,
    goroot: str,
    jobs: int,
    color: str,
    diff: bool,
    unsafe_fixes: bool,
    verify: bool,
) -> ExitCode:
    """Fix every file that has findings; each is written whole, or not at all."""
    go = _go_command() if verify else ""
    chosen = Chosen(codes(select), codes(ignore), config, no_config, module_cache, goroot)
    found = find(paths, chosen)
    with usage_errors(), progress(found.count, "Fixing") as advance:
        task = partial(mend, unsafe=unsafe_fixes)
        report = run(found, chosen.settings_of, task=task, jobs=jobs, progress=advance)
    for line in error_lines(report.errors):
        click.echo(line, err=True)
    summary = _Summary(_Differ(painter(color)) if diff else None)
    if verify:
        summary.take_back_broken(go, report)
    for result in report.fixed.values():
        summary.add(result)
    summary.show()
    if summary.failed or report.failed:
        return ExitCode.ERROR
    return ExitCode.FINDINGS if diff and summary.changed else ExitCode.OK


def _go_command() -> str:
    try:
        return find_go()
    except GoMissing:
        raise UsageError("--verify builds what was fixed with Go, and there is no `go` command in the PATH") from None


class _Summary:
    """Writes or shows the results, and counts."""

    def __init__(self, differ: _Differ | None) -> None:
        self._differ = differ
        self._fixed: Counter[str] = Counter()
        self._dropped = 0
        self._remaining = 0
        self._unsafe_left = 0
        self.changed = 0
        self.failed = False

    def take_back_broken(self, go: str, report: Report) -> None:
        """Files that would not compile any more stay as they are."""
        verdict = verify(go, [result for result in report.fixed.values() if result.changed])
        for path, why in verdict.unknown.items():
            click.echo(f"{relative(path)}: not verified: {why}", err=True)
        for path, why in verdict.broken.items():
            result = report.fixed[path]
            click.echo(f"{relative(path)}: left as it was, it would not compile: {why}", err=True)
            self._dropped += len(result.applied)
            self._remaining += len(result.applied)
            result.after, result.applied, result.new_files = result.before, [], ()

    def add(self, result: FixResult) -> None:
        for code, fix, why in result.dropped:
            click.echo(f"{relative(result.path)}: {fix.id} for {code} was taken back: {why}", err=True)
        if result.error:
            self._fail(result.path, f"internal error: {result.error}")
        if result.changed:
            self._put(result)
        self._dropped += len(result.dropped)
        self._remaining += len(result.remaining)
        self._unsafe_left += result.unsafe_left

    def _fail(self, path: str, message: str) -> None:
        self.failed = True
        click.echo(f"{relative(path)}: {message}", err=True)

    def _put(self, result: FixResult) -> None:
        if self._differ is not None:
            self._differ.show(result)
        else:
            try:
                _write(result)
            except OSError as error:
                self._fail(result.path, f"cannot be written: {error.strerror}")
                return
            for code, fix in result.applied:
                click.echo(f"{relative(result.path)}: {code}: {fix.title}")
        self.changed += 1
        self._fixed.update(code for code, _ in result.applied)

    def show(self) -> None:
        word = "Would fix" if self._differ is not None else "Fixed"
        details = ", ".join(f"{count} {code}" for code, count in sorted(self._fixed.items()))
        line = f"{word} {counted(self._fixed.total(), 'finding')} in {counted(self.changed, 'file')}"
        line += f" ({details})" if details else ""
        line += f"; {self._remaining} left"
        line += f", {self._unsafe_left} of them for --unsafe-fixes" if self._unsafe_left else ""
        line += f"; {counted(self._dropped, 'edit')} taken back" if self._dropped else ""
        click.echo(f"{line}.", err=self._differ is not None)


def _beside(result: FixResult, new: NewFile) -> str:
    return os.path.join(os.path.dirname(result.path), new.name)


def _write(result: FixResult) -> None:
    """New files first, so that there is no moment at which the fixed file lacks them."""
    created = [path for new in result.new_files if create(path := _beside(result, new), new.text)]
    try:
        write_atomically(result.path, result.before, result.after)
    except OSError:
        for path in created:
            os.unlink(path)
        raise


class _Differ:
    """Prints what would change as a unified diff that ``patch -p1`` takes."""

    def __init__(self, paint: Callable[[str, str], str]) -> None:
        self._paint = paint
        self._shown: set[str] = set()
        """New files: several fixes may want the same one."""

    def show(self, result: FixResult) -> None:
        for line in _diff(relative(result.path), result.before, result.after):
            self._print(line)
        for new in result.new_files:
            path = _beside(result, new)
            if path not in self._shown and not os.path.lexists(path):
                self._shown.add(path)
                for line in _diff(relative(path), None, new.text):
                    self._print(line)

    def _print(self, line: str) -> None:
        style = "bold" if line.startswith(("--- ", "+++ ")) else _COLORS.get(line[0])
        text, end = line.removesuffix("\n"), "\n" if line.endswith("\n") else "\n\\ No newline at end of file\n"
        painted = self._paint(text, style) if style else text
        click.echo((painted + end).encode("utf-8", "surrogateescape"), nl=False)


def _diff(name: str, before: bytes | None, after: bytes) -> Iterator[str]:
    old_name = f"a/{name}" if before is not None else "/dev/null"
    return difflib.unified_diff(_lines(before or b""), _lines(after), old_name, f"b/{name}")


def _lines(data: bytes) -> list[str]:
    """The lines with their ends: nothing but a newline ends one (unlike in ``str.splitlines``)."""
    *whole, last = data.decode("utf-8", "surrogateescape").split("\n")
    return [line + "\n" for line in whole] + ([last] if last else [])
