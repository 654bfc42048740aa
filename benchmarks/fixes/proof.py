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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_POSITION = re.compile(r"^(?:vet: )?(?P<file>[^\s:]+\.go):\d+(?::\d+)?: ", re.M)
_SUMMARY = re.compile(r"^(?:Fixed|Would fix) (?P<fixed>\d+) findings? in (?P<files>\d+) files?")
_OF_ONE_RUN = re.compile(r"\d{6,}")
"""The numbers of temporary folders, which some tests have in their names."""
TIMEOUT = 1800
"""Seconds for one call of Go."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried on a module."""

    path: str
    tests: tuple[str, ...] = ()
    """The packages whose tests are run: quick, and without a network or a database."""
    version: str = ""
    """Of a module that the precision ledger does not have; empty for its version there."""
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

    def state(self, packages: Sequence[str], tests: Sequence[str], skip: str) -> State:
        """What Go says of the packages: build, vet, format; and how the tests end."""
        build = messages(self._go("build", *packages).stderr, self.directory) if packages else Counter[str]()
        vet = messages(self._go("vet", *packages).stderr, self.directory) if packages else Counter[str]()
        listed = subprocess.run([_gofmt(), "-l", "."], cwd=self.directory, capture_output=True, text=True, check=False)
        passed, failed = self._tests(tests, skip) if tests else (frozenset[str](), frozenset[str]())
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

    def _tests(self, tests: Sequence[str], skip: str) -> tuple[frozenset[str], frozenset[str]]:
        args = ["test", "-json", "-short", "-vet=off", "-count=1", "-timeout=300s"]
        if skip:
            args.append(f"-skip={skip}")
        outcome: dict[str, str] = {}
        for line in self._go(*args, *tests).stdout.splitlines():
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("Action") in ("pass", "fail"):
                name = f"{event.get('Package', '')} {event.get('Test', '')}".strip()
                outcome[_OF_ONE_RUN.sub("N", name)] = event["Action"]
        passed = frozenset(name for name, action in outcome.items() if action == "pass")
        return passed, frozenset(outcome) - passed


def messages(output: str, directory: Path) -> Counter[str]:
    """What Go complained of in a tree, without line numbers and without the name of the tree: those of the copies differ."""
    lines = output.replace(str(directory), ".").splitlines()
    kept = (line for line in lines if line and not line.startswith(("#", "go: downloading")))
    return Counter(_POSITION.sub(lambda match: f"{match['file']}: ", line) for line in kept)


def prove(plan: Plan, source: Path, work: Path, *, changed_only: bool) -> list[Proof]:
    """Fix a copy of the module below ``work``, first with the safe fixes, then with the others on top, and compare each with
    a copy of the module as it was; the tests after the safe ones only. The copies stay there, for reading. ``changed_only``:
    build and vet the packages with changed files alone (no fix changes what a package exports)."""
    name = plan.path.replace("/", "_")
    copies = work / f"{name}-before", work / f"{name}-after"
    for known in copies:
        if known.exists():
            shutil.rmtree(known)
    before, after = (Tree(source, copy) for copy in copies)
    return [_compare(plan, before, after, unsafe=unsafe, changed_only=changed_only) for unsafe in (False, True)]


def _compare(plan: Plan, before: Tree, after: Tree, *, unsafe: bool, changed_only: bool) -> Proof:
    proof = Proof(plan.path, "with unsafe" if unsafe else "safe")
    proof.fixed, proof.files, proof.faults = after.fix(unsafe=unsafe)
    if not proof.fixed:
        return proof
    packages = _changed(before, after) if changed_only else ["./..."]
    tests = () if unsafe else plan.tests
    old, new = before.state(packages, tests, plan.skip), after.state(packages, tests, plan.skip)
    proof.passed_before, proof.builds_before = len(old.passed), not old.build
    proof.build = _new(old.build, new.build)
    proof.vet = _new(old.vet, new.vet)
    proof.unformatted = sorted(new.unformatted - old.unformatted)
    failed = old.passed - new.passed
    if failed:  # perhaps one of those that fail now and then
        failed -= after.state((), tests, plan.skip).passed
    proof.failed = sorted(failed)
    proof.again, _, faults = after.fix(unsafe=unsafe)
    proof.faults += faults
    return proof


def _changed(before: Tree, after: Tree) -> list[str]:
    """The packages with changed or new files."""
    found = set()
    for path in after.directory.rglob("*.go"):
        relative = path.relative_to(after.directory)
        known = before.directory / relative
        if not known.exists() or known.read_bytes() != path.read_bytes():
            found.add(f"./{relative.parent}")
    return sorted(found)


def _new(before: Counter[str], after: Counter[str]) -> list[str]:
    return sorted((after - before).elements())


def _go() -> str:
    """The user's Go, whose cache is warm; else that of this environment."""
    return shutil.which("go") or str(Path(sys.executable).with_name("go"))


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
