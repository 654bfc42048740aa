"""Whether the context of a cancel function is still wanted when the function that made it returns."""

from __future__ import annotations

from caulk.flow.leaks import Leak
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.semantics.model import Callee, Interface, Named, Pointer, Type, named

_LAZY = ("Close", "Next", "Read", "Recv", "Scan", "Done")
"""Methods of values that go on working with the context they were made with."""


def context_outlives(leak: Leak) -> bool:
    """Whether a deferred cancel could end a context that somebody keeps: one that is returned, stored, used by a goroutine or
    a closure, or that a returned value may go on working with. Always false for what is no cancel function."""
    if leak.acquire.contract.kind != "cancel":
        return False
    unit = leak.unit
    todo = [target.symbol for target in leak.acquire.left if isinstance(target, ir.Name) and target.symbol is not None]
    todo = [symbol for symbol in todo if symbol is not leak.acquire.symbol_at(leak.acquire.contract.result)]
    if any(not isinstance(target, ir.Name) for target in leak.acquire.left):
        return True
    seen: set[ir.Symbol] = set()
    while todo:
        symbol = todo.pop()
        seen.add(symbol)
        for name in unit.uses.names.get(symbol, ()):
            kept = _kept_in(unit, leak.acquire.function, name)
            if kept is None:
                return True
            todo += [other for other in kept if other not in seen]
    return False


def _kept_in(unit: FunctionUnit, function: ir.Function, name: ir.Name) -> list[ir.Symbol] | None:
    """The variables that a use of the context makes another context in; None when it may be kept for longer."""
    if unit.uses.function_of(name) is not function:
        return None
    parent = unit.uses.parent(name)
    match parent:
        case ir.Selector():
            return []
        case ir.Assign() if any(target is name for target in parent.left):
            return []
        case ir.Call() if parent.func is name:
            return []  # the next function of an iterator
        case ir.Call():
            return _handed_to(unit, parent)
        case ir.Binary():
            return []
        case _:
            return None


def _handed_to(unit: FunctionUnit, call: ir.Call) -> list[ir.Symbol] | None:
    parent = unit.uses.parent(call)
    while isinstance(parent, ir.Call | ir.Selector):
        call = parent if isinstance(parent, ir.Call) else call
        parent = unit.uses.parent(parent)
    match parent:
        case ir.Go() | ir.Composite() | ir.Element() | ir.Send():
            return None
        case ir.Return():
            return None if _may_go_on(unit, unit.typer.callee(call)) else []
        case ir.Assign():
            return _derived(unit, parent)
        case _:
            return []


def _derived(unit: FunctionUnit, item: ir.Assign) -> list[ir.Symbol] | None:
    """The contexts that are made from it; None when one is stored, or something lazy is made that may be returned."""
    found: list[ir.Symbol] = []
    for target in item.left:
        if not isinstance(target, ir.Name):
            return None
        if target.symbol is None:
            continue
        type_ = unit.typer.symbol_type(target.symbol)
        owner = named(type_)
        if owner is not None and owner.qualified == "context.Context":
            found.append(target.symbol)
        elif _is_lazy(unit, type_) and any(_is_returned(unit, use) for use in unit.uses.names.get(target.symbol, ())):
            return None
    return found


def _is_returned(unit: FunctionUnit, name: ir.Name) -> bool:
    parent = unit.uses.parent(name)
    return not isinstance(parent, ir.Selector | ir.Assign | ir.Binary)


def _may_go_on(unit: FunctionUnit, callee: Callee) -> bool:
    """Whether a result of the callee may go on working with the context it was given."""
    if callee.signature is None:
        return True
    return any(_is_lazy(unit, type_) for type_ in callee.signature.results)


def _is_lazy(unit: FunctionUnit, type_: Type | None) -> bool:
    if type_ is None:
        return True
    if unit.typer.implements_error(type_):
        return False
    if isinstance(type_, Named | Pointer):
        return isinstance(unit.typer.underlying(type_), Interface) or any(
            unit.typer.member(type_, method) for method in _LAZY
        )
    return isinstance(type_, Interface)
