"""Ways out of a function on which a lock stays locked that its other ways unlock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_insertions import MissingAtExits
from caulk.findings.finding import Finding, Related, Tier
from caulk.flow.cfg import FunctionEnd
from caulk.flow.lock_calls import LockCall, LockPath
from caulk.flow.locks import LockUse, OpenExit
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.insertions import before_exit
from caulk.rules.locks.deferrable import deferrable
from caulk.rules.locks.lock_text import lock_name
from caulk.rules.report import NO_EVIDENCE, finding_at, related_at
from caulk.rules.rule import Rule, words

Way: TypeAlias = "ir.Return | FunctionEnd | LockCall"

_HELD_FOR_THE_CALLER = re.compile(r"^(?:(?:try|must|maybe)_?)?[rRwW]?[lL]ock|Lock$|[aA]cquire")
"""Names of functions that may return with a lock held on purpose."""
_SAYS_SO = re.compile(rb"(?i)\b(?:un)?lock(?:s|ed|ing)?\b")


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if _HELD_FOR_THE_CALLER.search(unit.name):
        return
    for use in unit.locks.all:
        for lock in dict.fromkeys(left.lock for left in use.open):
            exits = [left for left in use.open if left.lock is lock and _is_forgotten(unit, use, left)]
            if exits:
                yield _finding(unit, use, lock, [left.exit for left in exits])


def _is_forgotten(unit: FunctionUnit, use: LockUse, left: OpenExit) -> bool:
    """Whether nothing says that the lock is held on purpose."""
    if left.lock not in use.released or not use.is_own(left.lock.path):
        return False
    if not _is_surely_held(use, left):
        return False
    return not (_is_documented(unit) or _unlocked_by_caller(unit, left.lock.path))


def _is_surely_held(use: LockUse, left: OpenExit) -> bool:
    if isinstance(left.exit, LockCall):
        return True
    return (left.lock.path, left.lock.mode) in use.locked_before(left.exit)


def _is_documented(unit: FunctionUnit) -> bool:
    """Whether the comment above the function speaks of locks."""
    lines = unit.file.source.data[: unit.chunk.start].rstrip(b" \t").split(b"\n")[:-1]
    for line in reversed(lines):
        if not line.lstrip().startswith((b"//", b"*", b"/*")):
            return False
        if _SAYS_SO.search(line):
            return True
    return False


def _unlocked_by_caller(unit: FunctionUnit, path: LockPath) -> bool:
    """Whether a function that calls this one unlocks such a lock without having locked it."""
    last = path.steps[-1:] or ((path.root,) if isinstance(path.root, str) else ())
    name = unit.name.encode()
    for caller in unit.program.mentioning(name):
        if caller is unit or caller.words.isdisjoint((b"Unlock", b"RUnlock")):
            continue
        for use in caller.locks.all:
            if any((other.steps[-1:] or (other.root,)) == last or not last for other in use.inherited | use.handed):
                return True
    return False


def _finding(unit: FunctionUnit, use: LockUse, lock: LockCall, exits: list[Way]) -> Finding:
    name = lock_name(unit, lock)
    ways = {way.start: way for way in exits if not isinstance(way, LockCall)}
    if ways:
        lines = ", ".join(str(unit.line(start)) for start in ways)
        message = (
            f"{name} stays locked on the way out at line {lines}: everybody who locks it afterwards waits for ever"
        )
    else:
        message = (
            f"a round of the loop can end without {name}.{lock.mode.unlock}: then the next one waits here for ever"
        )
    return finding_at(
        unit,
        lock.call,
        code=RULE.code,
        tier=Tier.CORE,
        message=message,
        evidence=_evidence(unit, use, lock, list(ways.values()))
        if len(ways) == len({id(way) for way in exits})
        else NO_EVIDENCE,
        related=(
            *_unlocks(unit, use, lock),
            *(related_at(unit, ir.Node(way.start, way.end), "left with it locked") for way in ways.values()),
        ),
    )


def _unlocks(unit: FunctionUnit, use: LockUse, lock: LockCall) -> Iterator[Related]:
    other = next((call for call in use.calls if not call.locks and call.path == lock.path), None)
    if other is not None:
        yield related_at(unit, other.call, "unlocked on another way")


def _evidence(unit: FunctionUnit, use: LockUse, lock: LockCall, ways: list[ir.Return | FunctionEnd]) -> Evidence:
    """An unlock before each of the ways out where that cannot change what they return, else a deferred one."""
    if _is_hidden(unit, lock.path):
        return NO_EVIDENCE
    if all(_is_free_of_state(value) for way in ways for value in _values(way)):
        return _at_exits(unit, use, lock, ways, changes_behaviour=False)
    deferred = deferrable(unit, use, lock)
    if deferred is not None:
        return deferred
    reads = any(_reads_what_is_locked(lock, way) for way in ways)
    return NO_EVIDENCE if reads else _at_exits(unit, use, lock, ways, changes_behaviour=True)


def _at_exits(
    unit: FunctionUnit, use: LockUse, lock: LockCall, ways: list[ir.Return | FunctionEnd], *, changes_behaviour: bool
) -> MissingAtExits:
    unlock, body = f"{lock_name(unit, lock)}.{lock.mode.unlock}()", use.function.body
    assert body is not None
    return MissingAtExits((unlock,), tuple(before_exit(unit, body, way) for way in ways), unlock, changes_behaviour)


def _values(way: ir.Return | FunctionEnd) -> tuple[ir.Expr, ...]:
    return way.values if isinstance(way, ir.Return) else ()


def _is_hidden(unit: FunctionUnit, path: LockPath) -> bool:
    """Whether the name of the lock may mean something else at another place."""
    root = path.root
    name = root if isinstance(root, str) else root.name
    return any(symbol.name == name and symbol is not root for symbol in unit.function.symbols)


def _reads_what_is_locked(lock: LockCall, exit_: ir.Return | FunctionEnd) -> bool:
    """Whether the way out still reads what stands beside the lock."""
    root = lock.path.root
    names = (node for value in _values(exit_) for node in walk(value, literals=True) if isinstance(node, ir.Name))
    return any(name.symbol is root if isinstance(root, ir.Symbol) else name.symbol is None for name in names)


def _is_free_of_state(value: ir.Expr) -> bool:
    """Whether a returned value reads nothing that the lock may guard."""
    return all(isinstance(node, ir.Name | ir.Literal) or _is_new_error(node) for node in walk(value))


def _is_new_error(node: ir.Node) -> bool:
    match node:
        case ir.Call(func=ir.Selector(base=ir.Name(symbol=None, name="errors" | "fmt"), field="New" | "Errorf")):
            return True
        case ir.Selector(base=ir.Name(symbol=None)):
            return True
        case _:
            return False


RULE = Rule(
    module=__name__,
    code="lock-not-released",
    tier=Tier.CORE,
    summary="a way out of a function leaves a lock locked that its other ways unlock",
    check_function=_check,
    gate=words("Lock Unlock", "RLock RUnlock", "RLock Unlock"),
    fix="safe",
)
