"""``caulk``: the commands and their options. A command imports what it needs when it runs, so that start-up stays short."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import click

from caulk.cli.exit_code import ExitCode
from caulk.version import __version__

RECURSION_LIMIT = 12_000
"""Frames: enough for trees as deep as they are lowered (``caulk.ir.lower.MAX_DEPTH``), several frames a level."""

SELECTION = (
    click.argument("paths", nargs=-1, type=click.Path()),
    click.option(
        "--select",
        metavar="CODES",
        multiple=True,
        help="Codes and tiers to report (core, extended, experimental, ALL); comma-separated or repeated.",
    ),
    click.option("--ignore", metavar="CODES", multiple=True, help="Codes and tiers to leave out."),
    click.option(
        "--config",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Use this caulk.toml instead of the nearest one.",
    ),
    click.option("--no-config", is_flag=True, help="Use no caulk.toml."),
    click.option(
        "--module-cache",
        metavar="WHERE",
        default="",
        help="Sources of other modules: auto (as the go command finds them), off, or a directory.",
    ),
    click.option("--goroot", metavar="WHERE", default="", help="Sources of Go itself: auto, off, or a directory."),
    click.option(
        "--jobs", type=click.IntRange(0, 256), default=0, help="Processes; 0 decides by the size of the work."
    ),
    click.option(
        "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours in the report."
    ),
)


def _selection(command: Callable[..., Any]) -> Callable[..., Any]:
    for decorate in reversed(SELECTION):
        command = decorate(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="caulk", message="%(prog)s %(version)s")
def main() -> None:
    """Find and mend memory, goroutine and connection leaks in Go."""
    sys.setrecursionlimit(RECURSION_LIMIT)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files are bytes


def _exit_with(run: Callable[..., ExitCode], options: dict[str, Any]) -> NoReturn:
    """End the process with the code of a command; a fault of caulk must not look like findings."""
    try:
        code = run(**options)
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        code = ExitCode.INTERRUPTED
    except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
        raise
    except Exception:
        click.echo(f"caulk {__version__}: internal error, please report it:\n{traceback.format_exc()}", err=True)
        code = ExitCode.ERROR
    sys.exit(code)


@main.command()
@_selection
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="Form of the report.")
@click.option(
    "--fail-on",
    type=click.Choice(["hint", "information", "warning", "error", "never"]),
    default="warning",
    help="Exit with 1 from this severity on.",
)
@click.option("--stats", is_flag=True, help="Print counts and times to standard error.")
def check(**options: Any) -> None:
    """Report leaks in PATHS (files, directories, ./...; default: the working directory)."""
    from caulk.cli.check import run_check

    _exit_with(run_check, options)


@main.command()
@_selection
@click.option(
    "--diff", is_flag=True, help="Print what would change and write nothing; exits with 1 when something would."
)
@click.option("--unsafe-fixes", is_flag=True, help="Also apply fixes that may change behaviour.")
@click.option(
    "--verify",
    is_flag=True,
    help="Type-check what was fixed with your Go, and leave files alone that would not compile.",
)
def fix(**options: Any) -> None:
    """Mend leaks in PATHS: safe fixes of core rules, all others with --unsafe-fixes."""
    from caulk.cli.fix import run_fix

    _exit_with(run_fix, options)


@main.command()
@click.argument("code")
def explain(code: str) -> None:
    """Show the page of a rule."""
    from caulk.cli.explain import run_explain

    _exit_with(run_explain, {"code": code})


@main.command()
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="Form of the list.")
def rules(format_: str) -> None:
    """List all rules."""
    from caulk.cli.explain import run_rules

    _exit_with(run_rules, {"format_": format_})


@main.command()
@click.option("--stdio", is_flag=True, help="Talk over standard input and output (the only way, and the default).")
@click.option("--verbose", is_flag=True, help="Log settings, and the time of each analysis.")
@click.option(
    "--log-file", metavar="FILE", type=click.Path(dir_okay=False), help="Log there instead of standard error."
)
def lsp(stdio: bool, verbose: bool, log_file: str | None) -> None:
    """Start the language server."""
    from caulk.lsp.server import serve

    sys.exit(serve(verbose=verbose, log_file=log_file))


if __name__ == "__main__":
    main(prog_name="caulk")
