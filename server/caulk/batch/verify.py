"""Whether changed files still compile: asked of the user's own Go, with the new texts laid over the files on disk."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from caulk.batch.runner import module_root
from caulk_codefixes.loop import FixResult

_MESSAGE = re.compile(r"(?:^|[/\\])(\d+)\.caulk\.go:(\d+)(?::\d+)?: (.*)$", re.M)


class GoMissing(Exception):
    """There is no ``go`` command."""


@dataclass(slots=True)
class Verdict:
    """By path (absolute). What is in neither mapping compiles."""

    broken: dict[str, str] = field(default_factory=dict)
    """Files that no longer compile, with the first message of the compiler."""
    unknown: dict[str, str] = field(default_factory=dict)
    """Files of which nothing can be said, and why."""


def find_go() -> str:
    """The path of the ``go`` command. Raises GoMissing."""
    found = shutil.which("go")
    if found is None:
        raise GoMissing
    return found


def verify(go: str, results: Iterable[FixResult]) -> Verdict:
    """Type-check the packages of the changed files, tests included, module by module; nothing on disk is touched."""
    modules: dict[str, dict[str, FixResult]] = {}
    verdict = Verdict()
    for result in results:
        root = module_root(os.path.dirname(result.path))
        if root:
            modules.setdefault(root, {})[result.path] = result
        else:
            verdict.unknown[result.path] = "it belongs to no module"
    for root, changed in modules.items():
        _Module(go, root, changed, verdict).check()
    return verdict


@dataclass(slots=True)
class _Module:
    go: str
    root: str
    changed: dict[str, FixResult]
    verdict: Verdict

    def check(self) -> None:
        """Take back the files that the compiler objects to until it objects to none."""
        for path in self._left_out() & set(self.changed):
            self.verdict.unknown[path] = "build constraints leave it out"
            del self.changed[path]
        while self.changed:
            output = self._vet(self.changed)
            if output is None:
                return
            broken = self._blamed(output)
            if not broken:
                self._unclear(output)
                return
            self.verdict.broken |= broken
            for path in broken:
                del self.changed[path]

    def _unclear(self, output: str) -> None:
        """It does not compile, and no changed file is named: was that so before?"""
        message = next((line for line in output.splitlines() if line and not line.startswith("#")), "it does not build")
        if self._vet({}) is not None:
            self.verdict.unknown |= dict.fromkeys(self.changed, f"its package did not build before: {message}")
        else:
            self.verdict.broken |= dict.fromkeys(self.changed, message)

    def _packages(self) -> list[str]:
        directories = {os.path.relpath(os.path.dirname(path), self.root) for path in self.changed}
        return sorted("." if directory == "." else f"./{directory}" for directory in directories)

    def _left_out(self) -> set[str]:
        form = "{{range .IgnoredGoFiles}}{{$.Dir}}/{{.}}\n{{end}}"
        listed = self._run("list", "-e", "-f", form, *self._packages())
        return {os.path.normpath(line) for line in listed.stdout.splitlines() if line}

    def _vet(self, changed: Mapping[str, FixResult]) -> str | None:
        """What the compiler says of the packages with these texts; None when it is content. One cheap analyzer is named, for
        vet checks types (those of the tests too) before it runs any."""
        with tempfile.TemporaryDirectory(prefix="caulk-verify-") as directory:
            replace: dict[str, str] = {}
            for number, (path, result) in enumerate(changed.items()):
                replace[path] = os.path.join(directory, f"{number}.caulk.go")
                _write(replace[path], result.after)
                for new in result.new_files:
                    beside = os.path.join(os.path.dirname(path), new.name)
                    if beside not in replace and not os.path.lexists(beside):
                        replace[beside] = os.path.join(directory, f"{number}-{new.name}")
                        _write(replace[beside], new.text)
            overlay = os.path.join(directory, "overlay.json")
            _write(overlay, json.dumps({"Replace": replace}).encode())
            done = self._run("vet", "-nilfunc", "-overlay", overlay, *self._packages())
        return None if done.returncode == 0 else done.stderr

    def _blamed(self, output: str) -> dict[str, str]:
        paths = list(self.changed)
        found: dict[str, str] = {}
        for number, line, message in _MESSAGE.findall(output):
            found.setdefault(paths[int(number)], f"line {line}: {message}")
        return found

    def _run(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.go, *args], cwd=self.root, capture_output=True, text=True, errors="replace", check=False
        )


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
