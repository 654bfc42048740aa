"""An edit of one body: the program changes in place, and says whose findings may be others now.

Only what the body says is new. As long as the text around it and the head of the function stay, so do the declarations of the
package, and with them types, trees and all that was found out about functions that have nothing to do with this one."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from caulk.flow.program import FileUnit, FunctionUnit, Program
from caulk.flow.reads import REQUESTS, Reader
from caulk.flow.request_reach import Requests
from caulk.flow.requests import sees_request
from caulk.syntax.split import body_alone


@dataclass(frozen=True, slots=True)
class Edit:
    """What one edit did to a file."""

    file: FileUnit
    end: int
    """The byte offset in the old text behind what was edited."""
    growth: int
    """How many bytes the text has grown."""
    lines: int
    """How many lines it has grown."""
    stale: frozenset[Reader]
    """The functions and rules whose findings may be others."""
    before: bytes
    after: bytes
    """The texts of the function."""

    def changes(self, pattern: bytes) -> bool:
        """Whether the function matches a regular expression that it did not match, or no longer does."""
        return (re.search(pattern, self.before) is None) != (re.search(pattern, self.after) is None)


def edit_body(program: Program, file: FileUnit, data: bytes) -> Edit | None:
    """Make ``data`` the text of the file. None, and nothing is done, when more than one body is another one then."""
    before = file.source.data
    start, end = _difference(before, data)
    growth = len(data) - len(before)
    if not growth and before.count(b"\n", start, end) != data.count(b"\n", start, end):
        return None  # all offsets stay and lines do not: nothing would tell what is shown elsewhere now
    units = program.units_of[file]
    number = bisect_left(units, start, key=lambda unit: unit.cut.start + unit.moved) - 1
    unit = units[number] if number >= 0 else None
    if unit is None or start <= unit.chunk.start + len(unit.head.text) or end >= unit.chunk.end:
        return None
    body = body_alone(data[unit.chunk.start : unit.chunk.end + growth])
    if body is None:
        return None
    old = _Known(program, unit)
    file.moved(file.source.edited(start, end, data[start : end + growth]), unit.head.start, growth)
    unit.rewrite(body.code, growth, is_damaged=body.is_damaged)
    for other in units[number + 1 :]:
        other.moved += growth
    lines = unit.text.count(b"\n") - old.text.count(b"\n")
    return Edit(file, end, growth, lines, frozenset(old.stale()), old.text, unit.text)


def _difference(before: bytes, after: bytes) -> tuple[int, int]:
    """The span of ``before`` outside which the texts are the same: from the first byte that differs."""
    shorter = min(len(before), len(after))
    start = _longest(shorter, lambda count: before[:count] == after[:count])
    tail = _longest(shorter - start, lambda count: not count or before[-count:] == after[-count:])
    return start, len(before) - tail


def _longest(limit: int, same: Callable[[int], bool]) -> int:
    """The greatest number up to ``limit`` for which ``same`` is true, as it is for all smaller ones."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if same(middle) else (low, middle - 1)
    return low


_Code: TypeAlias = tuple[object, ...]


class _Known:
    """What is known of a program before a body changes."""

    def __init__(self, program: Program, unit: FunctionUnit) -> None:
        self._program = program
        self._unit = unit
        self.text = unit.text
        self._code = unit.code
        self._words = unit.words
        self._facts = program.facts_of(unit)
        self._requests = program.known_requests
        self._is_request = sees_request(unit)

    def stale(self) -> set[Reader]:
        """Whose findings may be others now that the body changed; what was found out about these functions is forgotten."""
        program, unit, reads = self._program, self._unit, self._program.reads
        stale = reads.changed(unit, (self.text, self._code), self._words ^ unit.words)
        if self._facts != program.facts_of(unit):
            renamed = program.forget_facts()
            stale |= reads.affected(other for other in program.units if not renamed.isdisjoint(other.words))
        program.forget([reader for reader in stale if isinstance(reader, FunctionUnit)])
        if self._requests is not None and (REQUESTS in stale or self._is_request or sees_request(unit)):
            more = reads.affected(self._changed_requests(self._requests)) - stale
            program.forget([reader for reader in more if isinstance(reader, FunctionUnit)])
            stale |= more
        return stale

    def _changed_requests(self, before: Requests) -> set[Reader]:
        """The functions that run for other requests now, or get something else of them, and who looks at all that do."""
        self._program.forget_requests()
        old, new = _by_unit(before), _by_unit(self._program.requests)
        changed = {unit for unit in old.keys() | new.keys() if old.get(unit) != new.get(unit)}
        return {*changed, *(self._program.reads.of_requests if changed else ())}


def _by_unit(requests: Requests) -> dict[FunctionUnit, list[_Code]]:
    found: dict[FunctionUnit, list[_Code]] = {}
    for code in (*requests.code.values(), *requests.keyed.values()):
        kind = code.framework, code.is_handler, code.is_adapted
        what = (id(code.function), code.context, kind, code.tainted, code.bound, code.caller)
        found.setdefault(code.unit, []).append(what)
    return found
