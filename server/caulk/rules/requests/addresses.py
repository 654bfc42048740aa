"""Addresses that are written in the code."""

from __future__ import annotations

import re

from caulk.flow.program import FunctionUnit
from caulk.flow.shapes import last_name
from caulk.ir import nodes as ir
from caulk.semantics.packages import Declared

_LOOPBACK = re.compile(r'["`](?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)(?::|["`])')
_SAYS_LOOPBACK = re.compile(rb'["`](?:localhost|127\.0\.0\.1|\[?::1\]?)[:"`]')
_JOINS = frozenset({"Sprintf", "JoinHostPort", "Sprint"})


def literal_address(address: ir.Expr | None) -> str | None:
    """What an address begins with in the code, with its quotes; None when it does not stand there."""
    while isinstance(address, ir.Binary) and address.op == "+":
        address = address.left
    return address.text if isinstance(address, ir.Literal) and address.kind == "string" else None


def _beginning(unit: FunctionUnit, address: ir.Expr | None) -> str | None:
    """The same, seen through a variable that gets no other value, constants, ``Sprintf`` and ``JoinHostPort``."""
    match address:
        case ir.Literal(kind="string", text=text):
            return text
        case ir.Binary(op="+", left=left):
            return _beginning(unit, left)
        case ir.Call(args=(first, *_)) if last_name(address.func) in _JOINS:
            begins = _beginning(unit, first)
            return begins if begins is not None and not begins.startswith('"%') else None
        case ir.Name(symbol=ir.Symbol() as symbol) if symbol.definition is not None and not symbol.assigned:
            return _beginning(unit, symbol.definition.expr) if symbol.definition.count == 1 else None
        case ir.Name() | ir.Selector():
            return _constant(unit, address)
        case _:
            return None


def _constant(unit: FunctionUnit, name: ir.Name | ir.Selector) -> str | None:
    declared = unit.typer.package_symbol(name)
    node = declared.node if declared is not None else None
    if not isinstance(node, ir.ValueDecl) or not node.const or len(node.names) != 1 or len(node.values) != 1:
        return None
    return _beginning(unit, node.values[0])


def is_loopback(unit: FunctionUnit, address: ir.Expr | None) -> bool:
    """Whether an address that is written in the code can only be reached from the same machine."""
    text = _beginning(unit, address)
    return text is not None and _LOOPBACK.match(text) is not None


def may_be_loopback(unit: FunctionUnit, address: ir.Expr | None) -> bool:
    """Whether it is, or nobody sees the address and the function, or a constant of the field's name, says so: a default, the
    listener."""
    text = _beginning(unit, address)
    if text is not None:
        return _LOOPBACK.match(text) is not None
    if _SAYS_LOOPBACK.search(unit.code):
        return True
    name = last_name(address) if isinstance(address, ir.Selector) else ""
    return any(_names_loopback(unit, declared) for declared in unit.program.package.values.get(name, ()))


def _names_loopback(unit: FunctionUnit, declared: Declared) -> bool:
    node = declared.node
    value = node.values[0] if isinstance(node, ir.ValueDecl) and len(node.values) == 1 else None
    text = _beginning(unit, value)
    return text is not None and _LOOPBACK.match(text) is not None
