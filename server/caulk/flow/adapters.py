"""Handlers that only their registration tells of: functions given to an adapter, which calls them from a handler of its own
(``func wrap(f func(*Ctx) error) gin.HandlerFunc``), or to a framework that decodes the request for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caulk.flow.requests import (
    DECODERS,
    PACKAGES,
    Framework,
    RequestCode,
    framework_of,
    handlers_in,
    sees_request,
    spread,
)
from caulk.flow.shapes import called_name, closure_of
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.semantics.model import CalleeKind, Named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit, Program
    from caulk.semantics.packages import Declared, Package

_REGISTER = frozenset({b"Register", b"Get", b"Post", b"Put", b"Patch", b"Delete", b"Head", b"Options", b"All"})
_MAY_ADAPT = re.compile(rb"Handler|(?<!\A)\bfunc\b")
"""What stands in the head of an adapter: a handler that it returns, or the function that it gets."""


@dataclass(frozen=True, slots=True, eq=False)
class _Adapter:
    """A function that calls its parameter ``position`` in a handler."""

    unit: FunctionUnit
    position: int
    code: RequestCode
    """The handler."""
    call: ir.Call


def adapted(program: Program, handlers: Iterable[RequestCode]) -> Iterator[RequestCode]:
    """The handlers of a package that are given to adapters; ``handlers`` are those that their parameters tell of."""
    handlers = list(handlers)
    known = {id(code.function) for code in handlers}
    adapters: dict[bytes, list[_Adapter]] = {}
    for code in (*handlers, *_of_siblings(program)):
        for adapter in _adapters(code):
            adapters.setdefault(adapter.unit.name.encode(), []).append(adapter)
    decodes = any(file.imports(*DECODERS) for file in program.files)
    names = frozenset(adapters) | (_REGISTER if decodes else frozenset())
    naming = {unit: None for name in sorted(names) for unit in program.mentioning(name)}
    for unit in naming:
        if unit.file.is_test or unit.function.body is None:
            continue
        for call in expressions(unit.function.body, literals=True):
            if isinstance(call, ir.Call):
                for code in (*_given_to_adapter(unit, call, adapters), *_decoded(unit, call)):
                    if not _is_within(code.function, known):
                        yield code


def _is_within(function: ir.Function | None, handlers: set[int]) -> bool:
    """Whether it is, or stands in, a handler: then it belongs to one request anyway."""
    while function is not None:
        if id(function) in handlers:
            return True
        function = function.parent
    return False


def _of_siblings(program: Program) -> Iterator[RequestCode]:
    """The handlers of imported packages of the module that stand in something like an adapter, and one that is named here."""
    words = frozenset[bytes]().union(*(unit.words for unit in program.units))
    for package in program.siblings:
        names = frozenset(_adapter_names(package))
        program.reads.words(names)
        sibling = program.sibling(package) if not names.isdisjoint(words) else None
        for unit in sibling.units if sibling is not None else ():
            if unit.name.encode() in names & words and unit.file.imports(*PACKAGES) and sees_request(unit):
                for code in handlers_in(unit):
                    spread(code)
                    yield code


def _adapter_names(package: Package) -> Iterator[bytes]:
    """The names of the functions of a package that may be adapters, by their heads."""
    for file in package.files:
        if any(imported.path.startswith(PACKAGES) for imported in file.decls.imports):
            for head in file.decls.functions:
                if _MAY_ADAPT.search(head.text):
                    yield head.name.encode()


def _adapters(code: RequestCode) -> Iterator[_Adapter]:
    """Whether the function around a handler is an adapter."""
    unit = code.unit
    params = {param.symbol: number for number, param in enumerate(unit.function.params) if param.symbol is not None}
    if code.function is unit.function or code.function.body is None or not params:
        return
    for call in expressions(code.function.body, literals=True):
        if isinstance(call, ir.Call) and isinstance(call.func, ir.Name) and call.func.symbol in params:
            yield _Adapter(unit, params[call.func.symbol], code, call)


def _given_to_adapter(
    unit: FunctionUnit, call: ir.Call, adapters: dict[bytes, list[_Adapter]]
) -> Iterator[RequestCode]:
    name = called_name(call).encode()
    if name not in adapters:
        return
    target = unit.program.unit_of_callee(unit.typer.callee(call))
    for adapter in adapters[name]:
        if target is adapter.unit and adapter.position < len(call.args):
            found = function_value(unit, call.args[adapter.position])
            if found is not None:
                yield _code(*found, adapter)


def _code(unit: FunctionUnit, function: ir.Function, adapter: _Adapter) -> RequestCode:
    code = RequestCode(unit, function, framework=adapter.code.framework, is_handler=True, is_adapted=True)
    for param, arg in zip(function.params, adapter.call.args, strict=False):
        if param.symbol is None or not adapter.code.derives(arg):
            continue
        code.tainted.add(param.symbol)
        if framework_of(unit.typer.resolve(param.type)) is adapter.code.framework:
            code.context = param.symbol
    return code


def _decoded(unit: FunctionUnit, call: ir.Call) -> Iterator[RequestCode]:
    if not unit.file.imports(*DECODERS) or called_name(call).encode() not in _REGISTER:
        return
    callee = unit.typer.callee(call)
    if callee.kind is not CalleeKind.FUNCTION or not callee.package.startswith(DECODERS):
        return
    for arg in call.args:
        found = function_value(unit, arg)
        if found is not None:
            where, function = found
            symbols = {param.symbol for param in function.params if param.symbol is not None}
            given = {symbol for symbol in symbols if not _is_plain_context(where, symbol)}
            yield RequestCode(
                where, function, framework=Framework.HTTP, tainted=given, is_handler=True, is_adapted=True
            )
            return


def _is_plain_context(unit: FunctionUnit, symbol: ir.Symbol) -> bool:
    type_ = unit.typer.symbol_type(symbol)
    return isinstance(type_, Named) and type_.qualified == "context.Context"


def function_value(unit: FunctionUnit, expr: ir.Expr) -> tuple[FunctionUnit, ir.Function] | None:
    """The function of this package that an expression is: a literal, a variable that holds one, a function or method that
    is not called."""
    match expr:
        case _ if (literal := closure_of(expr)) is not None:
            return unit, literal
        case ir.Name() | ir.Selector():
            declared = unit.typer.package_symbol(expr) or _method(unit, expr)
            found = unit.program.unit_of(declared)
            return (found, found.function) if found is not None and found.program is unit.program else None
        case _:
            return None


def _method(unit: FunctionUnit, expr: ir.Expr) -> Declared | None:
    if not isinstance(expr, ir.Selector):
        return None
    member = unit.typer.member(unit.typer.type_of(expr.base), expr.field)
    return member.declared if member is not None else None
