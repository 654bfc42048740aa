"""Addresses that are written in the code."""

from __future__ import annotations

import re

from caulk.flow.shapes import last_name
from caulk.ir import nodes as ir

_LOOPBACK = re.compile(r'["`](?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::|["`])')


def literal_address(address: ir.Expr | None) -> str | None:
    """What an address begins with in the code, with its quotes; None when it does not stand there."""
    while isinstance(address, ir.Binary) and address.op == "+":
        address = address.left
    return address.text if isinstance(address, ir.Literal) and address.kind == "string" else None


def is_loopback(address: ir.Expr | None) -> bool:
    """Whether an address that is written in the code can only be reached from the same machine."""
    text = literal_address(_beginning(address))
    return text is not None and _LOOPBACK.match(text) is not None


def _beginning(address: ir.Expr | None) -> ir.Expr | None:
    """What an address begins with: seen through a variable that gets no other value, ``Sprintf`` and ``JoinHostPort``."""
    match address:
        case ir.Name(symbol=ir.Symbol(assigned=0, definition=ir.Definition(origin=ir.From.VALUE, index=0, expr=value))):
            return _beginning(value)
        case ir.Call(args=(first, *_)) if last_name(address.func) in ("Sprintf", "JoinHostPort"):
            return first
        case _:
            return address
