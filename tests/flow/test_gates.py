"""What is looked at: counts, so that a gate that is lost is noticed; times would say nothing on a busy machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from caulk.config.settings import Settings
from caulk.engine.analyze import PackageAnalysis
from caulk.engine.workspace import Workspace
from caulk.flow.program import FunctionUnit, Program
from caulk.rules.registry import RULES

PLAIN = """
func Plain%d(names []string, n int) (int, error) {
	total := n
	for i, name := range names {
		if name == "" {
			return 0, fmt.Errorf("no name at %%d", i)
		}
		total += len(strings.TrimSpace(name))
	}
	return total, nil
}
"""

PACKAGE = """package p

import (
	"fmt"
	"os"
	"strings"
)

// Opens an Open file: words in comments let nobody in.
func acquires(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return nil
}

func wraps(path string) (*os.File, error) { return os.Create(path) }

func throughWrapper(path string) error {
	f, err := wraps(path)
	if err != nil {
		return err
	}
	fmt.Fprintln(f, count(path))
	return f.Close()
}

func count(path string) int { return len(path) }

func starts(work func()) {
	go work()
}

func waits() int {
	ch := make(chan int, 1)
	ch <- 1
	return <-ch
}

func fails(format string) {
	fmt.Println(format)
	os.Exit(1)
}

func callsFails(n int) int {
	if n < 0 {
		fails("negative")
	}
	return n
}
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    path = tmp_path / "p.go"
    path.write_text(PACKAGE + "".join(PLAIN % number for number in range(40)))
    return Workspace(Settings())._program(str(tmp_path), {str(path): path.read_bytes()})


def lowered(program: Program) -> set[str]:
    """The functions whose trees were asked for."""
    return {unit.name for unit in program.functions if "function" in unit.__dict__}


def test_only_functions_that_may_matter_are_parsed(program: Program) -> None:
    PackageAnalysis(program, RULES).of()
    assert lowered(program) == {"acquires", "wraps", "throughWrapper", "starts", "waits"}


def test_only_functions_that_may_matter_are_typed(program: Program) -> None:
    PackageAnalysis(program, RULES).of()
    typed = {unit.name for unit in program.functions if "typer" in unit.__dict__}
    assert typed <= {"acquires", "wraps", "throughWrapper", "starts", "waits"}


def test_words_of_comments_are_none(program: Program) -> None:
    (unit,) = program.named("", "count")
    assert b"Open" not in unit.words
    assert not program.gate.lets_in(unit)


def test_acquires_by_way_of_others(program: Program) -> None:
    may = {unit.name for unit in program.functions if program.gate.may_acquire(unit)}
    assert may == {"acquires", "wraps", "throughWrapper"}


def test_who_may_never_return(program: Program) -> None:
    assert {unit.name for unit in program.functions if program.endings.has(unit)} == {"fails"}


@pytest.mark.parametrize(
    ("code", "may"),
    [
        ("func f() { panic(1) }", True),
        ("func f() {\n\tlog.Fatal(1)\n}", True),
        ("func f() {\n\tfor {\n\t\twork()\n\t}\n}", True),
        ("func f() {\n\tselect {}\n}", True),
        ("func f() {\n\tg()\n}\n\nfunc g() {\n\tpanic(1)\n}", True),
        ("func f() {\n\tx = 1\n}", False),
        ("func f() {\n\tif x {\n\t\treturn\n\t}\n\tpanic(1)\n}", False),
        ("func f() int {\n\tpanic(1)\n}", False),
        ("func f() {\n\tg()\n}\n\nfunc g() {\n\tx++\n}", False),
    ],
)
def test_endings(tmp_path: Path, code: str, may: bool) -> None:
    path = tmp_path / "p.go"
    path.write_text(f"package p\n\n{code}\n")
    program = Workspace(Settings())._program(str(tmp_path), {str(path): path.read_bytes()})
    assert program.endings.has(_unit(program, "f")) is may


def _unit(program: Program, name: str) -> FunctionUnit:
    (unit,) = program.named("", name)
    return unit
