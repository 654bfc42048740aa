"""Values of a ``sync.Pool``: where a function gets one and puts it back, and what it does with it in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from caulk.flow.cfg import Block, FunctionEnd, Item
from caulk.flow.facts import assigned_by
from caulk.flow.shapes import last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.semantics.model import Array, Basic, Named, Pointer, Slice, Struct, Type, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

GET, PUT = "sync.Pool.Get", "sync.Pool.Put"
BUFFERS = frozenset({"bytes.Buffer", "strings.Builder"})
VIEWS = frozenset({"Bytes", "AvailableBuffer", "Next"})
"""Methods of a buffer whose result lies in it."""
WRITERS = frozenset(
    {
        *("Fprint", "Fprintf", "Fprintln", "Copy", "CopyN", "CopyBuffer", "WriteString", "Write"),
        *("NewEncoder", "NewWriter", "Execute", "ExecuteTemplate", "Indent", "Compact", "HTMLEscape"),
    }
)
"""Functions and methods of the standard library that write to their first argument."""


@dataclass(frozen=True, slots=True, eq=False)
class Put:
    """``pool.Put(x)``."""

    call: ir.Call
    value: ir.Expr
    statement: ir.ExprStmt | ir.Defer | None
    """The statement that it is, deferred ones included; None inside of something else."""

    @property
    def is_plain(self) -> bool:
        return isinstance(self.statement, ir.ExprStmt)


@dataclass(slots=True, eq=False)
class Pooled:
    """A variable that holds a value of a pool from its declaration on."""

    unit: FunctionUnit
    function: ir.Function
    symbol: ir.Symbol
    get: ir.Call
    statement: ir.Assign
    puts: list[Put] = field(default_factory=list)

    @property
    def pool(self) -> str:
        """The pool as the function names it."""
        assert isinstance(self.get.func, ir.Selector)
        return self.unit.source_text(self.get.func.base)

    @property
    def type(self) -> Type | None:
        return self.unit.typer.symbol_type(self.symbol)

    @property
    def is_buffer(self) -> bool:
        owner = named(self.type)
        return isinstance(self.type, Pointer) and owner is not None and owner.qualified in BUFFERS

    @property
    def is_bytes_buffer(self) -> bool:
        """Whether it keeps what it has grown to when it is reset; a ``strings.Builder`` lets it go."""
        owner = named(self.type)
        return self.is_buffer and owner is not None and owner.qualified == "bytes.Buffer"

    @property
    def uses(self) -> list[ir.Name]:
        """The names of the variable behind its declaration."""
        return [name for name in self.unit.uses.names.get(self.symbol, ()) if name.start != self.symbol.start]


def puts_in(unit: FunctionUnit) -> Iterator[Put]:
    """The calls of ``Put``, those of literals included."""
    for call in _calls(unit, "Put", PUT):
        if len(call.args) == 1:
            parent = unit.uses.parent(call)
            statement = parent if isinstance(parent, ir.ExprStmt | ir.Defer) else None
            yield Put(call, call.args[0], statement)


def pooled_in(unit: FunctionUnit) -> Iterator[Pooled]:
    """The variables of the function that are given the value of a ``Get`` and no other."""
    puts = list(puts_in(unit))
    for call in _calls(unit, "Get", GET):
        parent = unit.uses.parent(call)
        statement = unit.uses.parent(parent) if isinstance(parent, ir.Assertion) else parent
        if not isinstance(statement, ir.Assign) or len(statement.right) != 1 or not statement.new:
            continue
        symbol = statement.new[0]
        if symbol is not None and not symbol.assigned:
            mine = [put for put in puts if isinstance(put.value, ir.Name) and put.value.symbol is symbol]
            yield Pooled(unit, unit.uses.function_of(call), symbol, call, statement, mine)


def _calls(unit: FunctionUnit, method: str, declared: str) -> Iterator[ir.Call]:
    for node in walk(unit.function.body, literals=True) if unit.function.body is not None else ():
        match node:
            case ir.Call(func=ir.Selector(field=name)) if name == method:
                if unit.typer.callee(node).declared_name == declared:
                    yield node
            case _:
                pass


def escapes(value: Pooled) -> bool:
    """Whether somebody else may put the value back, reset it or keep it: it is returned, stored, captured, read to its end, or
    given to who knows whom."""
    return any(not _is_borrowed(value, name) for name in value.uses)


def _is_borrowed(value: Pooled, name: ir.Name) -> bool:
    unit = value.unit
    if unit.uses.function_of(name) is not value.function:
        return False
    match unit.uses.parent(name):
        case ir.Selector() as method:
            call = unit.uses.parent(method)
            return isinstance(call, ir.Call) and call.func is method
        case ir.Call() as call:
            return any(put.call is call for put in value.puts) or is_written_by(unit, name, call)
        case _:
            return False


def is_written_by(unit: FunctionUnit, name: ir.Name, call: ir.Call) -> bool:
    """Whether the call is one of the standard library that only writes to what it is given."""
    if last_name(call.func) not in WRITERS or call.args[0] is not name:
        return False
    return unit.program.is_std(unit.typer.callee(call).package)


def methods_of(value: Pooled) -> list[tuple[str, ir.Call]]:
    """The methods that the function calls on the value."""
    found: list[tuple[str, ir.Call]] = []
    for name in value.uses:
        method = value.unit.uses.parent(name)
        call = value.unit.uses.parent(method) if isinstance(method, ir.Selector) else None
        if isinstance(method, ir.Selector) and isinstance(call, ir.Call) and call.func is method:
            found.append((method.field, call))
    return found


def writers_of(value: Pooled) -> list[tuple[str, ir.Call]]:
    """The functions that write to the value."""
    found: list[tuple[str, ir.Call]] = []
    for name in value.uses:
        call = value.unit.uses.parent(name)
        if isinstance(call, ir.Call) and is_written_by(value.unit, name, call):
            found.append((last_name(call.func), call))
    return found


def is_measured(value: Pooled, put: Put) -> bool:
    """Whether a ``Put`` depends on the size of the value: large ones are left to the collector."""
    return any(
        last_name(part.func).lower() in ("cap", "len", "size")
        for node in value.unit.uses.around(put.call)
        if isinstance(node, ir.If)
        for part in walk(node.cond)
        if isinstance(part, ir.Call)
    )


def way_out_without_put(value: Pooled) -> ir.Return | FunctionEnd | None:
    """The first way out behind the ``Get`` that passes no ``Put``."""
    statements = {id(put.statement) for put in value.puts if put.statement is not None}
    for item in _following(value, value.statement, statements):
        if isinstance(item, ir.Return | FunctionEnd):
            return item
    return None


def _following(value: Pooled, start: ir.Node, stops: set[int]) -> Iterator[Item]:
    """The items behind a statement on all ways, up to those of ``stops``, and to where the variable is bound again."""
    found = _place(value, start)
    todo: list[tuple[Block, int]] = [found] if found is not None else []
    seen: set[int] = set()
    while todo:
        block, number = todo.pop(0)
        for item in block.items[number:]:
            if id(item) in stops or value.symbol in assigned_by(item):
                break
            yield item
        else:
            for edge in block.edges:
                if edge.target.index not in seen:
                    seen.add(edge.target.index)
                    todo.append((edge.target, 0))


def _place(value: Pooled, statement: ir.Node) -> tuple[Block, int] | None:
    for block in value.unit.cfg(value.function).reachable():
        for number, item in enumerate(block.items):
            if item is statement:
                return block, number + 1
    return None


@dataclass(frozen=True, slots=True)
class LateUse:
    """A use of a pooled value, or of bytes that lie in it, behind its Put. ``view`` is the method that gave the bytes."""

    put: Put
    node: ir.Node
    view: str = ""


def late_uses(value: Pooled) -> Iterator[LateUse]:
    """The first use behind each plain ``Put`` that all ways to the use lead by; and what a function with a deferred one returns
    of the insides of the value."""
    views = _views(value)
    symbols = {value.symbol, *views}
    for put in value.puts:
        if put.is_plain:
            assert put.statement is not None
            used = next(_uses_behind(value, put, symbols), None)
            if used is not None:
                yield LateUse(put, used, views.get(used.symbol, "") if used.symbol is not None else "")
        elif put.statement is not None and value.is_buffer:
            for returned, view in _returned_views(value, views):
                yield LateUse(put, returned, view)


def _views(value: Pooled) -> dict[ir.Symbol, str]:
    """The variables whose only value lies in the buffer (``data := buf.Bytes()``), with the method that gave it."""
    if not value.is_buffer:
        return {}
    found: dict[ir.Symbol, str] = {}
    for name in value.uses:
        method = value.unit.uses.parent(name)
        call = value.unit.uses.parent(method) if isinstance(method, ir.Selector) else None
        statement = value.unit.uses.parent(call) if isinstance(call, ir.Call) else None
        if isinstance(statement, ir.Assign) and len(statement.right) == 1 and statement.new:
            symbol = statement.new[0]
            if symbol is not None and not symbol.assigned and isinstance(method, ir.Selector) and method.field in VIEWS:
                found[symbol] = method.field
    return found


def _uses_behind(value: Pooled, put: Put, symbols: set[ir.Symbol]) -> Iterator[ir.Name]:
    found = _place(value, put.statement) if put.statement is not None else None
    origin = _place(value, value.statement)
    if found is None or origin is None:
        return
    block, number = found
    for item in block.items[number:]:
        if symbols & set(assigned_by(item)):
            return
        yield from _names(item, symbols)
    graph = value.unit.cfg(value.function)
    sure = is_measured(value, put)  # what is used afterwards cannot depend on the size
    for other in graph.reachable():
        if other is block or not graph.reaches(block, other):
            continue
        if not sure and origin[0] is not block and graph.reaches(origin[0], other, avoiding=block):
            continue
        if other is origin[0] or graph.reaches(block, origin[0]):
            continue  # a loop gets another one
        for item in other.items:
            if symbols & set(assigned_by(item)):
                return
            yield from _names(item, symbols)


def _names(item: Item, symbols: set[ir.Symbol]) -> Iterator[ir.Name]:
    if isinstance(item, ir.Range | ir.TypeCase):
        return
    for node in walk(item):
        if isinstance(node, ir.Name) and node.symbol in symbols:
            yield node


def _returned_views(value: Pooled, views: dict[ir.Symbol, str]) -> Iterator[tuple[ir.Node, str]]:
    body = value.function.body
    for node in walk(body) if body is not None else ():
        if not isinstance(node, ir.Return) or node.start < value.get.start:
            continue
        for result in node.values:
            match result:
                case ir.Name(symbol=ir.Symbol() as symbol) if symbol in views:
                    yield result, views[symbol]
                case ir.Call(func=ir.Selector(base=ir.Name(symbol=ir.Symbol() as symbol), field=method)) if (
                    symbol is value.symbol and method in VIEWS
                ):
                    yield result, method
                case _:
                    pass


def is_pointer_like(unit: FunctionUnit, type_: Type | None) -> bool:
    """Whether a value of the type goes into an interface without an allocation; yes where it is not known."""
    if isinstance(type_, Pointer) or type_ is None:
        return True
    made_of = unit.typer.underlying(type_) if isinstance(type_, Named) else type_
    return not isinstance(made_of, Slice | Struct | Array | Basic)
