"""How a value is released: the text of the call."""

from __future__ import annotations

import re

from caulk.findings.evidence import Release
from caulk.flow.leaks import Leak
from caulk.ir import nodes as ir
from caulk.rules.fix_names import package_name
from caulk.semantics.contracts import CALL_ITSELF, NOT_AT_HAND, Contract, argument_number
from caulk.semantics.model import Interface, named


def release_of(leak: Leak, name: str | None = None) -> Release | None:
    """The call that releases the value; None when it needs an argument that is not at hand."""
    acquire, contract = leak.acquire, leak.acquire.contract
    place = acquire.place
    base = name or (place.symbol.name if place is not None else "")
    path = place.path if place is not None else contract.resource
    argument = _release_argument(leak)
    if argument is None:
        return None
    if contract.released_through:
        path = ()
    method = contract.released_through or contract.release
    target = ".".join((base, *path))
    if method:
        call = f"{target}({argument})" if method == CALL_ITSELF else f"{target}.{method}({argument})"
    else:
        function = _release_function(leak)
        if function is None:
            return None
        call = f"{function}({_with_value(contract, target, argument)})"
    nil_safe = contract.nil_safe and not _is_interface(leak)
    unchecked = contract.unless_error is not None and acquire.error_symbol is None and not nil_safe
    unchecked = unchecked or (contract.maybe_nil and method != CALL_ITSELF)
    drains = contract.kind == "body" and not contract.released_through and package_name(leak.unit, "io") == ("io", "io")
    drain = target if drains else ""
    return Release(call, contract.returns_error, base if unchecked else "", not contract.idempotent, drain)


def _is_interface(leak: Leak) -> bool:
    """Whether the value is held as an interface, whose methods cannot be called on nil whatever the type behind it says."""
    typer, place = leak.unit.typer, leak.acquire.place
    targets = (target for target in leak.acquire.left if isinstance(target, ir.Name))
    held = next((target for target in targets if place is not None and target.symbol is place.symbol), None)
    return held is not None and isinstance(typer.underlying(typer.type_of(held)), Interface)


def _with_value(contract: Contract, value: str, argument: str) -> str:
    """The arguments of the releasing function: the value, and the other argument on the side that is left."""
    function = contract.release_function
    given = [value, argument] if function is None or function.argument == 0 else [argument, value]
    return ", ".join(part for part in given if part)


def _release_function(leak: Leak) -> str | None:
    """How the function that releases is called from here: as a method of what the value was acquired from, or by the name
    that its package has in the file. None when it cannot be called."""
    unit, call, function = leak.unit, leak.acquire.call, leak.acquire.contract.release_function
    if function is None:
        return None
    owner, _, name = function.name.rpartition(".")
    if function.by_owner:
        callee = unit.typer.callee(call)
        owners = (callee.name.rpartition(".")[0], callee.declared_name.rpartition(".")[0])
        if leak.acquire.owner is None or not isinstance(call.func, ir.Selector) or owner not in owners:
            return None
        return f"{unit.source_text(call.func.base)}.{name}"
    if owner == unit.program.package.path:
        return name
    text = unit.file.source.data
    names = (local for local, path in unit.file.package_file.imports.items() if path == owner)
    local = next((local for local in names if re.search(rf"\b{local}\.".encode(), text)), None)
    return f"{local}.{name}" if local is not None else None


def _release_argument(leak: Leak) -> str | None:
    written = leak.acquire.contract.release_argument
    if written == NOT_AT_HAND:
        return None
    number = argument_number(written)
    if number is not None:
        args = leak.acquire.call.args
        simple = number < len(args) and isinstance(args[number], ir.Name | ir.Literal)
        return leak.unit.source_text(args[number]) if simple else None
    return _context_argument(leak) if written == "context" else written


def _context_argument(leak: Leak) -> str | None:
    """The context that the acquiring call was given, when it is a plain name."""
    for arg in leak.acquire.call.args:
        owner = named(leak.unit.typer.type_of(arg))
        if owner is not None and owner.qualified == "context.Context" and isinstance(arg, ir.Name):
            return arg.name
    return None
