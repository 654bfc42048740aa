"""``caulk explain`` and ``caulk rules``."""

from __future__ import annotations

import json
import sys

import click

from caulk.cli.common import codes
from caulk.cli.exit_code import ExitCode
from caulk.rules import registry


def run_explain(code: str) -> ExitCode:
    """Print the page of a rule; as plain Markdown when the output is not a terminal."""
    codes([code])
    rule = registry.rule_of(code)
    if rule is None:
        raise click.UsageError(f"{code} is a tier; `caulk rules` lists the rules in it")
    page = rule.page()
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(page))
    else:
        click.echo(page, nl=False)
    return ExitCode.OK


def run_rules(format_: str) -> ExitCode:
    """Print all rules."""
    if format_ == "json":
        listed = [
            {"code": rule.code, "tier": rule.tier.value, "fix": rule.fix, "summary": rule.summary}
            for rule in registry.RULES
        ]
        click.echo(json.dumps(listed, indent=2))
        return ExitCode.OK
    width = max(len(rule.code) for rule in registry.RULES)
    for rule in sorted(registry.RULES, key=lambda rule: rule.code):
        click.echo(f"{rule.code:{width}}  {rule.tier.value:12}  {rule.fix or '-':6}  {rule.summary}")
    return ExitCode.OK
