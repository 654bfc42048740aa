"""Entries that a function puts into a long-lived map and takes out again on some of its ways out only.

The walk begins behind the insert. It stops where somebody else gets to know of the entry who may take it out: then nothing is
said of the ways out behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caulk.flow import facts as known
from caulk.flow.cfg import Block, FunctionEnd, Item, items
from caulk.flow.entries import TAKES_OUT, Change, changes_in
from caulk.flow.facts import Facts
from caulk.flow.shapes import MAKES_ERROR, closure_of, is_nil, last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.semantics.model import Basic, CalleeKind

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

MAX_STATES = 400
"""States of the walk from one insert; beyond that nothing is said of it."""

_ENDS_CONTEXT = re.compile(r"(?i)cancel")
_ERROR_NAME = re.compile(r"[eE]rr|EOF")
_WORD = re.compile(rb"\w+")
_LOADS = "LoadOrStore"
_WAITS = frozenset({"Wait", "Done"})


@dataclass(slots=True, eq=False)
class Way:
    """A way out that is reached from the insert."""

    exit: ir.Return | FunctionEnd
    fails: bool = True
    """Whether all that come there hand out an error."""
    kept: bool = False
    """Whether some come there with the entry in the map."""
    removed: bool = False
    """Whether some come there without it."""


@dataclass(frozen=True, slots=True, eq=False)
class LeftEntry:
    """An entry that stays on some ways out while others take it out."""

    unit: FunctionUnit
    function: ir.Function
    insert: Change
    delete: Change
    """How another way takes it out."""
    exits: tuple[ir.Return | FunctionEnd, ...]


def left_entries(unit: FunctionUnit) -> Iterator[LeftEntry]:
    """What a top-level function, or a literal in it, leaves behind on some of its ways out."""
    if not unit.program.entry_calls.may_pair(unit):
        return
    for function in unit.function.walk():
        changes = list(changes_in(unit, function)) if function.body is not None else []
        for insert in changes:
            mine = [change for change in changes if change.map == insert.map]
            deletes = [change for change in mine if not change.inserts]
            same = [change for change in deletes if change.canonical == insert.canonical]
            if insert.inserts and same and len(mine) == len(deletes) + 1:
                exits = _Walk(unit, function, insert, deletes).forgotten()
                if exits:
                    yield LeftEntry(unit, function, insert, same[0], exits)


class _Walk:
    def __init__(self, unit: FunctionUnit, function: ir.Function, insert: Change, deletes: list[Change]) -> None:
        self._unit = unit
        self._function = function
        self._insert = insert
        self._deletes = {id(change.node) for change in deletes}
        self._symbols = frozenset(
            node.symbol
            for node in (*walk(insert.key), *walk(insert.container))
            if isinstance(node, ir.Name) and node.symbol
        )
        self._removers = insert.home.entry_calls.removers(insert.name, unit)
        self._names = frozenset(remover.name.encode() for remover in self._removers)
        self._ways: dict[int, Way] = {}

    def forgotten(self) -> tuple[ir.Return | FunctionEnd, ...]:
        """The ways out that keep the entry although the others say that none should."""
        if self._is_taken_out_later() or not self._run():
            return ()
        ways = list(self._ways.values())
        kept = [way for way in ways if way.kept and not way.removed]
        removed = [way for way in ways if way.removed and not way.kept]
        succeed = [way for way in ways if not way.fails]
        if removed and (all(way in removed for way in succeed) or any(way.fails for way in removed)):
            return tuple(way.exit for way in kept if way.fails)
        return self._early(ways, kept) if not self._removers else ()

    def _early(self, ways: list[Way], kept: list[Way]) -> tuple[ir.Return | FunctionEnd, ...]:
        """The early returns of a function without an error that takes the entry out at its end."""
        last = max(ways, key=lambda way: way.exit.start, default=None)
        is_plain = all(way.kept != way.removed for way in ways) and not any(way.fails for way in ways)
        return tuple(way.exit for way in kept) if is_plain and last is not None and last.removed else ()

    def _is_taken_out_later(self) -> bool:
        """Whether a deferred call may do it, or whoever calls the function."""
        deferred = self._unit.cfg(self._function).defers
        return any(self._may_remove(part) for defer in deferred for part in walk(defer)) or self._caller_removes()

    def _caller_removes(self) -> bool:
        name = self._unit.name.encode()
        return any(
            unit in self._removers or not unit.words.isdisjoint(self._names)
            for unit in self._unit.program.mentioning(name)
            if unit is not self._unit
        )

    # -- the walk

    def _run(self) -> bool:
        """Walk from behind the insert to all ways out. False when that takes too long."""
        graph = self._unit.cfg(self._function)
        wanted = known.repeated(graph)
        start = self._start(wanted)
        if start is None:
            return False
        todo = [start]
        seen: set[tuple[int, bool, Facts]] = set()
        for block, index, state in todo:
            after = self._block(block, index, state)
            if after is None:
                continue
            removed, facts = after
            for edge in block.edges:
                taken = known.taken(facts, edge.cond, edge.value, wanted)
                if taken is None or (edge.target.index, removed, taken) in seen or self._may_wait(edge.comm):
                    continue
                if len(seen) > MAX_STATES:
                    return False
                seen.add((edge.target.index, removed, taken))
                todo.append((edge.target, 0, (removed, taken)))
        return True

    def _start(self, wanted: frozenset[str]) -> tuple[Block, int, tuple[bool, Facts]] | None:
        graph = self._unit.cfg(self._function)
        for block, number, item in items(graph):
            if any(node is self._insert.node for node in _parts(item)):
                facts = known.told(item, known.dominating(graph, block, number, wanted))
                inserted = _inserted(self._unit, item, self._insert.node)
                return (block, number + 1, (False, facts | inserted)) if inserted is not None else None
        return None

    def _block(self, block: Block, index: int, state: tuple[bool, Facts]) -> tuple[bool, Facts] | None:
        """What is known at the end of a block; None where the walk stops."""
        removed, facts = state
        for item in block.items[index:]:
            if isinstance(item, ir.Return | FunctionEnd):
                self._leave(item, removed or self._removes(item), facts)
                return None
            removed = removed or self._removes(item)
            if not removed and self._stops(item):
                return None
            facts = known.told(item, facts)
        return removed, facts

    def _leave(self, exit_: ir.Return | FunctionEnd, removed: bool, facts: Facts) -> None:
        way = self._ways.setdefault(id(exit_), Way(exit_))
        way.fails = way.fails and _hands_out_error(self._function, exit_, facts)
        way.kept = way.kept or not removed
        way.removed = way.removed or removed

    def _removes(self, item: Item) -> bool:
        return any(id(node) in self._deletes or self._may_remove(node) for node in _parts(item))

    def _stops(self, item: Item) -> bool:
        """Whether the entry may be another one from here on, or somebody else's business."""
        if any(node is self._insert.node for node in _parts(item)):
            return True
        if not self._symbols.isdisjoint(known.assigned_by(item)):
            return True
        return bool(self._removers) and any(map(_hands_over, _parts(item)))

    def _may_wait(self, comm: bool) -> bool:
        return comm and bool(self._removers)

    # -- who else takes it out

    def _may_remove(self, node: ir.Node) -> bool:
        match node:
            case ir.FuncLit(function=function):
                return self._text_removes(function)
            case ir.Call():
                return self._call_removes(node)
            case ir.Selector(field=name) | ir.Name(name=name, symbol=None) if name.encode() in self._names:
                return not isinstance(self._unit.uses.parent(node), ir.Call)  # as a value
            case _:
                return False

    def _text_removes(self, function: ir.Function) -> bool:
        text = self._unit.code[function.start : function.end]
        words = frozenset(_WORD.findall(text))
        named = self._insert.name.encode() in words and not words.isdisjoint(TAKES_OUT)
        return named or not words.isdisjoint(self._names)

    def _call_removes(self, call: ir.Call) -> bool:
        inner = closure_of(call.func)
        if inner is not None:
            return self._text_removes(inner)
        callee = self._unit.typer.callee(call)
        if callee.kind is CalleeKind.VALUE:
            return _ENDS_CONTEXT.search(last_name(call.func)) is None
        unit = self._unit.program.unit_of_callee(callee)
        if unit is not None:
            return unit in self._removers or unit is self._unit or not unit.words.isdisjoint(self._names)
        return last_name(call.func).encode() in self._names and (callee.declared is None or callee.interface)


def _parts(item: Item) -> list[ir.Node]:
    """What an item evaluates; of a range and a case only the variables are bound there."""
    return [] if isinstance(item, ir.Range | ir.TypeCase) else list(walk(item))


def _inserted(unit: FunctionUnit, item: Item, insert: ir.Node) -> Facts | None:
    """What is known where the entry is new and there: a call that puts it in has loaded none, and did not fail. None where that
    is not known."""
    match item:
        case ir.Assign() if item is insert:
            return frozenset()
        case ir.ExprStmt(expr=ir.Call() as expr) if expr is insert:
            return frozenset() if last_name(expr.func) != _LOADS else None
        case ir.Assign(left=left, right=(value,)) if value is insert:
            told = {fact for target in left for fact in _told_by_result(unit, target)}
            return frozenset(told) if len(told) == 1 else None
        case _:
            return None


def _told_by_result(unit: FunctionUnit, target: ir.Expr) -> Iterator[known.Fact]:
    symbol = target.symbol if isinstance(target, ir.Name) else None
    type_ = unit.typer.symbol_type(symbol) if symbol is not None else None
    if symbol is not None and type_ == Basic("bool"):
        yield known.token(symbol), False
    elif symbol is not None and unit.typer.implements_error(type_):
        yield known.nil_fact(symbol)


def _hands_over(node: ir.Node) -> bool:
    """Whether somebody else goes on from here: a goroutine, a partner of a channel."""
    match node:
        case ir.Go() | ir.Send() | ir.Select():
            return True
        case ir.Unary(op="<-"):
            return True
        case ir.Call(func=ir.Selector(field=name)):
            return name in _WAITS
        case _:
            return False


def _hands_out_error(function: ir.Function, exit_: ir.Return | FunctionEnd, facts: Facts) -> bool:
    """Whether a way out certainly gives its caller an error."""
    last = function.results[-1] if function.results else None
    if not isinstance(exit_, ir.Return) or last is None or not _is_error(last.type):
        return False
    if not exit_.values:
        return last.symbol is not None and _is_set(last.symbol, facts)
    return len(exit_.values) == len(function.results) and _is_some_error(exit_.values[-1], facts)


def _is_error(type_: ir.TypeExpr) -> bool:
    return isinstance(type_, ir.NamedType) and type_.name == "error" and not type_.package and type_.symbol is None


def _is_set(symbol: ir.Symbol, facts: Facts) -> bool:
    return (known.nil_fact(symbol)[0], False) in facts


def _is_some_error(value: ir.Expr, facts: Facts) -> bool:
    match value:
        case ir.Name(symbol=ir.Symbol() as symbol):
            return _is_set(symbol, facts)
        case ir.Name() | ir.Selector():
            return not is_nil(value) and _ERROR_NAME.search(last_name(value)) is not None
        case ir.Call():
            return last_name(value.func) in MAKES_ERROR or any(_is_some_error(arg, facts) for arg in value.args)
        case ir.Unary(op="&", operand=inner):
            return isinstance(inner, ir.Composite)
        case _:
            return False
