"""The manifest of the VS Code extension, as it is packed: what it offers is what there is."""

from __future__ import annotations

import json
from typing import Any

from caulk.config.settings import ALL, SEVERITIES, TIERS
from caulk.dev.extension import EXTENSION, ROOT, package, pictures
from caulk.lsp.session import KNOWN_OPTIONS
from caulk.rules.registry import RULES

CODES = {rule.code for rule in RULES}
MANIFEST: dict[str, Any] = package(json.loads((EXTENSION / "package.json").read_text(encoding="utf-8")))
SETTINGS: dict[str, dict[str, Any]] = MANIFEST["contributes"]["configuration"]["properties"]


def test_settings_know_all_rules_and_no_others() -> None:
    for name in ("caulk.select", "caulk.ignore"):
        assert set(SETTINGS[name]["items"]["enum"]) == CODES | {ALL, *TIERS}
    assert set(SETTINGS["caulk.severity"]["properties"]) == CODES
    assert all(one["enum"] == list(SEVERITIES) for one in SETTINGS["caulk.severity"]["properties"].values())


def test_a_workspace_that_is_not_trusted_names_no_programs_and_no_places() -> None:
    restricted = set(MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"])
    assert restricted == {name for name, setting in SETTINGS.items() if setting["scope"] == "machine-overridable"}
    assert {"caulk.path", "caulk.interpreter", "caulk.importStrategy"} <= restricted


def test_what_the_server_asks_for_by_folder_can_be_set_by_folder() -> None:
    spelled = {"defer-style": "deferStyle", "module-cache": "moduleCache"}
    for name in (*KNOWN_OPTIONS, "deferToGopls"):
        assert SETTINGS[f"caulk.{spelled.get(name, name)}"]["scope"] in ("resource", "machine-overridable")


def test_every_setting_and_picture_is_on_its_page() -> None:
    page = (ROOT / "docs" / "editors" / "vscode.md").read_text(encoding="utf-8")
    assert [name for name in SETTINGS if f"`{name}`" not in page and f'"{name}"' not in page] == []
    assert pictures(MANIFEST) == [
        "walkthrough/fixed.png",
        "walkthrough/menu.png",
        "walkthrough/problem.png",
        "walkthrough/problems.png",
    ]
