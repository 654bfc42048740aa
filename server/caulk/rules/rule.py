"""What a rule is: a value. Its page is the Markdown file beside its module."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from caulk.findings.finding import Finding, Tier

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit, Program


Gate: TypeAlias = "Callable[[FunctionUnit], bool]"


def everywhere(unit: FunctionUnit) -> bool:
    """The gate of a rule that looks at every function."""
    return True


@cache
def words(*needed: str) -> Gate:
    """The gate of functions in which one of the words occurs (``go chan``: both)."""
    choices = tuple(frozenset(choice.encode().split()) for choice in needed)

    def gate(unit: FunctionUnit) -> bool:
        return any(choice <= unit.words for choice in choices)

    return gate


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue.

    ``check_function`` looks at one top-level function (its literals included) and is cached by what it saw; ``check_package``
    needs the whole package. A rule that has both finds different things with them.
    """

    module: str
    """``__name__`` of the module that defines it: its page stands beside it."""
    code: str
    tier: Tier
    summary: str
    """What it reports, in one line without a full stop."""
    check_function: Callable[[FunctionUnit], Iterable[Finding]] | None = None
    check_package: Callable[[Program], Iterable[Finding]] | None = None
    gate: Gate = everywhere
    """A cheap question about a function, asked before ``check_function``: see :func:`words`. Rules that share the gate share
    the answer."""
    needs: tuple[str, ...] = ()
    """Import paths (prefixes) one of which a file must import for the rule to run on it; empty: always."""
    fix: str = ""
    """How safe its fix is at best: ``safe``, ``unsafe`` or empty (no edit)."""
    tests_too: bool = True
    """Whether it looks at ``_test.go`` files (findings there are hints)."""
    duplicates: tuple[str, ...] = field(default=())
    """Checks of other tools that report the same class (``gopls: lostcancel``)."""

    def __post_init__(self) -> None:
        if self.check_function is None and self.check_package is None:
            raise ValueError(f"{self.code}: a check is needed")

    @property
    def page_path(self) -> Path:
        """The Markdown page: ``<family>/<code_with_underscores>.md`` in this package."""
        family = self.module.split(".")[2]
        return Path(__file__).parent / family / f"{self.code.replace('-', '_')}.md"

    def page(self) -> str:
        """The text of the page. Raises OSError when the package is damaged."""
        return self.page_path.read_text(encoding="utf-8")
