"""Every rule on its fixtures: what is reported, how it is mended, and what Go says of the result."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest

import fixture_tree as fixtures
import gofmt
from caulk.rules.registry import RULES
from caulk.syntax.source import SourceFile
from caulk.syntax.tree import parse
from caulk_codefixes.codefix import FixSettings
from caulk_codefixes.merge import apply
from caulk_codefixes.registry import FIXES, offers
from caulk_codefixes.suppress import SILENCERS


def name_of(path: Path) -> str:
    return str(path.relative_to(fixtures.ROOT))


@pytest.mark.parametrize("folder", fixtures.folders(), ids=name_of)
def test_findings_are_those_that_the_fixture_wants(folder: Path) -> None:
    problems: list[str] = []
    for path, analysis in fixtures.analyze(folder).items():
        assert not analysis.errors
        source = analysis.source
        found = [(source.lines.line_of(f.span.start) + 1, f.code, f.message) for f in analysis.findings]
        marks = fixtures.marks(source.data.decode())
        for mark in marks:
            match = next((f for f in found if f[:2] == (mark.line, mark.code) and re.search(mark.text, f[2])), None)
            place = f"{Path(path).name}:{mark.line}: {mark.code}"
            if mark.kind == "miss":
                if any(f[:2] == (mark.line, mark.code) for f in found):
                    problems.append(f"{place} is found now: make it a want")
            elif mark.kind == "noise":
                here = next((f for f in found if f[:2] == (mark.line, mark.code)), None)
                if here is None:
                    problems.append(f"{place} is silent now: drop the noise")
                else:
                    found.remove(here)
            elif match is None:
                problems.append(f"{place} {mark.text!r} is missing")
            else:
                found.remove(match)
        problems += [f"{Path(path).name}:{line}: {code} is unexpected: {message}" for line, code, message in found]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("path", fixtures.files(), ids=name_of)
def test_fixes_give_the_golden(path: Path, update_golden: bool) -> None:
    golden = path.with_suffix(".go.golden")
    result = fixtures.fixed(path, unsafe=True)
    assert not result.error
    assert not result.dropped, [(code, fix.id, why) for code, fix, why in result.dropped]
    assert not parse(result.after).has_errors
    if update_golden:
        if result.changed:
            golden.write_bytes(result.after)
        else:
            golden.unlink(missing_ok=True)
    assert golden.exists() == result.changed
    if result.changed:
        assert result.after == golden.read_bytes()


@pytest.mark.parametrize("path", fixtures.files(), ids=name_of)
def test_fixes_settle(path: Path, tmp_path: Path) -> None:
    """A second run on the fixed text changes nothing."""
    result = fixtures.fixed(path, unsafe=True)
    workspace = fixtures.workspace(path)
    workspace.overlay(str(path), result.after)
    analysis = workspace.analyze_file(str(path))
    left = [f.code for f in analysis.findings]
    assert sorted(left) == sorted(f.code for f in result.remaining)


@pytest.mark.parametrize("path", fixtures.files(), ids=name_of)
def test_every_finding_can_be_silenced(path: Path) -> None:
    workspace = fixtures.workspace(path)
    analysis = workspace.analyze_file(str(path))
    before = Counter(f.code for f in analysis.findings)
    silent: set[str] = set()
    for finding in analysis.findings:
        *_, here, whole = offers(finding, analysis.source, FixSettings())
        assert (here.id, whole.id) == SILENCERS
        for silencer, left in ((here, before[finding.code] - 1), (whole, 0)):
            if silencer is here or finding.code not in silent:
                workspace.overlay(str(path), apply(analysis.source, [silencer]).text)
                after = Counter(f.code for f in workspace.analyze_file(str(path)).findings)
                assert after == Counter({**before, finding.code: left})
        silent.add(finding.code)


@pytest.mark.parametrize("name", ["resource_unclosed/leaks.go", "fixes/exits.go", "fixes/names.go", "fixes/loops.go"])
def test_crlf_and_bom_are_kept(name: str) -> None:
    path = fixtures.ROOT / name
    data = b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n")
    workspace = fixtures.workspace(path)
    analysis = workspace.analyze_file(str(path))
    workspace.overlay(str(path), data)
    windows = workspace.analyze_file(str(path))
    assert [f.code for f in windows.findings] == [f.code for f in analysis.findings]
    for finding in windows.findings:
        for fix in offers(finding, windows.source, FixSettings()):
            text = apply(SourceFile(str(path), data), [fix]).text
            assert text.startswith(b"\xef\xbb\xbf")
            assert text.count(b"\n") == text.count(b"\r\n")


@lru_cache(maxsize=1)
def fixes_made() -> frozenset[str]:
    return frozenset(fix.id for path in fixtures.files() for _, fix in fixtures.fixed(path, unsafe=True).applied)


def test_every_fix_is_exercised() -> None:
    known = {fix.id for fix in FIXES}
    only_offered = {"limit-pool"}  # never applied in bulk; its page and its own test exercise it
    assert known - fixes_made() <= only_offered, known - fixes_made()


def test_every_rule_has_leaks_and_lookalikes() -> None:
    missing = []
    for rule in RULES:
        folder = fixtures.ROOT / rule.code.replace("-", "_")
        wants = [m for path in folder.glob("*.go") for m in fixtures.marks(path.read_text()) if m.code == rule.code]
        if not wants:
            missing.append(f"{rule.code}: no leak")
        if not any("lookalike" in path.name for path in folder.glob("*.go")):
            missing.append(f"{rule.code}: no look-alike")
    assert not missing, "\n".join(missing)


# -- what Go itself says. One build of the whole tree, before and after.


def go(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    return subprocess.run([*go_command(), *args], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)


@lru_cache(maxsize=1)
def go_command() -> tuple[str, ...]:
    """Go of the wheel, so that it is the same everywhere."""
    import sys

    return (str(Path(sys.executable).parent / "go"),)


VET = (
    "vet",
    "-lostcancel=false",
    "-httpresponse=false",
    "-unreachable=false",
    "-loopclosure=false",
    "-waitgroup=false",
)
"""vet reports some of the leaks that the fixtures are about; what has no fix is still there afterwards."""


def assert_builds(tree: Path) -> None:
    """Hold the tree, and the modules in it that need no others, to what Go says."""
    for module in (tree, *(path.parent for path in tree.glob("*/go.mod") if b"require" not in path.read_bytes())):
        assert_module_builds(module)


def assert_module_builds(tree: Path) -> None:
    built = go("build", "./...", cwd=tree)
    assert built.returncode == 0, built.stderr
    vetted = go(*VET, "./...", cwd=tree)
    assert vetted.returncode == 0, vetted.stderr
    listed = subprocess.run([gofmt.command(), "-l", "."], cwd=tree, capture_output=True, text=True, timeout=60)
    assert listed.stdout == "", f"not as gofmt has it:\n{listed.stdout}{listed.stderr}"


@pytest.mark.go
def test_fixtures_build() -> None:
    assert_builds(fixtures.ROOT)


@pytest.mark.go
@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
def test_fixed_fixtures_build(unsafe: bool, tmp_path: Path) -> None:
    fixtures.write_fixed_tree(tmp_path, unsafe=unsafe)
    assert_builds(tmp_path)
