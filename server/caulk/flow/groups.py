"""Groups of goroutines that are local variables: everything that a function does with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caulk.ir import nodes as ir
from caulk.semantics.model import Pointer, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

WAIT_GROUP = "sync.WaitGroup"
ERROR_GROUP = "golang.org/x/sync/errgroup.Group"


@dataclass(frozen=True, slots=True, eq=False)
class LocalGroup:
    """A variable of a group type, and what becomes of it."""

    symbol: ir.Symbol
    calls: dict[str, tuple[ir.Call, ...]]
    """The calls of its methods, by name."""
    copies: tuple[ir.Name, ...]
    """Where its value is an argument: a copy."""
    escapes: bool
    """Whether it is used in some other way: somebody else may add, wait or be done."""

    def first(self, *methods: str) -> ir.Call | None:
        """The first call of one of the methods."""
        calls = [call for method in methods for call in self.calls.get(method, ())]
        return min(calls, key=lambda call: call.start, default=None)


def local_groups(unit: FunctionUnit, type_name: str) -> Iterator[LocalGroup]:
    """The local variables of the type, or of pointers to it, that a function declares."""
    for symbol, names in unit.uses.names.items():
        if symbol.kind is not ir.SymbolKind.LOCAL:
            continue
        type_ = unit.typer.symbol_type(symbol)
        owner = named(type_)
        if owner is not None and owner.qualified == type_name:
            yield _group(unit, symbol, names, is_pointer=isinstance(type_, Pointer))


def _group(unit: FunctionUnit, symbol: ir.Symbol, names: list[ir.Name], *, is_pointer: bool) -> LocalGroup:
    calls: dict[str, tuple[ir.Call, ...]] = {}
    copies: list[ir.Name] = []
    escapes = False
    for name in names:
        parent = unit.uses.parent(name)
        call = unit.uses.parent(parent) if isinstance(parent, ir.Selector) else None
        if isinstance(parent, ir.Selector) and isinstance(call, ir.Call) and call.func is parent:
            calls[parent.field] = (*calls.get(parent.field, ()), call)
        elif isinstance(parent, ir.Call) and parent.func is not name and not is_pointer:
            copies.append(name)
        elif not (isinstance(parent, ir.Assign) and any(target is name for target in parent.left)):
            escapes = True
        elif is_pointer and not all(_is_made(value) for value in parent.right):
            escapes = True  # a group that has another name as well
    return LocalGroup(symbol, calls, tuple(copies), escapes)


def _is_made(value: ir.Expr) -> bool:
    """Whether the value is a new group: ``&sync.WaitGroup{}``, ``new(sync.WaitGroup)``, a constructor's."""
    return isinstance(value, ir.Call) or (isinstance(value, ir.Unary) and isinstance(value.operand, ir.Composite))
