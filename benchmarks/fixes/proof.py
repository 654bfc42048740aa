"""One module: a copy is fixed in bulk, and Go is asked before and after."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_POSITION = re.compile(r"^(?:vet: )?(?P<file>[^\s:]+\.go):\d+(?::\d+)?: ", re.M)
_SUMMARY = re.compile(r"^(?:Fixed|Would fix) (?P<fixed>\d+) findings? in (?P<files>\d+) files?")
TIMEOUT = 1800
"""Seconds for one call of Go."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried on a module."""

    path: str
    tests: tuple[str, ...] = ()
    """The packages whose tests are run: quick, and without a network or a database."""
    skip: str = ""
    """Tests that are left out (``go test -skip``), because they fail now and then on their own."""


@dataclass(frozen=True, slots=True)
class State:
    """What Go says of a tree. Messages are without line numbers, so that they can be compared."""

    build: Counter[str]
    vet: Counter[str]
    unformatted: frozenset[str]
    passed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()


@dataclass(slots=True)
class Proof:
    """What became of a module."""

    module: str
    mode: str
    fixed: int = 0
    files: int = 0
    again: int = 0
    """How many findings a second run fixed."""
    build: list[str] = field(default_factory=list)
    """Messages that were not there before; so for the next three."""
    vet: list[str] = field(default_factory=list)
    unformatted: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Tests that passed before and do not pass any more."""
    passed_before: int = 0
    builds_before: bool = True
    faults: list[str] = field(default_factory=list)
    """What caulk itself complained of."""

    @property
    def holds(self) -> bool:
        return not (self.build or self.vet or self.unformatted or self.failed or self.faults or self.again)


class Tree:
    """A writable copy of a module."""

    def __init__(self, source: Path, to: Path) -> None:
        self.directory = to
        shutil.copytree(source, to, dirs_exist_ok=False)
        for path in (to, *to.rglob("*")):
            path.chmod(path.stat().st_mode | stat.S_IWUSR)

    def fix(self, *, unsafe: bool) -> tuple[int, int, list[str]]:
        """Apply the fixes: how many, in how many files, and what caulk complained of."""
        command = [sys.executable, "-m", "caulk.cli.main", "fix", *(["--unsafe-fixes"] if unsafe else []), "."]
        done = subprocess.run(command, cwd=self.directory, capture_output=True, text=True, check=False)
        last = done.stdout.splitlines()[-1] if done.stdout else ""
        found = _SUMMARY.match(last)
        faults = [line for line in done.stderr.splitlines() if "internal error" in line or "Traceback" in line]
        if found is None:
            return 0, 0, [*faults, done.stderr[-500:]]
        return int(found["fixed"]), int(found["files"]), faults

    def state(self, plan: Plan | None) -> State:
        """Build, vet, format, and test what is planned."""
        build = self._messages(self._go("build", "./...").stderr)
        vet = self._messages(self._go("vet", "./...").stderr)
        listed = subprocess.run([_gofmt(), "-l", "."], cwd=self.directory, capture_output=True, text=True, check=False)
        passed, failed = self._tests(plan) if plan is not None and plan.tests else (frozenset[str](), frozenset[str]())
        return State(build, vet, frozenset(listed.stdout.split()), passed, failed)

    def _go(self, *args: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"GOFLAGS": "-mod=mod", "GOWORK": "off", "GOTOOLCHAIN": "local"}
        return subprocess.run(
            [_go(), *args],
            cwd=self.directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    @staticmethod
    def _messages(output: str) -> Counter[str]:
        lines = (line for line in output.splitlines() if line and not line.startswith(("#", "go: downloading")))
        return Counter(_POSITION.sub(lambda match: f"{match['file']}: ", line) for line in lines)

    def _tests(self, plan: Plan) -> tuple[frozenset[str], frozenset[str]]:
        args = ["test", "-json", "-short", "-vet=off", "-count=1", "-timeout=300s"]
        if plan.skip:
            args.append(f"-skip={plan.skip}")
        outcome: dict[str, str] = {}
        for line in self._go(*args, *plan.tests).stdout.splitlines():
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("Action") in ("pass", "fail"):
                outcome[f"{event.get('Package', '')} {event.get('Test', '')}".strip()] = event["Action"]
        passed = frozenset(name for name, action in outcome.items() if action == "pass")
        return passed, frozenset(outcome) - passed


def prove(plan: Plan, source: Path, work: Path) -> list[Proof]:
    """Fix a copy of the module below ``work``, first with the safe fixes, then with the others on top, and compare each with
    the module as it was; the tests after the safe ones only. The copy stays there, for reading."""
    target = work / plan.path.replace("/", "_")
    if target.exists():
        shutil.rmtree(target)
    tree = Tree(source, target)
    before = tree.state(plan)
    return [_compare(plan, tree, before, unsafe=unsafe) for unsafe in (False, True)]


def _compare(plan: Plan, tree: Tree, before: State, *, unsafe: bool) -> Proof:
    mode = "with unsafe" if unsafe else "safe"
    passed = frozenset[str]() if unsafe else before.passed
    proof = Proof(plan.path, mode, passed_before=len(passed), builds_before=not before.build)
    proof.fixed, proof.files, proof.faults = tree.fix(unsafe=unsafe)
    after = tree.state(None if unsafe else plan)
    proof.build = _new(before.build, after.build)
    proof.vet = _new(before.vet, after.vet)
    proof.unformatted = sorted(after.unformatted - before.unformatted)
    failed = passed - after.passed
    if failed:  # perhaps one of those that fail now and then
        failed -= tree.state(plan).passed
    proof.failed = sorted(failed)
    proof.again, _, faults = tree.fix(unsafe=unsafe)
    proof.faults += faults
    return proof


def _new(before: Counter[str], after: Counter[str]) -> list[str]:
    return sorted((after - before).elements())


def _go() -> str:
    beside = Path(sys.executable).with_name("go")
    return str(beside) if beside.exists() else "go"


def _gofmt() -> str:
    root = subprocess.run([_go(), "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    return str(Path(root) / "bin" / "gofmt")


def table(proofs: Iterable[Proof]) -> str:
    """The proofs as a table in Markdown."""
    lines = [
        "| module | mode | fixed | build | vet | gofmt | tests passed before | of these failing after | second run |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for proof in proofs:
        cells = (
            proof.module,
            proof.mode,
            f"{proof.fixed} in {proof.files} files",
            _verdict(proof.build) if proof.builds_before else f"{_verdict(proof.build)} (some packages do not build)",
            _verdict(proof.vet),
            _verdict(proof.unformatted),
            str(proof.passed_before) if proof.passed_before else "none run",
            str(len(proof.failed)),
            "changes nothing" if not proof.again else f"fixes {proof.again}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _verdict(new: list[str]) -> str:
    return "as before" if not new else f"{len(new)} new messages"
