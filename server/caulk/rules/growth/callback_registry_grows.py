"""Callbacks that a request registers and nobody takes away."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.containers import ContainerKey, Shrinks, appends
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import PACKAGES, RequestCode
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements
from caulk.rules.report import finding_at, related_at
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests
from caulk.semantics.model import named

_CODE = "callback-registry-grows"
_REGISTERS = re.compile(
    r"(?:Register|Subscribe|On[A-Z]|Add|Watch|Listen|Notify|register|subscribe|on[A-Z]|add|watch|listen)"
)


def _check(program: Program) -> Iterator[Finding]:
    if is_for_tests(program):
        return
    shrinks: dict[int, Shrinks] = {}
    for code in program.requests:
        unit, body = code.unit, code.function.body
        if body is None or unit.file.is_test or b"func" not in unit.words:
            continue
        for part in expressions(body):
            if not isinstance(part, ir.Call) or not _is_registration(part):
                continue
            target = program.unit_of_callee(unit.typer.callee(part))
            kept = _kept(target, part) if target is not None else None
            if target is None or kept is None:
                continue
            known = shrinks.setdefault(id(target.program), Shrinks(target.program))
            if not known.bounds(kept[0]):
                yield _finding(code, part, target, kept[1])


def _is_registration(call: ir.Call) -> bool:
    """``a.hooks.OnChange(func() {…})`` on something that the request did not make."""
    match call.func:
        case ir.Selector(base=base, field=name) if _REGISTERS.match(name):
            pass
        case ir.Name(name=name, symbol=None) if _REGISTERS.match(name):
            base = call.func
        case _:
            return False
    root = base
    while isinstance(root, ir.Selector):
        root = root.base
    symbol = root.symbol if isinstance(root, ir.Name) else None
    lasting = isinstance(root, ir.Name) and (symbol is None or symbol.kind is ir.SymbolKind.RECEIVER)
    return lasting and any(isinstance(arg, ir.FuncLit) for arg in call.args)


def _kept(target: FunctionUnit, call: ir.Call) -> tuple[ContainerKey, ir.Stmt] | None:
    """The list of the receiver or of the package to which the function appends the callback that it is given."""
    number = next(n for n, arg in enumerate(call.args) if isinstance(arg, ir.FuncLit))
    params, body = target.function.params, target.function.body
    wanted = params[number].symbol if number < len(params) else None
    for statement in statements(body) if body is not None and wanted is not None else ():
        match statement:
            case ir.Assign(op="=", left=(ir.Selector() | ir.Name() as place,), right=(ir.Call() as value,)):
                key = _key(target, place)
                takes = any(
                    isinstance(p, ir.Name) and p.symbol is wanted for a in value.args[1:] for p in expressions(a)
                )
                if key is not None and takes and appends(value, key[-1].rpartition(".")[2]):
                    return key, statement
            case _:
                pass
    return None


def _key(target: FunctionUnit, place: ir.Selector | ir.Name) -> ContainerKey | None:
    if isinstance(place, ir.Selector) and isinstance(place.base, ir.Name) and place.base.symbol is not None:
        owner = named(target.typer.type_of(place.base))
        is_own = place.base.symbol.kind is ir.SymbolKind.RECEIVER
        return ("field", owner.qualified, place.field) if owner is not None and is_own else None
    declared = target.typer.package_symbol(place) if isinstance(place, ir.Name) and place.symbol is None else None
    return ("variable", declared.qualified) if declared is not None else None


def _finding(code: RequestCode, call: ir.Call, target: FunctionUnit, kept: ir.Stmt) -> Finding:
    unit = code.unit
    name = ir.Node(call.start, call.lparen or call.end)
    return finding_at(
        unit,
        name,
        code=_CODE,
        tier=Tier.EXTENDED,
        message=(
            f"every request registers a callback with {target.qualified} and nothing takes one away: each is kept and called"
            " for ever, with all that it captures"
        ),
        related=[related_at(target, kept, "it is added here", home=unit)],
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="every request registers a callback that nobody takes away",
    check_package=_check,
    needs=PACKAGES,
    tests_too=False,
)
