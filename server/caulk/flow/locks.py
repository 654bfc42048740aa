"""Which locks a function holds where: a walk over its graph with what is held and what is deferred.

A path that unlocks what it does not hold releases a lock of its caller (or of who knows whom): nothing is said of that lock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from caulk.flow import facts as known
from caulk.flow.cfg import Block, FunctionEnd, Item
from caulk.flow.facts import Facts
from caulk.flow.lock_calls import Held, LockCall, LockPath, Mode, is_lock, lock_call, lock_path
from caulk.flow.nilness import told_by_results
from caulk.flow.shapes import last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import walk

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

MAX_STATES = 600
"""States of one function; beyond that nothing is said of it."""
MAX_DEPTH = 3
"""How many calls away a lock is looked for."""
_UNLOCKS = re.compile(r"(?i)unlock|release")
_LOCKS = (b"Lock", b"RLock")


@dataclass(frozen=True, slots=True)
class State:
    held: frozenset[LockCall] = frozenset()
    deferred: frozenset[Held] = frozenset()
    facts: Facts = frozenset()


@dataclass(frozen=True, slots=True)
class OpenExit:
    """A way out on which a lock stays locked; for a :class:`LockCall` the next round of a loop locks it again."""

    lock: LockCall
    exit: ir.Return | FunctionEnd | LockCall


@dataclass(slots=True, eq=False)
class LockUse:
    """What one function (or literal) does with locks."""

    function: ir.Function
    calls: list[LockCall] = field(default_factory=list)
    open: list[OpenExit] = field(default_factory=list)
    released: set[LockCall] = field(default_factory=set)
    """The locks that some path unlocks."""
    inherited: set[LockPath] = field(default_factory=set)
    """What some path unlocks without having locked it."""
    handed: set[LockPath] = field(default_factory=set)
    """What somebody else may unlock: a literal, a method value, a callee that gets the lock."""
    before: dict[int, frozenset[Held]] = field(default_factory=dict)
    """What is held on all ways to a node, by the ``id`` of the node."""
    nodes: dict[int, ir.Node] = field(default_factory=dict)
    """The calls, channel operations and defers that are reached with something held."""
    deferred: dict[int, LockCall] = field(default_factory=dict)
    """The deferred lock calls, by the ``id`` of the statement."""
    exhausted: bool = False

    def is_own(self, path: LockPath) -> bool:
        """Whether nobody but this function unlocks what it locks."""
        return path not in self.inherited and path not in self.handed

    def locked_before(self, node: ir.Node) -> frozenset[Held]:
        return self.before.get(id(node), frozenset())


class Locks:
    """The locks of one top-level function with its literals."""

    def __init__(self, unit: FunctionUnit) -> None:
        self._unit = unit
        self._uses: dict[int, LockUse] = {}
        self._pending: set[int] = set()

    @property
    def all(self) -> Iterator[LockUse]:
        for function in self._unit.function.walk():
            yield self.of(function)

    def of(self, function: ir.Function) -> LockUse:
        found = self._uses.get(id(function))
        if found is None:
            found = self._uses[id(function)] = LockUse(function)
            if function.body is not None:
                _Walk(self._unit, self, found).run(function.body)
        return found


def calls_in(item: ir.Node) -> Iterator[ir.Node]:
    """The calls and channel operations that an item performs, in the order in which they stand; not what it starts."""
    if isinstance(item, ir.Range | ir.TypeCase):
        return
    for node in walk(item):
        if isinstance(node, ir.Call | ir.Send) or (isinstance(node, ir.Unary) and node.op == "<-"):
            yield node


class _Walk:
    def __init__(self, unit: FunctionUnit, locks: Locks, use: LockUse) -> None:
        self._unit = unit
        self._locks = locks
        self._use = use
        self._known: dict[int, LockCall | None] = {}
        self._wanted: frozenset[str] = frozenset()

    def run(self, body: ir.Block) -> None:
        self._find_others(body)
        if not self._use.calls:
            return
        graph = self._unit.cfg(self._use.function)
        wanted = self._wanted = known.repeated(graph)
        seen: set[tuple[int, State]] = {(0, State())}
        todo: list[tuple[Block, State]] = [(graph.entry, State())]
        for block, state in todo:
            for item in block.items:
                state = self._item(item, state)
            for edge in block.edges:
                facts = known.taken(state.facts, edge.cond, edge.value, wanted)
                if facts is None or (edge.target.index, following := State(state.held, state.deferred, facts)) in seen:
                    continue
                if len(seen) > MAX_STATES:
                    self._give_up()
                    return
                seen.add((edge.target.index, following))
                todo.append((edge.target, following))

    def _give_up(self) -> None:
        use = self._use
        use.exhausted = True
        use.open.clear()
        use.before.clear()
        use.nodes.clear()

    # -- what others may do

    def _find_others(self, body: ir.Block) -> None:
        called: set[int] = set()
        deferred: set[int] = set()
        values: list[ir.Selector] = []
        for node in walk(body):
            match node:
                case ir.Call():
                    called.add(id(node.func))
                    found = self._call(node)
                    if found is not None:
                        self._use.calls.append(found)
                    elif last_name(node.func) != "NewCond":
                        self._use.handed |= {path for arg in node.args for path in self._given(arg)}
                case ir.Defer(call=ir.Call(func=ir.FuncLit() as literal)):
                    deferred.add(id(literal))
                case ir.Selector() if id(node) not in called and _UNLOCKS.search(node.field):
                    values.append(node)
                case ir.FuncLit() if id(node) not in deferred:
                    inner = self._locks.of(node.function)
                    self._use.handed |= inner.inherited | inner.handed
                case _:
                    pass
        for base in filter(None, (lock_path(value.base) for value in values)):
            self._use.handed |= {call.path for call in self._use.calls if call.path.begins_with(base)}

    def _given(self, arg: ir.Expr) -> Iterator[LockPath]:
        """The lock that an argument gives away: its address, or a pointer to it."""
        is_address = isinstance(arg, ir.Unary) and arg.op == "&"
        if is_address or (isinstance(arg, ir.Name | ir.Selector) and is_lock(self._unit.typer.type_of(arg))):
            path = lock_path(arg)
            if path is not None:
                yield path

    def _call(self, call: ir.Call) -> LockCall | None:
        if id(call) not in self._known:
            self._known[id(call)] = lock_call(self._unit, call)
        return self._known[id(call)]

    # -- one item

    def _item(self, item: Item, state: State) -> State:
        match item:
            case ir.Defer():
                return self._defer(item, state)
            case ir.Go(call=ir.Call() as started):
                for arg in started.args:
                    state = self._evaluate(arg, state)
                return state
            case ir.Return() | FunctionEnd():
                state = self._evaluate(item, state)
                self._note(item, state)
                self._leave(item, state)
                return state
            case _:
                return self._told(item, _rebound(item, self._evaluate(item, state)))

    def _evaluate(self, item: ir.Node, state: State) -> State:
        for node in calls_in(item):
            call = self._call(node) if isinstance(node, ir.Call) else None
            self._note(node, state)
            if call is not None:
                state = self._lock(call, state) if call.locks else self._unlock(call, state)
            elif isinstance(node, ir.Call) and state.held:
                state = self._foreign(node, state)
        return state

    def _told(self, item: Item, state: State) -> State:
        told = told_by_results(self._unit, item, self._wanted) if state.held and isinstance(item, ir.Assign) else None
        return State(state.held, state.deferred, state.facts | told) if told else state

    def _note(self, node: ir.Node, state: State) -> None:
        held = frozenset((lock.path, lock.mode) for lock in state.held)
        before = self._use.before.get(id(node))
        self._use.before[id(node)] = held if before is None else before & held
        self._use.nodes[id(node)] = node

    def _lock(self, call: LockCall, state: State) -> State:
        if call in state.held:
            self._use.open.append(OpenExit(call, call))
        others = frozenset(lock for lock in state.held if lock.path != call.path or lock.mode is not call.mode)
        return State(others | {call}, state.deferred, state.facts)

    def _unlock(self, call: LockCall, state: State) -> State:
        mine = {lock for lock in state.held if lock.path == call.path}
        if not mine:
            self._use.inherited.add(call.path)
            return state
        same = {lock for lock in mine if lock.mode is call.mode} or mine
        self._use.released |= same
        return State(state.held - same, state.deferred, state.facts)

    def _foreign(self, call: ir.Call, state: State) -> State:
        """A call of another function: it may unlock."""
        callee = self._unit.program.own_unit_of_callee(self._unit.typer.callee(call)) if _may_unlock(call) else None
        if callee is not None and b"nlock" in callee.text:
            released = {path for path, _ in mapped(self._unit, call, callee, released_by(callee))}
            mine = {lock for lock in state.held if lock.path in released}
            self._use.released |= mine
            state = State(state.held - mine, state.deferred, state.facts)
        if _UNLOCKS.search(last_name(call.func)):
            self._use.handed |= {lock.path for lock in state.held}
        return state

    def _defer(self, item: ir.Defer, state: State) -> State:
        call = item.call
        if not isinstance(call, ir.Call):
            return state
        found = self._call(call)
        self._note(item, state)
        released: set[Held] = set()
        if found is not None and found.locks:
            self._use.deferred[id(item)] = found
        elif found is not None:
            self._use.deferred[id(item)] = found
            released.add((found.path, found.mode))
        elif isinstance(call.func, ir.FuncLit):
            inner = self._locks.of(call.func.function)
            released |= {(path, mode) for path in inner.inherited | inner.handed for mode in Mode}
        else:
            callee = self._unit.program.own_unit_of_callee(self._unit.typer.callee(call))
            if callee is not None:
                paths = mapped(self._unit, call, callee, released_by(callee))
                released |= {(path, mode) for path, _ in paths for mode in Mode}
            if callee is None or _UNLOCKS.search(last_name(call.func)):
                self._use.handed |= {lock.path for lock in state.held if _is_given(call, lock.path)}
        return State(state.held, state.deferred | released, state.facts)

    def _leave(self, exit_: ir.Return | FunctionEnd, state: State) -> None:
        held = {lock.path for lock in state.held}
        self._use.inherited |= {path for path, _ in state.deferred if path not in held}
        for lock in state.held:
            if (lock.path, lock.mode) in state.deferred:
                continue
            if not any(path == lock.path for path, _ in state.deferred):
                self._use.open.append(OpenExit(lock, exit_))


def _may_unlock(call: ir.Call) -> bool:
    return isinstance(call.func, ir.Name | ir.Selector)


def _is_given(call: ir.Call, path: LockPath) -> bool:
    """Whether a deferred call of an unknown function may reach the lock."""
    parts = (call.func.base if isinstance(call.func, ir.Selector) else call.func, *call.args)
    return any(isinstance(node, ir.Name) and node.symbol is path.root for part in parts for node in walk(part))


def _rebound(item: Item, state: State) -> State:
    """What is still known, and held under its name, after an assignment."""
    held = state.held
    for symbol in known.assigned_by(item):
        held = frozenset(lock for lock in held if not lock.path.depends_on(symbol))
    for target in item.left if isinstance(item, ir.Assign) else ():
        path = lock_path(target) if isinstance(target, ir.Selector | ir.Index) else None
        if path is not None:
            held = frozenset(lock for lock in held if not lock.path.begins_with(path))
    return State(held, state.deferred, known.told(item, state.facts))


# -- across calls


@dataclass(frozen=True, slots=True)
class Reached:
    """A lock that a callee takes, in terms of its own parameters; ``call`` is where, in ``unit``."""

    held: Held
    unit: FunctionUnit
    call: ir.Call


def released_by(callee: FunctionUnit) -> frozenset[Held]:
    """What the function unlocks for its caller."""
    use = callee.locks.of(callee.function)
    return frozenset((path, mode) for path in use.inherited | use.handed for mode in Mode)


def locked_by(callee: FunctionUnit, depth: int = MAX_DEPTH) -> Iterator[Reached]:
    """The locks that the function takes, itself or through its callees, as long as it has not released them before."""
    use = callee.locks.of(callee.function)
    if use.exhausted or _is_told(callee.function):
        return
    for call in use.calls:
        if _is_flagged(callee, call.call):
            continue
        if call.locks and id(call.call) in use.before and use.is_own(call.path):
            yield Reached((call.path, call.mode), callee, call.call)
    if depth <= 1:
        return
    released = use.inherited | use.handed
    for node in use.nodes.values():
        if not isinstance(node, ir.Call) or not _is_near(callee, node) or _is_flagged(callee, node):
            continue
        inner = callee.program.own_unit_of_callee(callee.typer.callee(node))
        if inner is None or inner is callee:
            continue
        for reached in locked_by(inner, depth - 1):
            for held in mapped(callee, node, inner, [reached.held]):
                if held[0] not in released:
                    yield Reached(held, reached.unit, reached.call)


def _is_told(function: ir.Function) -> bool:
    """Whether a flag may say that the lock is held already."""
    return any(isinstance(param.type, ir.NamedType) and param.type.name == "bool" for param in function.params)


def _is_flagged(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether a flag decides if the call is made: it may be set where the lock is held already."""
    for around in unit.uses.around(call):
        if isinstance(around, ir.If):
            cond = around.cond
            while isinstance(cond, ir.Unary) and cond.op == "!":
                cond = cond.operand
            if isinstance(cond, ir.Name | ir.Selector):
                return True
    return False


def _is_near(unit: FunctionUnit, node: ir.Call) -> bool:
    """Whether the call may be one of a function of the package that locks."""
    return last_name(node.func).encode() in unit.program.locking


def mapped(unit: FunctionUnit, call: ir.Call, callee: FunctionUnit, held: Iterable[Held]) -> list[Held]:
    """Locks of a callee in terms of its caller: those of its receiver, of its parameters and of the package."""
    found = []
    for path, mode in held:
        if isinstance(path.root, str):
            found.append((path, mode))
            continue
        given = _given(call, callee.function, path.root)
        base = lock_path(given) if given is not None else None
        if base is not None and not path.indices:
            found.append((path.below(base), mode))
    return found


def _given(call: ir.Call, function: ir.Function, symbol: ir.Symbol) -> ir.Expr | None:
    """What a call gives as that parameter; None when the callee gets a copy, or gives it another value."""
    if symbol.assigned or symbol.function is not function:
        return None
    receiver = function.receiver
    if receiver is not None and receiver.symbol is symbol:
        is_pointer = isinstance(receiver.type, ir.PointerType)
        return call.func.base if is_pointer and isinstance(call.func, ir.Selector) else None
    for number, param in enumerate(function.params):
        if param.symbol is symbol and isinstance(param.type, ir.PointerType) and number < len(call.args):
            return call.args[number] if not param.variadic else None
    return None


def may_lock(unit: FunctionUnit) -> bool:
    """Whether the words of the function can take a lock."""
    return not unit.words.isdisjoint(_LOCKS)


def locks_below(unit: FunctionUnit, use: LockUse) -> Iterator[tuple[ir.Call, FunctionUnit, Reached]]:
    """The calls that are made with a lock held on all ways, of functions that take one: with the function and what it takes."""
    for node in use.nodes.values():
        if not use.locked_before(node) or not isinstance(node, ir.Call) or not _is_near(unit, node):
            continue
        callee = unit.program.own_unit_of_callee(unit.typer.callee(node))
        if callee is not None:
            for reached in locked_by(callee):
                yield node, callee, reached


def locks_again(unit: FunctionUnit, use: LockUse) -> Iterator[tuple[ir.Call, Held, Reached]]:
    """The calls of functions that take a lock which is held already on all ways to the call."""
    for node, callee, reached in locks_below(unit, use):
        for path, mode in mapped(unit, node, callee, [reached.held]):
            for held in use.locked_before(node):
                if held[0] == path:
                    yield node, held, Reached((path, mode), reached.unit, reached.call)


def holder(use: LockUse, held: Held, but: LockCall | None = None) -> LockCall | None:
    """The call that took the lock."""
    calls = (call for call in use.calls if call.locks and (call.path, call.mode) == held and call is not but)
    return next(calls, None)
