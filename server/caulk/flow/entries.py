"""What puts an entry into a long-lived map or takes one out: statements, and calls of functions that do it with a parameter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caulk.flow import facts as known
from caulk.flow.containers import SYNC_MAP, identity_of, name_of
from caulk.flow.lock_calls import LockPath, lock_path
from caulk.flow.shapes import last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.semantics.model import Map, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit, Program

_REGISTERS = re.compile(r"(?:Register|Subscribe|Track|Join|Attach|Insert|Enter|Add(?=[A-Z]))")
_ENDS_IT = re.compile(r"(?:Unregister|Deregister|Unsubscribe|Untrack|Leave|Detach|Remove|Delete|Forget|Exit)")
"""Names of what objects of other packages offer in pairs begin so."""
_PAIR = tuple(re.compile(rb"\.(?:" + name.pattern.encode() + rb")\w*\(") for name in (_REGISTERS, _ENDS_IT))
_INSERTS = re.compile(rb"\]\s*=[^=]")
_STORES = frozenset({b"Store", b"LoadOrStore"})
TAKES_OUT = frozenset({b"delete", b"Delete", b"LoadAndDelete", b"CompareAndDelete", b"clear", b"Clear", b"DeleteFunc"})
_DELETES = frozenset({"Delete", "LoadAndDelete", "CompareAndDelete"})


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A statement or call that puts an entry into a long-lived map, or takes it out."""

    inserts: bool
    map: LockPath
    container: ir.Expr
    """The map; for a call of a function that does it, the call."""
    name: str
    """The field or variable, by which other functions know it."""
    key: ir.Expr
    canonical: str
    """The key, the same for two that have the same value as long as no variable in them gets another."""
    node: ir.Node
    home: Program
    """The package whose map it is."""


def changes_in(unit: FunctionUnit, function: ir.Function) -> Iterator[Change]:
    """The changes that the function makes, itself or by a call."""
    assert function.body is not None
    for node in walk(function.body):
        if isinstance(node, ir.Call) and unit.program.entry_calls.is_near(node):
            yield from _by_call(unit, node)
        yield from _direct(unit, node)


def _direct(unit: FunctionUnit, node: ir.Node) -> Iterator[Change]:
    match node:
        case ir.Assign(op="=", left=(ir.Index(base=container, indices=(key,)),)):
            if isinstance(unit.typer.underlying(unit.typer.type_of(container)), Map):
                yield from _change(unit, True, container, key, node)
        case ir.Call(func=ir.Name(name="delete", symbol=None), args=(container, key)):
            yield from _change(unit, False, container, key, node)
        case ir.Call(func=ir.Selector(base=container, field=method), args=(key, *_)) if (
            method in _DELETES or method.encode() in _STORES
        ):
            owner = named(unit.typer.type_of(container))
            if owner is not None and owner.qualified == SYNC_MAP:
                yield from _change(unit, method not in _DELETES, container, key, node)
        case _:
            pass


def _change(unit: FunctionUnit, inserts: bool, container: ir.Expr, key: ir.Expr, node: ir.Node) -> Iterator[Change]:
    path, identity, canonical = lock_path(container), identity_of(unit, container), _canonical(key)
    if path is not None and identity is not None and canonical is not None:
        yield Change(inserts, path, container, name_of(identity), key, canonical, node, unit.program)


def _by_call(unit: FunctionUnit, call: ir.Call) -> Iterator[Change]:
    """``s.track(id)``: what the callee does with a parameter, or a field of one, as the key."""
    callee = unit.program.unit_of_callee(unit.typer.callee(call))
    if callee is None or callee.function.body is None or callee is unit:
        return
    for inner in callee.entry_changes:
        root, fields = _fields_of(inner.key)
        given = _argument(call, callee.function, root) if root is not None else None
        path, canonical = _in_caller(call, callee.function, inner.map), _canonical(given) if given is not None else None
        if given is not None and path is not None and canonical is not None:
            yield Change(inner.inserts, path, call, inner.name, given, canonical + fields, call, inner.home)


def _fields_of(key: ir.Expr) -> tuple[ir.Symbol | None, str]:
    """The variable that a key begins with, and the fields behind it."""
    match key:
        case ir.Name(symbol=symbol):
            return symbol, ""
        case ir.Selector():
            root, fields = _fields_of(key.base)
            return root, f"{fields}.{key.field}"
        case _:
            return None, ""


def _argument(call: ir.Call, function: ir.Function, symbol: ir.Symbol) -> ir.Expr | None:
    if symbol.assigned or call.spread:
        return None
    for number, param in enumerate(function.params):
        if param.symbol is symbol and not param.variadic and number < len(call.args):
            return call.args[number]
    return None


def _in_caller(call: ir.Call, function: ir.Function, path: LockPath) -> LockPath | None:
    """The map of a callee in terms of its caller."""
    if isinstance(path.root, str):
        return path
    receiver = function.receiver
    if receiver is None or receiver.symbol is not path.root or not isinstance(call.func, ir.Selector):
        return None
    base = lock_path(call.func.base)
    return path.below(base) if base is not None else None


def _canonical(expr: ir.Expr) -> str | None:
    """The canonical text of a key; None for one that may have another value each time."""
    match expr:
        case ir.Call(func=ir.Selector() as method, args=()):
            base = _canonical(method.base)
            return f"{base}.{method.field}()" if base is not None else None
        case ir.Call(func=ir.Name(symbol=None) as conversion, args=(arg,)):
            inner = _canonical(arg)
            return f"{conversion.name}({inner})" if inner is not None else None
        case ir.Name() | ir.Selector():
            found = known.key(expr)
            return found[0] if found is not None else None
        case _:
            return None


class EntryCalls:
    """Which functions of a package change long-lived maps, by their words: asked before a tree is."""

    def __init__(self, program: Program) -> None:
        self._program = program

    @property
    def _inserting(self) -> frozenset[bytes]:
        return self._program.names_where(_may_insert)

    @property
    def _removing(self) -> frozenset[bytes]:
        return self._program.names_where(_may_remove)

    def may_pair(self, unit: FunctionUnit) -> bool:
        """Whether the function may put an entry in and take it out."""
        removes = _may_remove(unit) or not unit.words.isdisjoint(self._removing)
        inserts = _may_insert(unit) or not unit.words.isdisjoint(self._inserting)
        return (removes and inserts) or all(pattern.search(unit.code) for pattern in _PAIR)

    def is_near(self, call: ir.Call) -> bool:
        """Whether the call may be one of a function that changes one."""
        name = last_name(call.func)
        if _REGISTERS.match(name) or _ENDS_IT.match(name):
            return True
        return name.encode() in self._inserting or name.encode() in self._removing

    def removers(self, name: str, but: FunctionUnit) -> frozenset[FunctionUnit]:
        """The other functions that may take something out of a map of that name."""
        named = self._program.mentioning(name.encode())
        return frozenset(unit for unit in named if unit is not but and _may_remove(unit))


def changes_of(unit: FunctionUnit) -> Iterator[Change]:
    """The changes that the function makes itself."""
    body = unit.function.body
    for node in walk(body) if body is not None else ():
        yield from _direct(unit, node)


def _may_remove(unit: FunctionUnit) -> bool:
    return not unit.words.isdisjoint(TAKES_OUT)


def _may_insert(unit: FunctionUnit) -> bool:
    return not unit.words.isdisjoint(_STORES) or _INSERTS.search(unit.code) is not None
