"""The layers of the architecture: import-linter holds them; here is what it cannot see."""

from __future__ import annotations

import ast
from pathlib import Path

SERVER = Path(__file__).parents[1] / "server" / "caulk"
FIXES = Path(__file__).parents[1] / "codefixes" / "caulk_codefixes"


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def users_of(package: str) -> set[str]:
    return {
        str(path.relative_to(root).parts[0])
        for root in (SERVER, FIXES)
        for path in root.rglob("*.py")
        if any(name == package or name.startswith(package + ".") for name in imported(path))
    }


def test_only_the_server_knows_the_protocol() -> None:
    assert users_of("pygls") == {"lsp"}
    assert users_of("lsprotocol") == {"lsp"}


def test_only_the_syntax_layer_knows_tree_sitter() -> None:
    assert users_of("tree_sitter") == {"syntax"}


def test_fixes_know_no_rule_codes() -> None:
    from caulk.rules.registry import RULES

    for path in FIXES.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not [rule.code for rule in RULES if f'"{rule.code}"' in text], path.name


def test_rules_do_not_import_rules() -> None:
    for path in (SERVER / "rules").glob("*/*.py"):
        family = f"caulk.rules.{path.parent.name}"
        modules = {name for name in imported(path) if name.startswith("caulk.rules.") and name.count(".") > 2}
        others = {name for name in modules if "RULE" in (SERVER.parent / (name.replace(".", "/") + ".py")).read_text()}
        assert not others, f"{family}.{path.stem} imports {others}"
