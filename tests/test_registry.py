"""The registry knows every rule module, and every rule has its page."""

from __future__ import annotations

import importlib
import pkgutil

import caulk.rules
from caulk.rules.registry import RULES
from caulk.rules.rule import Rule


def test_every_rule_module_has_a_line() -> None:
    registered = {rule.code for rule in RULES}
    missing = []
    for module in pkgutil.walk_packages(caulk.rules.__path__, "caulk.rules."):
        if module.name.count(".") == 3:
            rule = getattr(importlib.import_module(module.name), "RULE", None)
            if isinstance(rule, Rule) and rule.code not in registered:
                missing.append(f"    {module.name.rpartition('.')[2]}.RULE,")
    assert not missing, "add to RULES in caulk/rules/registry.py:\n" + "\n".join(missing)


def test_codes_are_unique_and_kebab_case() -> None:
    codes = [rule.code for rule in RULES]
    assert len(codes) == len(set(codes))
    assert all(code == code.lower() and "_" not in code and " " not in code for code in codes)


def test_every_rule_has_a_page() -> None:
    missing = [str(rule.page_path) for rule in RULES if not rule.page_path.exists()]
    assert not missing, missing
