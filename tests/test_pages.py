"""The pages of the rules: their examples are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from caulk.engine.workspace import Workspace
from caulk.rules.registry import RULES
from caulk.rules.rule import Rule
from caulk_codefixes import loop
from caulk_codefixes.loop import fix_file
from fixture_tree import settings_for

_EXAMPLE = re.compile(r"^```go (bad|good)\n(.*?)^```$", re.M | re.S)


def examples(rule: Rule) -> dict[str, str]:
    return dict(_EXAMPLE.findall(rule.page()))


OLD = {"tick-leak": "1.22", "timer-in-loop": "1.22", "ticker-unstopped": "1.22", "loop-variable-captured": "1.21"}
"""The last Go version of what newer ones have mended."""


def workspace_with(rule: Rule, folder: Path, text: str) -> tuple[Workspace, str]:
    (folder / "go.mod").write_text(f"module example\n\ngo {OLD.get(rule.code, '1.25')}\n")
    path = folder / "example.go"
    path.write_text(text)
    return Workspace(settings_for(rule.code)), str(path)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_page_is_complete(rule: Rule) -> None:
    page = rule.page()
    assert page.startswith(f"# {rule.code}\n")
    for heading in ("What it does", "Why it is bad", "Fix safety", "Options"):
        assert f"\n## {heading}\n" in page, heading
    assert set(examples(rule)) == {"bad", "good"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_bad_fires_exactly_once(rule: Rule, tmp_path: Path) -> None:
    workspace, path = workspace_with(rule, tmp_path, examples(rule)["bad"])
    assert [finding.code for finding in workspace.analyze_file(path).findings] == [rule.code]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_good_is_silent_under_all_rules(rule: Rule, tmp_path: Path) -> None:
    workspace, path = workspace_with(rule, tmp_path, examples(rule)["good"])
    assert [finding.code for finding in workspace.analyze_file(path).findings] == []


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.fix], ids=lambda rule: rule.code)
def test_the_fix_turns_bad_into_good(rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "NOT_IN_BATCH", frozenset())  # here everything may be applied
    workspace, path = workspace_with(rule, tmp_path, examples(rule)["bad"])
    result = fix_file(workspace, path, unsafe=rule.fix == "unsafe")
    assert result.after.decode() == examples(rule)["good"]
