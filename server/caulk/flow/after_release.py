"""Uses of a value behind its release, where every way to the use leads by the release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from caulk.flow.access import Place, place_of
from caulk.flow.acquires import Acquire
from caulk.flow.cfg import Block, Item
from caulk.flow.outcomes import Ending, Event, Outcome
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

USING_METHODS = {
    "file": frozenset(
        {"Read", "Write", "WriteString", "ReadAt", "WriteAt", "Seek", "Stat", "Sync", "Truncate", "ReadFrom", "WriteTo"}
    ),
    "conn": frozenset({"Read", "Write", "SetDeadline", "SetReadDeadline", "SetWriteDeadline", "NewSession"}),
    "body": frozenset({"Read"}),
    "rows": frozenset({"Next", "Scan", "StructScan", "MapScan", "SliceScan", "Columns", "NextResultSet"}),
    "tx": frozenset({"Exec", "ExecContext", "Query", "QueryContext", "QueryRow", "QueryRowContext", "Prepare"}),
    "stmt": frozenset({"Exec", "ExecContext", "Query", "QueryContext", "QueryRow", "QueryRowContext"}),
}
"""By the kind of the contract: methods that fail on what was released."""

_READING_PACKAGES = ("io", "bufio", "encoding/", "io/ioutil")
_WRITING = ("Fprint", "Fprintf", "Fprintln")


def use_after(unit: FunctionUnit, acquire: Acquire, outcome: Outcome) -> tuple[Event, ir.Call] | None:
    """The first use of the value that comes after a plain release of it on every way there."""
    place = acquire.place
    methods = USING_METHODS.get(acquire.contract.kind)
    if place is None or methods is None or acquire.contract.released_through:
        return None
    for event in outcome.of(Ending.RELEASED):
        if not isinstance(event.item, ir.ExprStmt) or not _is_plain(event.item.expr, place, acquire):
            continue
        for block, item in _following(event, place):
            call = _use_in(unit, item, place, methods)
            if call is not None and _is_dominated(unit, acquire, event, block):
                return event, call
    return None


def _is_plain(expr: ir.Expr, place: Place, acquire: Acquire) -> bool:
    """Whether it is ``x.Close()`` itself."""
    func = expr.func if isinstance(expr, ir.Call) else None
    return (
        isinstance(func, ir.Selector)
        and func.field in acquire.contract.must_call
        and place_of(func.base, lambda _: False) == place
    )


def _following(event: Event, place: Place) -> Iterator[tuple[Block, Item]]:
    """The items behind the release, up to where the variable gets another value."""
    todo: list[tuple[Block, int]] = [(event.block, event.block.items.index(event.item) + 1)]
    seen: set[int] = set()
    while todo:
        block, start = todo.pop(0)
        for item in block.items[start:]:
            if _binds(item, place.symbol) or _may_rebind(item, place):
                break
            yield block, item
        else:
            for edge in block.edges:
                if edge.target.index not in seen:
                    seen.add(edge.target.index)
                    todo.append((edge.target, 0))


def _binds(item: Item, symbol: ir.Symbol) -> bool:
    match item:
        case ir.Assign():
            targets = item.left
        case ir.Range():
            targets = tuple(part for part in (item.key, item.value) if part is not None)
        case _:
            return False
    return any(
        (found := place_of(target, lambda _: False)) is not None and found.symbol is symbol for target in targets
    )


def _may_rebind(item: Item, place: Place) -> bool:
    """Whether a callee gets what holds the value, or its address, and may put another one there."""
    for part in expressions(item):
        for arg in part.args if isinstance(part, ir.Call) else ():
            found = place_of(arg, lambda _: False)
            if found is None or found.symbol is not place.symbol:
                continue
            if len(found.path) < len(place.path) or (isinstance(arg, ir.Unary) and arg.op == "&"):
                return True
    return False


def _use_in(unit: FunctionUnit, item: Item, place: Place, methods: frozenset[str]) -> ir.Call | None:
    if isinstance(item, ir.Defer | ir.Go | ir.Range | ir.TypeCase):
        return None
    for part in expressions(item):
        if not isinstance(part, ir.Call):
            continue
        func = part.func
        if isinstance(func, ir.Selector) and func.field in methods and place_of(func.base, lambda _: False) == place:
            return part
        if any(place_of(arg, lambda _: False) == place for arg in part.args):
            callee = unit.typer.callee(part)
            reads = callee.package.startswith(_READING_PACKAGES) and unit.program.is_std(callee.package)
            if reads or (callee.package == "fmt" and callee.short in _WRITING):
                return part
    return None


def _is_dominated(unit: FunctionUnit, acquire: Acquire, event: Event, block: Block) -> bool:
    if block is event.block or event.block is acquire.block:
        return True
    return not unit.cfg(acquire.function).reaches(acquire.block, block, avoiding=event.block)
