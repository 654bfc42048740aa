"""The error result of a function, for fixes that add to what it returns."""

from __future__ import annotations

from typing import TypeGuard

from caulk.findings.evidence import ErrorResult
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.fix_names import free_name, package_name

_NAMES = ("err", "retErr", "resultErr")


def error_result(unit: FunctionUnit, function: ir.Function) -> ErrorResult | None:
    """How a deferred closure reaches the error that ``function`` returns: its last result, of type ``error``. A result without
    a name gets one that occurs nowhere in the function, so that nothing in it can hide it or be hidden. None when there is no
    such result, or its name means something else somewhere in the function."""
    results = function.results
    joining = package_name(unit, "errors")
    if not results or joining is None or not _is_error(results[-1].type):
        return None
    package, spec = joining
    if all(result.name for result in results):
        name = results[-1].name
        if name == "_" or _is_hidden(unit, function, name):
            return None
        return ErrorResult(name, package, spec)
    if any(result.name for result in results):
        return None
    name = next((name for name in _NAMES if free_name(unit, name) == name), free_name(unit, "retErr"))
    return ErrorResult(name, package, spec, tuple(_naming(unit, function, name)))


def _is_error(type_: ir.TypeExpr) -> bool:
    return isinstance(type_, ir.NamedType) and type_.name == "error" and not type_.package and type_.symbol is None


def _is_hidden(unit: FunctionUnit, function: ir.Function, name: str) -> bool:
    """Whether another variable of that name is declared in the function."""
    own = function.results[-1].symbol
    inside = {id(inner) for inner in function.walk()}
    return any(
        symbol.name == name and symbol is not own and id(symbol.function) in inside for symbol in unit.function.symbols
    )


def _naming(unit: FunctionUnit, function: ir.Function, name: str) -> list[tuple[int, str]]:
    """What is inserted where, so that the last result has the name and the others are ``_``."""
    starts = [result.type.start for result in function.results]
    last = function.results[-1].type
    bare = not unit.text[: starts[0]].rstrip().endswith(b"(") if len(starts) == 1 else False
    found = [(unit.offset(start), "_ ") for start in starts[:-1]]
    found.append((unit.offset(last.start), f"({name} " if bare else f"{name} "))
    if bare:
        found.append((unit.offset(last.end), ")"))
    return found


def fails(function: ir.Function, statement: ir.Node) -> bool:
    """Whether a return hands out an error that is not the constant nil."""
    if not _says_all(statement, function):
        return False
    value = statement.values[-1]
    return not (isinstance(value, ir.Name) and value.symbol is None and value.name == "nil")


def succeeds(function: ir.Function, statement: ir.Node) -> bool:
    """Whether a return hands out the constant nil as its error."""
    return _says_all(statement, function) and not fails(function, statement)


def _says_all(statement: ir.Node, function: ir.Function) -> TypeGuard[ir.Return]:
    """Whether it is a return with a value for every result, of which there are some."""
    return isinstance(statement, ir.Return) and 0 < len(statement.values) == len(function.results)


def has_goto(function: ir.Function) -> bool:
    """Whether a goto could jump over a variable that a fix declares."""
    return function.body is not None and any(
        isinstance(node, ir.Branch) and node.keyword == "goto" for node in walk(function.body)
    )
