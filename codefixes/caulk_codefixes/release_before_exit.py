"""A release in front of each way out that lacks one, as the neighbouring exits have it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Exit, ExitKind, Place, Unreleased, Where
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.hoist_defer import can_hoist
from caulk_codefixes.layout import insert_statement, starts_line

MAX_SAFE_EXITS = 2
MAX_EXITS = 6
DRAINS_ITSELF = (1, 27)
"""The Go version whose ``Close`` reads the rest of a body itself."""


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, Unreleased)
    if evidence.spawned or can_hoist(evidence):
        return
    exits = evidence.exits
    if not exits or len(exits) > MAX_EXITS:
        return
    if any(exit_.uses_value or exit_.goes_on or exit_.hidden for exit_ in exits):
        return
    if evidence.context_kept and not all(exit_.fails for exit_ in exits):
        return
    where = "before this exit" if len(exits) == 1 else f"before these {len(exits)} exits"
    call, drain = evidence.release.call, evidence.release.drain
    edits = _edits(source, evidence, [call])
    if edits:
        yield Fix("release-before-exit", f"Add `{call}` {where}", edits, _applicability(evidence))
    if drain and _goes_round(exits) and settings.go_version < DRAINS_ITSELF:
        edits = _edits(source, evidence, [f"io.Copy(io.Discard, {drain})", call])
        if edits:
            title = f"Read the rest of `{drain}` and close it {where}"
            yield Fix("drain-before-exit", title, edits, Applicability.UNSAFE, frozenset({"io"}))


def _goes_round(exits: tuple[Exit, ...]) -> bool:
    """Whether the request is tried again: the connection of the last try is wanted."""
    return all(exit_.kind in (ExitKind.BRANCH, ExitKind.OVERWRITTEN) for exit_ in exits)


def _applicability(evidence: Unreleased) -> Applicability:
    doubtful = len(evidence.exits) > MAX_SAFE_EXITS or any(
        exit_.maybe_nil or exit_.maybe_released or exit_.kind is ExitKind.OVERWRITTEN for exit_ in evidence.exits
    )
    return Applicability.UNSAFE if doubtful else Applicability.SAFE


def _edits(source: SourceFile, evidence: Unreleased, lines: list[str]) -> tuple[Edit, ...]:
    """The lines in front of every exit; none when one exit does not take them, or two are the same place."""
    edits = [_edit(source, evidence, exit_, lines) for exit_ in evidence.exits]
    known = tuple(edit for edit in edits if edit is not None)
    return known if len({edit.start for edit in known}) == len(edits) else ()


def _edit(source: SourceFile, evidence: Unreleased, exit_: Exit, lines: list[str]) -> Edit | None:
    """The release in front of the leaving statement; the end of a block is a closing brace on a line of its own."""
    if not starts_line(source, exit_.start):
        return None
    guard = evidence.release.nil_guard or (_value(evidence.release.call) if exit_.maybe_nil else "")
    if guard:
        lines = [f"if {guard} != nil {{", *("\t" + line for line in lines), "}"]
    if exit_.kind is ExitKind.END:
        lines = ["\t" + line for line in lines]
    at = exit_.before if exit_.before >= 0 and starts_line(source, exit_.before) else exit_.start
    return insert_statement(source, Place(Where.BEFORE, at), lines)


def _value(call: str) -> str:
    """What a release is called on: ``f`` of ``f.Close()``, ``cancel`` of ``cancel()``."""
    return re.split(r"[.(]", call, maxsplit=1)[0]


FIX = CodeFix("release-before-exit", Unreleased, _offer)
