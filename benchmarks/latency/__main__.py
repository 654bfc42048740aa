"""``python -m benchmarks.latency``: types into long files over the protocol and prints how long the diagnostics take.

Each key is one incremental change; the clock runs from the change to the diagnostics of that version, without any debounce. With
``--gopls PATH`` the same keys are typed into a gopls, in the same run, with its own delay set to zero."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks.latency.client import Client, Message
from benchmarks.latency.texts import service

LENGTHS = {1_000: 8.0, 5_000: 12.0, 10_000: 25.0}
"""Lines of a file, and the milliseconds that 95 of 100 keys may take."""
TYPED = "\tcount := len(os.Args)\n\tif count > 3 {\n\t\treturn\n\t}\n"
BURST = 20
PULLS: dict[str, Any] = {"textDocument": {"diagnostic": {}}}
PUSHES: dict[str, Any] = {"textDocument": {"publishDiagnostics": {"versionSupport": True}}}


@dataclass(slots=True)
class Typist:
    """Types into one open document."""

    client: Client
    uri: str
    line: int
    character: int = 0
    version: int = 1

    def insert(self, text: str) -> None:
        self._change(text, self.character)
        if text == "\n":
            self.line, self.character = self.line + 1, 0
        else:
            self.character += len(text)

    def take_back(self) -> None:
        """Delete the last character of the line."""
        self.character -= 1
        self._change("", self.character + 1)

    def _change(self, text: str, end: int) -> None:
        self.version += 1
        where = {
            "start": {"line": self.line, "character": self.character},
            "end": {"line": self.line, "character": end},
        }
        change = {
            "textDocument": {"uri": self.uri, "version": self.version},
            "contentChanges": [{"range": where, "text": text}],
        }
        self.client.notify("textDocument/didChange", change)


Wait = Callable[[Typist], None]
"""Waits until the diagnostics of the document are there."""


def pull(typist: Typist) -> None:
    typist.client.request("textDocument/diagnostic", {"textDocument": {"uri": typist.uri}})


def pushed(typist: Typist) -> None:
    def is_current(message: Message) -> bool:
        params = message.get("params", {})
        of_it = message.get("method") == "textDocument/publishDiagnostics" and params["uri"] == typist.uri
        return of_it and params.get("version", typist.version) >= typist.version

    typist.client.until(is_current)


def keys(typist: Typist, wait: Wait) -> Iterator[float]:
    """Milliseconds for each key of a few lines of code."""
    for key in TYPED:
        started = time.perf_counter()
        typist.insert(key)
        wait(typist)
        yield 1000 * (time.perf_counter() - started)
        time.sleep(0.01)  # nobody types without a pause; what a server does after its answer is not measured


def stray_brace(typist: Typist, wait: Wait) -> float:
    """Milliseconds for a brace that nothing closes."""
    started = time.perf_counter()
    typist.insert("{")
    wait(typist)
    spent = 1000 * (time.perf_counter() - started)
    typist.take_back()
    wait(typist)
    return spent


def burst(typist: Typist) -> tuple[int, float]:
    """How many analyses a burst of keys gives, and the milliseconds that another request takes meanwhile."""
    before = typist.client.execute("caulk.statistics")["analyses"]
    for _ in range(BURST):
        typist.insert("x")
    diagnostics = typist.client.ask("textDocument/diagnostic", {"textDocument": {"uri": typist.uri}})
    started = time.perf_counter()
    other = typist.client.ask("workspace/executeCommand", {"command": "caulk.explain", "arguments": ["rows-unclosed"]})
    answers: dict[Any, float] = {}
    while not {diagnostics, other} <= answers.keys():
        answer = typist.client.until(lambda message: message.get("id") in (diagnostics, other))
        answers[answer["id"]] = 1000 * (time.perf_counter() - started)
    return typist.client.execute("caulk.statistics")["analyses"] - before, answers[other]


def percentiles(times: Sequence[float]) -> tuple[float, float]:
    """p50 and p95."""
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def middle(text: str) -> int:
    """The first line of the body of a function in the middle."""
    lines = text.split("\n")
    return next(n for n in range(len(lines) // 2, len(lines)) if lines[n].startswith("func ")) + 1


def opened(client: Client, folder: Path, lines: int, wait: Wait) -> Typist:
    path = folder / "service.go"
    text = service(lines)
    path.write_text(text, encoding="utf-8")
    typist = Typist(client, client.open(path), middle(text))
    wait(typist)
    typist.insert("\n")
    typist.line -= 1
    wait(typist)
    return typist


def measure(folder: Path, lines: int) -> str:
    with Client([sys.executable, "-m", "caulk.cli.main", "lsp"]) as client:
        client.initialize(PULLS, folder)
        typist = opened(client, folder, lines, pull)
        p50, p95 = percentiles(list(keys(typist, pull)))
        brace = stray_brace(typist, pull)
        analyses, other = burst(typist)
    verdict = "ok" if p95 <= LENGTHS[lines] else f"over {LENGTHS[lines]:.0f}"
    return f"{p50:8.1f} {p95:8.1f} {verdict:>8} {brace:8.1f} {analyses:6} {other:8.1f}"


def measure_gopls(gopls: str, folder: Path, lines: int) -> str:
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off"}
    with Client([gopls], cwd=folder, env=environment) as client:
        client.initialize(PUSHES, folder, diagnosticsDelay="0s")
        typist = opened(client, folder, lines, pushed)
        p50, p95 = percentiles(list(keys(typist, pushed)))
    return f"{p50:8.1f} {p95:8.1f}"


@click.command()
@click.option("--gopls", type=click.Path(exists=True, resolve_path=True), help="A gopls to measure beside.")
@click.option("--lines", type=click.Choice([str(n) for n in LENGTHS]), multiple=True, help="Only files of that length.")
def main(gopls: str | None, lines: tuple[str, ...]) -> None:
    """Print keystroke to diagnostics in milliseconds."""
    click.echo(
        f"{'lines':>6} {'p50':>8} {'p95':>8} {'target':>8} {'stray {':>8} {'burst':>6} {'other':>8}   gopls p50, p95"
    )
    for length in map(int, lines or LENGTHS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "go.mod").write_text("module example.test/service\n\ngo 1.25\n", encoding="utf-8")
            ours = measure(folder, length)
            theirs = measure_gopls(gopls, folder, length) if gopls else ""
        click.echo(f"{length:6} {ours}   {theirs}")


if __name__ == "__main__":
    main()
