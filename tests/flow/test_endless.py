"""Bodies without a way out."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from caulk.config.settings import Settings
from caulk.engine.workspace import Workspace
from caulk.flow.frequency import Frequency, frequency
from caulk.flow.program import Program


def program_of(tmp_path: Path, text: str) -> Program:
    path = tmp_path / "f.go"
    path.write_text(dedent(text))
    return Workspace(Settings())._program(str(tmp_path), {str(path): path.read_bytes()})


def is_endless(tmp_path: Path, body: str) -> bool:
    text = (
        "package p\n\nfunc stop() { panic(1) }\n\nfunc run() {\n\tfor {\n\t}\n}\n\nfunc f(in chan int) {\n"
        + body
        + "\n}\n"
    )
    program = program_of(tmp_path, text)
    (unit,) = program.named("", "f")
    return program.endless.of(unit, unit.function) is not None


@pytest.mark.parametrize(
    "body",
    [
        "for {\n}",
        "for true {\n}",
        "for {\n\tselect {\n\tcase <-in:\n\t\tbreak\n\t}\n}",
        "for {\n\tswitch {\n\tcase in == nil:\n\t\tbreak\n\t}\n}",
        "for {\n\tfor range in {\n\t\tbreak\n\t}\n}",
        "select {}",
        "run()",
    ],
)
def test_endless(tmp_path: Path, body: str) -> None:
    assert is_endless(tmp_path, body)


@pytest.mark.parametrize(
    "body",
    [
        "for {\n\tbreak\n}",
        "for {\n\treturn\n}",
        "for in != nil {\n}",
        "for range in {\n}",
        "loop:\n\tfor {\n\t\tselect {\n\t\tcase <-in:\n\t\t\tbreak loop\n\t\t}\n\t}",
        "for {\n\tif in == nil {\n\t\tgoto out\n\t}\n}\nout:\n\tprintln()",
        "for {\n\tif in == nil {\n\t\tpanic(1)\n\t}\n}",
        "for {\n\tif in == nil {\n\t\tstop()\n\t}\n}",
    ],
)
def test_not_endless(tmp_path: Path, body: str) -> None:
    assert not is_endless(tmp_path, body)


def test_frequency(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        """\
        package main

        import (
        \t"net/http"
        \t"sync"
        )

        func main() { setup() }

        func setup() {}

        func handle(w http.ResponseWriter, r *http.Request) {
        \tinner()
        \tonce.Do(func() { lazy() })
        \tif cache == nil {
        \t\tload()
        \t}
        }

        var once sync.Once
        var cache map[string]int

        func inner() {}

        func lazy() {}

        func load() {}

        func StartAll() {}
        """,
    )

    def of(name: str) -> Frequency:
        (unit,) = program.named("", name)
        return frequency(unit, unit.function)

    assert of("main") is Frequency.ONCE
    assert of("setup") is Frequency.ONCE
    assert of("handle") is Frequency.REQUEST
    assert of("inner") is Frequency.REQUEST
    assert of("lazy") is Frequency.UNKNOWN
    assert of("load") is Frequency.UNKNOWN
    assert of("StartAll") is Frequency.STARTS
