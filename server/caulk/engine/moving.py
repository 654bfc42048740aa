"""Findings that stay while the text around them moves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

from caulk.findings.finding import Finding
from caulk.flow.edits import Edit

_LINE = re.compile(r"\blines? \d")


def names_line(findings: Iterable[Finding], edit: Edit) -> bool:
    """Whether a message says the number of a line that may have another one now."""
    texts = (text for finding in findings for text in (finding.message, *(step.message for step in finding.related)))
    return bool(edit.lines) and any(map(_LINE.search, texts))


def moved(findings: tuple[Finding, ...], edit: Edit) -> tuple[Finding, ...]:
    """The findings with their places in the text after an edit to which they have nothing to say."""
    return tuple([_moved(finding, edit) for finding in findings])


def last_offset(value: Any) -> int:
    """The greatest offset in what a rule reports, whatever file it is of."""
    kind: Callable[..., Any] = type(value)
    if kind is int:
        return int(value)
    parts = value if kind is tuple else [getattr(value, name) for name in _names(kind)]
    return max(map(last_offset, parts), default=-1)


def _moved(finding: Finding, edit: Edit) -> Finding:
    path = edit.file.path
    found: Finding = _shifted(finding, edit) if finding.path == path else finding
    if all(step.path in ("", finding.path) for step in finding.related):
        return found
    related = [_shifted(step, edit) if (step.path or finding.path) == path else step for step in finding.related]
    return replace(found, related=tuple(related))


def _shifted(value: Any, edit: Edit) -> Any:
    """``value`` with its offsets behind the edit shifted: every number in what a rule reports is an offset. (What says that
    there is none is less than any.)"""
    kind: Callable[..., Any] = type(value)
    if kind is int:
        return value + edit.growth if value >= edit.end else value
    if kind is tuple:
        return tuple([_shifted(part, edit) for part in value])
    names = _names(kind)
    if not names:
        return value
    before = [getattr(value, name) for name in names]
    after = [_shifted(part, edit) for part in before]
    return value if before == after else kind(*after)


@cache
def _names(kind: Callable[..., Any]) -> tuple[str, ...]:
    """The fields of a dataclass, in the order of its constructor."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()
