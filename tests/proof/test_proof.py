"""The proof by running: a program that leaks is measured, mended by caulk, and measured again."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from caulk.rules.registry import RULES

PROGRAM = Path(__file__).parent / "program"
REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "proof.md"
COMMANDS: dict[str, tuple[str, ...]] = {"safe": (), "unsafefixes": ("--unsafe-fixes",)}
"""The folders of cases, and what ``caulk fix`` is given for them."""

NOT_MEASURED = {
    "cgo-memory-unfreed": "needs a C compiler",
    "loop-variable-captured": "the wrong values, and only in modules of an old Go",
    "mismatched-unlock": "ends the program",
    "pprof-exposed": "who may ask, not what stays",
    "release-before-error-check": "a panic, no leak",
    "request-context-retained": "a text that changes, nothing that stays",
    "tick-leak": "only with a Go below 1.27",
    "ticker-unstopped": "only with a Go below 1.27",
    "websocket-response-closed": "breaks the connection",
}
"""Core rules with a fix whose effect is not something that stays behind, or cannot be counted here."""

INTRODUCTION = """# The proof by running

Every row of this table is a function that leaks, in `tests/proof/program`. The program is built and each function called up to some
thousand times; what a call leaves behind, on average, is *before*. Then `caulk fix` (with `--unsafe-fixes` where the table says so)
mends a copy, which is built and measured in the same way: *after*. Nobody has written the mended functions by hand, and both programs
give the same output. `0` is less than a twentieth of *before*.

| rule | shape | fix | what a call leaves behind | before | after |
|---|---|---|---|--:|--:|
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a case leaves behind by each call."""

    folder: str
    rule: str
    shape: str
    signal: str
    left: float
    output: str


def cases() -> list[str]:
    """The rules that have a case, by the names of the files."""
    return sorted({path.stem.replace("_", "-") for folder in COMMANDS for path in (PROGRAM / folder).glob("*.go")})


def run(*command: str | Path, cwd: Path) -> str:
    environment = {**os.environ, "GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    environment["CGO_ENABLED"] = "0"
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def tool(name: str) -> Path:
    """A program that is installed beside this Python."""
    return Path(sys.executable).parent / name


Case: TypeAlias = tuple[str, str]
"""A rule, and what is special about the function where it has several."""


def measure(program: Path, binary: Path) -> dict[Case, Measured]:
    run(tool("go"), "build", "-o", binary, ".", cwd=program)
    measured = [Measured(**json.loads(line)) for line in run(binary, cwd=program).splitlines()]
    return {(each.rule, each.shape): each for each in measured}


def mend(program: Path) -> None:
    for folder, arguments in COMMANDS.items():
        run(tool("caulk"), "fix", "--no-config", *arguments, folder, cwd=program)


def is_gone(before: Measured, after: Measured) -> bool:
    return after.left <= before.left / 20


def figure(left: float) -> str:
    """Rounded, so that two runs write the same."""
    return f"{left:.2g}" if left < 100 else f"{round(left, -1):.0f}"


def row(before: Measured, after: Measured) -> str:
    left = "0" if is_gone(before, after) else figure(after.left)
    fix = "unsafe" if COMMANDS[before.folder] else "safe"
    return f"| `{before.rule}` | {before.shape} | {fix} | {before.signal} | {figure(before.left)} | {left} |\n"


def written(before: dict[Case, Measured], after: dict[Case, Measured]) -> str:
    rows = "".join(row(before[case], after[case]) for case in sorted(before))
    others = "".join(f"- `{code}`: {why}\n" for code, why in NOT_MEASURED.items())
    return f"{INTRODUCTION}{rows}\nNot measured:\n\n{others}"


def rows_of_page() -> list[tuple[str, str]]:
    """The first and the last column of the table."""
    return re.findall(r"^\| `([a-z-]+)` .*\| (\S+) \|$", PAGE.read_text(), re.M)


def test_every_core_rule_with_a_fix_is_measured_or_excused() -> None:
    wanted = {rule.code for rule in RULES if rule.fix and rule.tier.value == "core"}
    left = wanted - set(cases()) - set(NOT_MEASURED)
    assert not left, f"a case in {PROGRAM}, or a reason in NOT_MEASURED: {left}"
    assert not set(NOT_MEASURED) & set(cases())


@pytest.mark.go
def test_what_caulk_writes_stops_the_leak(tmp_path: Path, update_golden: bool) -> None:
    mended = tmp_path / "mended"
    shutil.copytree(PROGRAM, mended)
    mend(mended)
    before, after = measure(PROGRAM, tmp_path / "before"), measure(mended, tmp_path / "after")
    assert sorted(before) == sorted(after)
    assert {rule for rule, _ in before} == set(cases())
    if update_golden:
        PAGE.write_text(written(before, after))
    for case, leaky in before.items():
        assert leaky.left >= 0.5, f"no leak to see: {leaky}"
        assert is_gone(leaky, after[case]), f"still leaks: {after[case]}"
        assert leaky.output == after[case].output, f"another output: {case}"


def test_the_page_is_about_the_cases() -> None:
    rows = rows_of_page()
    assert {rule for rule, _ in rows} == set(cases())
    assert {after for _, after in rows} == {"0"}
