"""What check and fix share: settings, discovery, progress, colours, error output."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import attrs
import click

from caulk.batch.discover import Exclusion, Found, discover
from caulk.config.errors import ConfigError
from caulk.config.load import check_codes, find_config, load
from caulk.config.settings import Settings
from caulk.rules import registry
from caulk.semantics.contracts import ContractError

PROGRESS_FROM = 300
"""Files; shorter runs are over before a bar is drawn."""
REDRAW_AFTER = 0.1
"""Seconds between two drawings of the bar."""


class UsageError(click.ClickException):
    """A wrong call or configuration: one clear line, exit code 2."""

    exit_code = 2


@attrs.frozen
class Chosen:
    """The options that say what is looked at, and how."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    config: str | None = None
    no_config: bool = False
    module_cache: str = ""
    goroot: str = ""

    def settings_of(self, directory: str) -> Settings:
        """The settings of a directory: its nearest caulk.toml (or the one named) under the options of this call."""
        return _settings(directory, self)

    def _overlay(self, settings: Settings) -> Settings:
        if self.select:
            settings = attrs.evolve(settings, select=self.select)
        if self.ignore:
            settings = attrs.evolve(settings, ignore=(*settings.ignore, *self.ignore))
        for name in ("module_cache", "goroot"):
            written = getattr(self, name)
            if written:
                found = written if written in ("auto", "off") else os.path.abspath(os.path.expanduser(written))
                settings = attrs.evolve(settings, **{name: found})
        return settings


@lru_cache(maxsize=4096)
def _settings(directory: str, chosen: Chosen) -> Settings:
    path = Path(chosen.config) if chosen.config else None
    if path is None and not chosen.no_config:
        path = find_config(Path(directory))
    settings = _loaded(path) if path is not None else Settings()
    return chosen._overlay(settings)


@lru_cache(maxsize=64)
def _loaded(path: Path) -> Settings:
    return load(path, registry.by_code())


def codes(written: Sequence[str]) -> tuple[str, ...]:
    """``--select a,b --select c`` as one list. Raises UsageError for an unknown word."""
    found = tuple(code for part in written for code in part.replace(",", " ").split())
    try:
        check_codes(found, registry.by_code())
    except ConfigError as error:
        raise UsageError(str(error)) from error
    return found


def find(paths: Sequence[str], chosen: Chosen) -> Found:
    """The files of a call, without those that the configuration of their directory excludes."""

    def exclusion_of(directory: str) -> Exclusion:
        settings = chosen.settings_of(directory)
        return Exclusion(settings.root, settings.exclude)

    with usage_errors():
        return discover(paths, exclusion_of)


@contextmanager
def usage_errors() -> Iterator[None]:
    """Mistakes of the user's configuration become one line and exit code 2."""
    try:
        yield
    except (ConfigError, ContractError) as error:
        raise UsageError(str(error)) from error


@contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, when that is a terminal and the work is long."""
    if total < PROGRESS_FROM or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    # a bar that refreshes itself is a thread, and a process with threads must not fork
    with Progress(console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task(what, total=total)
        drawn = 0.0

        def advance(count: int) -> None:
            nonlocal drawn
            bar.advance(task, count)
            if time.monotonic() - drawn >= REDRAW_AFTER:
                drawn = time.monotonic()
                bar.refresh()

        yield advance


def painter(color: str) -> Callable[[str, str], str]:
    """How text is coloured: by click's styles when colours are wanted."""
    wanted = color == "always" or (color == "auto" and sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    if not wanted:
        from caulk.reports.text import plain

        return plain

    def paint(text: str, style: str) -> str:
        return click.style(text, **({style: True} if style in ("bold", "dim") else {"fg": style}))

    return paint
