"""Where a handler stores its request in something that outlives it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from caulk.flow.containers import SYNC_MAP, ContainerKey, Shrinks, identity_of, name_of
from caulk.flow.lent import lent
from caulk.flow.requests import Framework
from caulk.flow.spawns import DERIVE
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements
from caulk.semantics.model import named

if TYPE_CHECKING:
    from caulk.flow.program import Program
    from caulk.flow.requests import RequestCode


class Storing(Enum):
    ASSIGNED = "assigned"
    """To a variable or field as a whole: the next request takes its place."""
    COLLECTED = "collected"
    """In a map or slice."""
    SENT = "sent"


@dataclass(frozen=True, slots=True, eq=False)
class Retained:
    """A statement that stores a request."""

    code: RequestCode
    statement: ir.Stmt
    value: ir.Expr
    """The request itself, as it stands in the stored value; or the call that lent a text."""
    sink: ir.Expr
    identity: ContainerKey
    how: Storing
    certain: bool
    """Whether the sink provably outlives the request; False for a field of an object of which only its lock says so."""


def retained(program: Program) -> Iterator[Retained]:
    """The requests that the handlers of a package store."""
    shrinks = Shrinks(program)
    for store in _kept(program, _stores, _held):
        if not _is_given_back(shrinks, store):
            yield store


def retained_texts(program: Program) -> Iterator[Retained]:
    """The texts that fiber lends to the handlers of a package, and that they store. That somebody takes them out again
    does not help: they change in between."""
    for store in _kept(program, _all_stores, lent):
        if store.how is not Storing.SENT or not _waits(store.code, store.statement):
            yield store


_Stored: TypeAlias = tuple[ir.Expr, ir.Expr, Storing]
"""A value, what it is put into, and how."""


def _kept(
    program: Program,
    stores: Callable[[RequestCode, ir.Stmt], Iterable[_Stored]],
    held: Callable[[RequestCode, ir.Expr], ir.Expr | None],
) -> Iterator[Retained]:
    """What handlers store in something that outlives the request, of the values that hold something by ``held``."""
    for code in program.requests:
        body = code.function.body
        if code.context is None or body is None or code.unit.file.is_test:
            continue
        for statement in statements(body, literals=True):
            for value, sink, how in stores(code, statement):
                found = held(code, value)
                if found is None:
                    continue
                identity = identity_of(code.unit, sink, code)
                certain = identity is not None and _is_certain(code, sink, identity)
                identity = identity or _field_of_service(code, sink)
                if identity is not None:
                    yield Retained(code, statement, found, sink, identity, how, certain)


def _all_stores(code: RequestCode, statement: ir.Stmt) -> Iterator[_Stored]:
    """The same with the keys of maps, and with the methods of maps for several goroutines and of caches."""
    yield from _stores(code, statement)
    match statement:
        case ir.Assign(op="="):
            for target in statement.left:
                if isinstance(target, ir.Index) and len(target.indices) == 1:
                    yield target.indices[0], target.base, Storing.COLLECTED
        case ir.ExprStmt(expr=ir.Call(func=ir.Selector(field=name, base=base)) as call) if name in _PUTS:
            owner = named(code.unit.typer.type_of(base))
            if owner is not None and (owner.qualified == SYNC_MAP or _CACHE.search(owner.path)):
                for arg in call.args:
                    yield arg, base, Storing.COLLECTED
        case _:
            pass


_PUTS = frozenset({"Store", "LoadOrStore", "Set", "Add", "Put", "SetDefault"})
_CACHE = re.compile(r"cache|lru")


def _stores(code: RequestCode, statement: ir.Stmt) -> Iterator[_Stored]:
    """What a statement puts where."""
    match statement:
        case ir.Send():
            yield statement.value, statement.channel, Storing.SENT
        case ir.Assign(op="=") if len(statement.left) == len(statement.right):
            for target, value in zip(statement.left, statement.right, strict=True):
                if isinstance(target, ir.Index):
                    yield value, target.base, Storing.COLLECTED
                else:
                    yield value, target, Storing.COLLECTED if _appends(value) else Storing.ASSIGNED
        case _:
            pass


def _appends(value: ir.Expr) -> bool:
    return isinstance(value, ir.Call) and isinstance(value.func, ir.Name) and value.func.name == "append"


def _held(code: RequestCode, value: ir.Expr) -> ir.Expr | None:
    """The request in a value: itself, in a literal, or appended."""
    match value:
        case ir.Name():
            return value if value.symbol is not None and _is_of_request(code, value.symbol) else None
        case ir.Selector(base=ir.Name() as base, field="Body"):
            return value if code.framework is Framework.HTTP and base.symbol is code.context else None
        case ir.Unary(op="&"):
            return _held(code, value.operand)
        case ir.Composite():
            parts = tuple(element.value for element in value.elements)
        case ir.Call() if _appends(value):
            parts = value.args[1:]
        case ir.Call() if code.framework is Framework.GIN and code.unit.typer.callee(value).name in DERIVE:
            parts = value.args[:1]  # asks it for values
        case _:
            return None
    return next((found for part in parts if (found := _held(code, part)) is not None), None)


def _is_of_request(code: RequestCode, symbol: ir.Symbol) -> bool:
    """Whether a parameter is the request, or writes its answer."""
    if symbol is code.context:
        return True
    owner = named(code.unit.typer.symbol_type(symbol)) if symbol.kind is ir.SymbolKind.PARAM else None
    return symbol.function is code.function and owner is not None and owner.qualified == "net/http.ResponseWriter"


def _waits(code: RequestCode, sending: ir.Stmt) -> bool:
    """Whether the handler receives something, or waits, after it has sent the request: for the answer."""
    assert code.function.body is not None
    for part in expressions(code.function.body):
        if part.start <= sending.end:
            continue
        if isinstance(part, ir.Unary) and part.op == "<-":
            return True
        if isinstance(part, ir.Call) and isinstance(part.func, ir.Selector) and part.func.field in ("Wait", "Done"):
            return True
    return any(
        isinstance(statement, ir.Select | ir.Range) and statement.start > sending.start
        for statement in statements(code.function.body)
    )


def _is_certain(code: RequestCode, sink: ir.Expr, identity: ContainerKey) -> bool:
    if identity[0] != "field":
        return True
    root = sink
    while isinstance(root, ir.Selector):
        root = root.base
    return (isinstance(root, ir.Name) and root.symbol is None) or code.is_registered_method


def _field_of_service(code: RequestCode, sink: ir.Expr) -> ContainerKey | None:
    """A field of an object that the package makes, but never where it has a request: as far as anybody can tell it serves
    many."""
    base = sink.base if isinstance(sink, ir.Selector) else None
    symbol = base.symbol if isinstance(base, ir.Name) else None
    receiver = code.function.receiver
    owner = named(code.unit.typer.type_of(base)) if base is not None else None
    if symbol is None or receiver is None or symbol is not receiver.symbol or owner is None:
        return None
    if not isinstance(receiver.type, ir.PointerType) or not isinstance(sink, ir.Selector):
        return None
    made = re.compile(rb"\b" + re.escape(owner.name.encode()) + rb"\{")
    makers = [unit for unit in code.unit.program.matching(made) if not unit.file.is_test]
    if not makers or any(code.unit.program.requests.of(unit.function) is not None for unit in makers):
        return None
    return "field", owner.qualified, sink.field


def _is_given_back(shrinks: Shrinks, store: Retained) -> bool:
    """Whether it ends with the request after all: the handler waits for whoever gets it, or something in the package takes it
    out again."""
    match store.how:
        case Storing.SENT:
            return _waits(store.code, store.statement)
        case Storing.COLLECTED:
            return shrinks.bounds(store.identity)
        case Storing.ASSIGNED:
            reset = re.compile(rb"\b" + re.escape(name_of(store.identity).encode()) + rb"\s*=\s*nil\b")
            return bool(store.code.unit.program.matching(reset))
