"""What handlers write that all requests share."""

from __future__ import annotations

import re

from caulk.flow.program import FunctionUnit
from caulk.flow.requests import RequestCode, framework_of
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions

_GUARDS = (b".Lock()", b"atomic.", b".Store(", b".Do(")
"""What shows that somebody thought of several requests at once."""


def is_guarded(code: RequestCode) -> bool:
    """Whether the handler takes a lock, or the like."""
    assert code.function.body is not None
    text = code.unit.text[code.function.body.start : code.function.body.end]
    return any(guard in text for guard in _GUARDS)


def is_request_data(code: RequestCode, target: ir.Expr, value: ir.Expr) -> bool:
    """Whether the value is one of this request that the next must not see: no error, and no setting for all of them."""
    return code.derives(value) and not _is_error(code, target) and not _changes_settings(code, value)


_SETTINGS = re.compile(
    r"(?i)^(?:set|put|update|save|patch|reload|apply|change|enable|disable|toggle|switch)|config|setting|option"
)


def _changes_settings(code: RequestCode, value: ir.Expr) -> bool:
    """Whether a handler that by its name changes settings takes them from the request's body: meant for all requests."""
    names = [part.symbol for part in expressions(value) if isinstance(part, ir.Name) and part.symbol in code.tainted]
    return _SETTINGS.search(code.unit.name) is not None and all(symbol in code.bound for symbol in names)


def grows(code: RequestCode, target: ir.Expr, value: ir.Expr) -> bool:
    """Whether the new value is made from the old one (``x = append(x, …)``, ``x = x[1:]``): growth is another rule's matter."""
    name = code.unit.source_text(target)
    return any(
        isinstance(part, ir.Name | ir.Selector) and code.unit.source_text(part) == name for part in expressions(value)
    )


def _is_error(code: RequestCode, target: ir.Expr) -> bool:
    return code.unit.typer.implements_error(code.unit.typer.type_of(target))


def shared_by(code: RequestCode, target: ir.Expr) -> str:
    """How the target outlives the request; empty when it does not, or nobody knows."""
    if isinstance(target, ir.Name):
        return _shared_name(code, target)
    if isinstance(target, ir.Selector) and isinstance(target.base, ir.Name):
        symbol = target.base.symbol
        if symbol is None:
            declared = code.unit.typer.package_symbol(target.base)
            return "a package variable" if declared is not None and isinstance(declared.node, ir.ValueDecl) else ""
        receiver = code.function.receiver
        is_receiver = receiver is not None and symbol is receiver.symbol
        lasts = is_receiver and code.is_registered_method and not _is_made_per_request(code)
        return "a field of the handler's object" if lasts else ""
    return ""


def _is_made_per_request(code: RequestCode) -> bool:
    """Whether all objects of the method's type are made by functions that are given a request."""
    name = code.unit.receiver.encode()
    made = re.compile(rb"\b" + re.escape(name) + rb"\{")
    makers = [unit for unit in code.unit.program.mentioning(name) if made.search(unit.code)]
    return bool(makers) and all(
        any(framework_of(unit.typer.resolve(param.type)) is not None for param in unit.function.params)
        for unit in makers
    )


def _shared_name(code: RequestCode, target: ir.Name) -> str:
    symbol = target.symbol
    if symbol is None:
        if target.name == "_":
            return ""
        declared = code.unit.typer.package_symbol(target)
        return "a package variable" if declared is not None and isinstance(declared.node, ir.ValueDecl) else ""
    owner = symbol.function
    if owner is code.function or symbol.kind is not ir.SymbolKind.LOCAL:
        return ""
    inside = any(owner is inner for inner in code.function.walk())
    requests = code.unit.program.requests
    outer: ir.Function | None = owner
    while outer is not None:  # a variable of an enclosing handler belongs to one request
        if requests.of(outer) is not None:
            return ""
        outer = outer.parent
    return "" if inside or _is_answer(code.unit, symbol) else f"declared outside the handler, in {code.unit.name}"


def _is_answer(unit: FunctionUnit, symbol: ir.Symbol) -> bool:
    """Whether the function that declares the variable reads it itself: it serves until a handler has brought what it wants."""
    for name in unit.uses.names.get(symbol, ()):
        parent = unit.uses.parent(name)
        written = isinstance(parent, ir.Assign) and any(target is name for target in parent.left)
        if not written and unit.uses.function_of(name) is symbol.function:
            return True
    return False
