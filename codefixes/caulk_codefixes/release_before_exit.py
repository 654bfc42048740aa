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


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, Unreleased)
    if evidence.spawned:
        return
    if can_hoist(evidence):
        return
    exits = evidence.exits
    if not exits or len(exits) > MAX_EXITS or any(exit_.uses_value or exit_.goes_on for exit_ in exits):
        return
    edits = [_edit(source, evidence, exit_) for exit_ in exits]
    known = tuple(edit for edit in edits if edit is not None)
    if len(known) < len(edits) or len({edit.start for edit in known}) < len(known):
        return
    doubtful = len(exits) > MAX_SAFE_EXITS or any(
        exit_.maybe_nil or exit_.maybe_released or exit_.kind is ExitKind.OVERWRITTEN for exit_ in exits
    )
    applicability = Applicability.UNSAFE if doubtful or evidence.release.nil_guard else Applicability.SAFE
    where = "before this exit" if len(exits) == 1 else f"before these {len(exits)} exits"
    yield Fix("release-before-exit", f"Add `{evidence.release.call}` {where}", known, applicability)


def _edit(source: SourceFile, evidence: Unreleased, exit_: Exit) -> Edit | None:
    """The release in front of the leaving statement; the end of a block is a closing brace on a line of its own."""
    if not starts_line(source, exit_.start):
        return None
    call = evidence.release.call
    guard = evidence.release.nil_guard or (_value(call) if exit_.maybe_nil else "")
    lines = [f"if {guard} != nil {{", f"\t{call}", "}"] if guard else [call]
    if exit_.kind is ExitKind.END:
        lines = ["\t" + line for line in lines]
    return insert_statement(source, Place(Where.BEFORE, exit_.start), lines)


def _value(call: str) -> str:
    """What a release is called on: ``f`` of ``f.Close()``, ``cancel`` of ``cancel()``."""
    return re.split(r"[.(]", call, maxsplit=1)[0]


FIX = CodeFix("release-before-exit", Unreleased, _offer)
