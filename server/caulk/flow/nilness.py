"""Which results of a function are always nil, and which never are, as far as its return statements say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caulk.flow import facts as known
from caulk.flow.shapes import is_nil
from caulk.ir import nodes as ir
from caulk.ir.visit import statements

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit


def told_by_results(unit: FunctionUnit, item: ir.Assign, wanted: frozenset[str]) -> known.Facts:
    """What the callee says of its results for whoever tests them: an error that is always nil, a handle that never is."""
    call = item.right[0] if len(item.right) == 1 else None
    if not isinstance(call, ir.Call):
        return frozenset()
    tested = [
        (number, known.nil_fact(target.symbol)[0])
        for number, target in enumerate(item.left)
        if isinstance(target, ir.Name) and target.symbol is not None
        if known.nil_fact(target.symbol)[0] in wanted
    ]
    if not tested:
        return frozenset()
    results = unit.program.summaries.nil_results(unit.typer.callee(call))
    return frozenset(
        (key, result) for number, key in tested if number < len(results) and (result := results[number]) is not None
    )


def nil_results(function: ir.Function) -> tuple[bool | None, ...]:
    """For every result whether it is always nil; None where nobody can say."""
    returns = [s for s in statements(function.body) if isinstance(s, ir.Return)] if function.body is not None else []
    count = len(function.results)
    if not returns or any(len(statement.values) != count for statement in returns):
        return (None,) * count
    agreed = (_agreed([statement.values[number] for statement in returns]) for number in range(count))
    return tuple(None if result and _is_stub(function) else result for result in agreed)


def _is_stub(function: ir.Function) -> bool:
    """Whether the body only returns: what does nothing yet may fail when it does."""
    return function.body is not None and len(function.body.statements) < 2


def _agreed(values: list[ir.Expr]) -> bool | None:
    found = {_is_nil(value) for value in values}
    return found.pop() if len(found) == 1 else None


def _is_nil(value: ir.Expr) -> bool | None:
    if is_nil(value):
        return True
    is_new = isinstance(value, ir.Unary) and value.op == "&" and isinstance(value.operand, ir.Composite)
    return False if is_new else None
