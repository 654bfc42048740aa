"""Map entries that one way out of a function forgets to delete."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_insertions import MissingAtExits
from caulk.findings.finding import Finding, Tier
from caulk.flow.cfg import FunctionEnd
from caulk.flow.entry_walk import LeftEntry, left_entries
from caulk.flow.program import FunctionUnit
from caulk.flow.scope import meaning
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.insertions import before_exit
from caulk.rules.report import NO_EVIDENCE, finding_at, related_at
from caulk.rules.rule import Rule


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for left in left_entries(unit):
        yield _finding(left)


def _finding(left: LeftEntry) -> Finding:
    unit, insert = left.unit, left.insert
    key = unit.source_text(insert.key)
    lines = ", ".join(str(unit.line(exit_.start)) for exit_ in left.exits)
    return finding_at(
        unit,
        insert.node,
        code=RULE.code,
        tier=RULE.tier,
        message=(
            f"the entry of {key} stays in {insert.name} on the way out at line {lines}: the other ways take it out"
        ),
        evidence=_evidence(left),
        related=(
            related_at(unit, left.delete.node, "taken out on another way"),
            *(related_at(unit, ir.Node(exit_.start, exit_.end), "left with the entry in it") for exit_ in left.exits),
        ),
    )


def _evidence(left: LeftEntry) -> Evidence:
    """The statement that takes it out on another way, with the lock around it where the way out does not hold that."""
    unit, delete, body = left.unit, left.delete.node, left.function.body
    if body is None or not all(_means_the_same(unit, delete, exit_) for exit_ in left.exits):
        return NO_EVIDENCE
    written = unit.source_text(delete)
    wrapped = {_locked(left, exit_, written) for exit_ in left.exits}
    lines = wrapped.pop()
    if wrapped or lines is None or any(_reads(unit, exit_, left.insert.name) for exit_ in left.exits):
        return NO_EVIDENCE
    places = tuple(before_exit(unit, body, exit_) for exit_ in left.exits)
    return MissingAtExits(lines, places, written, changes_behaviour=True)


def _means_the_same(unit: FunctionUnit, delete: ir.Node, exit_: ir.Node) -> bool:
    names = {node.name for node in walk(delete) if isinstance(node, ir.Name)}
    return all(meaning(unit, delete, name) is meaning(unit, exit_, name) for name in names)


def _reads(unit: FunctionUnit, exit_: ir.Node, name: str) -> bool:
    return name in unit.source_text(exit_)


def _locked(left: LeftEntry, exit_: ir.Return | FunctionEnd, written: str) -> tuple[str, ...] | None:
    """The lines for one way out. None where nobody knows which lock they need."""
    use = left.unit.locks.of(left.function)
    missing = use.locked_before(left.delete.node) - use.locked_before(exit_)
    if not missing:
        return (written,)
    (path, mode), *others = missing
    locking = next((call for call in use.calls if call.locks and call.path == path and call.mode is mode), None)
    deferred = any(call.path == path for call in use.deferred.values())
    if others or locking is None or deferred or not use.is_own(path):
        return None
    name = left.unit.source_text(locking.name.base)
    return f"{name}.{mode.value}()", written, f"{name}.{mode.unlock}()"


RULE = Rule(
    module=__name__,
    code="map-entry-left",
    tier=Tier.CORE,
    summary="a way out of a function leaves an entry in a map that its other ways delete",
    check_function=_check,
    fix="unsafe",
    tests_too=False,
)
