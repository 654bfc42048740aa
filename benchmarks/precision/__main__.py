"""``python -m benchmarks.precision``: the precision of caulk on real modules, and the tools to judge its findings."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import click

from benchmarks.precision import ledger, modules, report
from benchmarks.precision.ledger import Found, Verdict
from benchmarks.precision.modules import ModuleError, Pin
from benchmarks.precision.run import Result, lines_of_function, newest, run

WHOLE = 34
"""Lines of a function up to which all of it is shown; of a longer one, these lines before and after the steps."""
BEFORE, AFTER = 4, 5
TAB = "\t"

_modules = click.option("--module", "patterns", multiple=True, help="Only modules whose path contains or matches this.")
_code = click.option("--code", default="*", help="Only rules that match this.")
_jobs = click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Processes.")


@click.group(invoke_without_command=True)
@_modules
@_jobs
@click.option("--fresh", is_flag=True, help="Run again what is remembered, to measure it.")
@click.option("--last", is_flag=True, help="Report the last runs, of whatever caulk, without running.")
@click.option("--list", "listed", is_flag=True, help="List all unjudged findings, not only the new ones.")
@click.pass_context
def main(context: click.Context, patterns: tuple[str, ...], jobs: int, fresh: bool, last: bool, listed: bool) -> None:
    """Run caulk over the pinned modules and hold the findings against the table of verdicts."""
    if context.invoked_subcommand:
        return
    verdicts = ledger.load()
    results = dict(_remembered(patterns) if last else _results(patterns, jobs, fresh=fresh))
    before = {pin: newest(pin, of_others=True) for pin in results}
    for line in report.render(results, verdicts, before, listed=listed):
        click.echo(line)
    sys.exit(any(result.errors for result in results.values()))


@main.command()
@_modules
@_code
@click.option("--limit", default=10, show_default=True, help="Findings.")
@click.option("--judged", type=click.Choice(["no", "true", "false", "all"]), default="no", show_default=True)
def show(patterns: tuple[str, ...], code: str, limit: int, judged: str) -> None:
    """Show findings of the last run with their paths and their source, to judge them by."""
    verdicts = ledger.load()
    shown = 0
    for pin, result in _remembered(patterns):
        root = modules.directory(pin)
        for found in result.found:
            verdict = verdicts.get(found.key)
            state = "no" if verdict is None else str(verdict.right).lower()
            if shown < limit and fnmatch(found.key.code, code) and judged in (state, "all"):
                click.echo("\n".join(_shown(pin, root, found, verdict)))
                shown += 1


@main.command()
def judge() -> None:
    """Read verdicts from standard input, a line each: the eight letters of ``show``, true or false, the reason."""
    verdicts = ledger.load()
    by_name = {found.key.short: found.key for _, result in _remembered(()) for found in result.found}
    for line in sys.stdin:
        if not line.strip():
            continue
        name, word, reason = [*line.split(maxsplit=2), "", ""][:3]
        if name not in by_name or word not in ("true", "false") or not reason.strip():
            raise click.ClickException(f"not understood: {line.strip()}")
        verdicts[by_name[name]] = Verdict(word == "true", reason.strip())
    ledger.save(verdicts)
    click.echo(f"{len(verdicts)} findings are judged")


@main.command()
@_modules
def move(patterns: tuple[str, ...]) -> None:
    """Give verdicts to the same findings under new codes, after rules were split or renamed. Read what it prints."""
    verdicts = ledger.load()
    for pin, result in _remembered(patterns):
        known = {key: verdict for key, verdict in verdicts.items() if key.module == pin.path}
        for old, new in ledger.moved(result.found, known).items():
            verdicts[new] = verdicts.pop(old)
            click.echo(f"{old.code} is {new.code} now: {new.module}/{new.path} in {new.function}")
    ledger.save(verdicts)


def _results(patterns: Iterable[str], jobs: int, *, fresh: bool) -> Iterator[tuple[Pin, Result]]:
    """Module by module; one that cannot be fetched ends the run with what to do."""
    for pin in modules.selected(modules.load(), patterns):
        click.echo(f"{pin.query} …", err=True)
        try:
            yield pin, run(pin, modules.directory(pin), jobs=jobs, fresh=fresh)
        except ModuleError as error:
            raise click.ClickException(str(error)) from error


def _remembered(patterns: Iterable[str]) -> Iterator[tuple[Pin, Result]]:
    """The last results, of whatever caulk, without a run."""
    for pin in modules.selected(modules.load(), patterns):
        result = newest(pin)
        if result is not None:
            yield pin, result


def _shown(pin: Pin, root: Path, found: Found, verdict: Verdict | None) -> Iterator[str]:
    key = found.key
    yield f"\n=== {key.short} {key.code} ({found.tier}) {pin.query}/{key.path}:{found.line} in {key.function}"
    if verdict is not None:
        yield f"    judged {str(verdict.right).lower()}: {verdict.reason}"
    yield f"    {found.message}"
    yield from (f"      {step}" for step in found.steps)
    data = (root / key.path).read_bytes()
    lines = data.decode("utf-8", "replace").split("\n")
    places = {found.line, *(int(step.split(":")[1]) for step in found.steps if step.startswith(f"{key.path}:"))}
    before = 0
    for number in _near(places, *lines_of_function(data, found.line)):
        if before and number > before + 1:
            yield "        …"
        yield f"{'>' if number in places else ' '}{number:5} {lines[number - 1].replace(TAB, '  ')}"
        before = number


def _near(places: Collection[int], first: int, last: int) -> Iterator[int]:
    """The lines of a function that are worth showing: all of a short one, those around the places of a long one."""
    for number in range(first, last + 1):
        if last - first < WHOLE or number == first or any(-BEFORE <= number - place <= AFTER for place in places):
            yield number


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.precision")
