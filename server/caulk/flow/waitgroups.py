"""Wait groups: what the goroutines that a function starts do with a group that the function waits for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caulk.flow.access import Place, place_of
from caulk.flow.cfg import Block, FunctionEnd, Item
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.semantics.model import named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit


@dataclass(frozen=True, slots=True, eq=False)
class GroupCall:
    """``wg.Add(1)``, ``wg.Done()``, ``wg.Wait()``."""

    place: Place
    method: str
    call: ir.Call
    statement: ir.Node | None
    """The expression statement or defer that it is; None inside another expression."""


@dataclass(frozen=True, slots=True, eq=False)
class LateAdd:
    """An Add in the goroutine itself: Wait may come before it."""

    unit: FunctionUnit
    go: ir.Go
    literal: ir.Function
    add: GroupCall
    wait: GroupCall
    first: bool
    """Whether it is the first statement of the goroutine."""


@dataclass(frozen=True, slots=True, eq=False)
class SkippedDone:
    """A Done that some way out of the goroutine does not pass."""

    unit: FunctionUnit
    go: ir.Go
    literal: ir.Function
    dones: tuple[GroupCall, ...]
    exit: ir.Return | FunctionEnd


def late_adds(unit: FunctionUnit) -> Iterator[LateAdd]:
    for go, literal in _goroutines(unit):
        inside = list(_calls(unit, literal))
        outer = list(_calls(unit, unit.uses.function_of(go)))
        done = {call.place for call in inside if call.method == "Done"}
        for add in inside:
            if add.method != "Add" or add.place not in done or not _is_outer(add.place, literal):
                continue
            if any(_in_loop(unit, call) for call in inside if call.place == add.place):
                continue  # it counts pieces of work, not itself
            same = [call for call in outer if call.place == add.place]
            wait = next((call for call in same if call.method == "Wait"), None)
            held = any(call.method == "Add" and call.call.start < go.start for call in same)
            if wait is not None and not held and add.statement is not None and literal.body is not None:
                yield LateAdd(unit, go, literal, add, wait, literal.body.statements[0] is add.statement)


def skipped_dones(unit: FunctionUnit) -> Iterator[SkippedDone]:
    for go, literal in _goroutines(unit):
        inside = list(_calls(unit, literal))
        for place in dict.fromkeys(call.place for call in inside if call.method == "Done"):
            dones = tuple(call for call in inside if call.place == place and call.method == "Done")
            plain = all(isinstance(done.statement, ir.ExprStmt) and not _in_loop(unit, done) for done in dones)
            if not plain or not _is_outer(place, literal) or _is_used_otherwise(unit, literal, place, len(dones)):
                continue
            left = _exit_without(unit, literal, dones)
            if left is not None:
                yield SkippedDone(unit, go, literal, dones, left)


def _goroutines(unit: FunctionUnit) -> Iterator[tuple[ir.Go, ir.Function]]:
    """The ``go func() { … }()`` statements."""
    if unit.function.body is None:
        return
    for node in walk(unit.function.body, literals=True):
        match node:
            case ir.Go(call=ir.Call(func=ir.FuncLit() as literal)) if literal.function.body is not None:
                yield node, literal.function
            case _:
                pass


def _calls(unit: FunctionUnit, function: ir.Function) -> Iterator[GroupCall]:
    """The calls of wait groups that stand directly in the function."""
    if function.body is None:
        return
    for node in walk(function.body):
        if not isinstance(node, ir.Call) or not isinstance(node.func, ir.Selector):
            continue
        if node.func.field not in ("Add", "Done", "Wait") or not _is_group(unit, node.func.base):
            continue
        place = place_of(node.func.base, lambda _: False)
        if place is not None:
            parent = unit.uses.parent(node)
            statement = parent if isinstance(parent, ir.ExprStmt | ir.Defer) else None
            yield GroupCall(place, node.func.field, node, statement)


def _is_group(unit: FunctionUnit, expr: ir.Expr) -> bool:
    owner = named(unit.typer.type_of(expr))
    return owner is not None and owner.qualified == "sync.WaitGroup"


def _in_loop(unit: FunctionUnit, call: GroupCall) -> bool:
    return any(isinstance(node, ir.For | ir.Range) for node in unit.uses.around(call.call))


def _is_outer(place: Place, literal: ir.Function) -> bool:
    """Whether the group is declared outside the goroutine."""
    return all(place.symbol.function is not inner for inner in literal.walk())


def _is_used_otherwise(unit: FunctionUnit, literal: ir.Function, place: Place, known: int) -> bool:
    """Whether the goroutine does more with the group than those calls of Done: hands it on, defers, adds."""
    assert literal.body is not None
    mentions = 0
    for node in walk(literal.body, literals=True):
        if isinstance(node, ir.Name | ir.Selector) and place_of(node, lambda _: False) == place:
            mentions += 1
    return mentions != known


def _exit_without(
    unit: FunctionUnit, literal: ir.Function, dones: tuple[GroupCall, ...]
) -> ir.Return | FunctionEnd | None:
    """The first way out that is reached without any of the calls."""
    statements = {id(done.statement) for done in dones}
    graph = unit.cfg(literal)
    seen = {graph.entry.index}
    todo: list[Block] = [graph.entry]
    for block in todo:
        stopped = False
        for item in block.items:
            if id(item) in statements:
                stopped = True
                break
            if isinstance(item, ir.Return | FunctionEnd):
                return item
        for edge in () if stopped else block.edges:
            if edge.target.index not in seen:
                seen.add(edge.target.index)
                todo.append(edge.target)
    return None


def leaves_after(unit: FunctionUnit, literal: ir.Function, done: GroupCall) -> bool:
    """Whether nothing but the way out follows the call."""

    def is_end(item: Item) -> bool:
        return isinstance(item, FunctionEnd) or (isinstance(item, ir.Return) and not item.values)

    for block in unit.cfg(literal).reachable():
        for number, item in enumerate(block.items):
            if item is done.statement:
                following = block.items[number + 1 :]
                while not following and len(block.edges) == 1 and block.edges[0].target is not block:
                    block = block.edges[0].target
                    following = block.items
                return bool(following) and is_end(following[0])
    return False
