"""Slices that every request makes longer."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Place, Where
from caulk.findings.evidence_insertions import MissingStatements
from caulk.findings.finding import Finding, Tier
from caulk.flow.containers import ContainerKey, Shrinks, appends, identity_of, name_of
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import PACKAGES, RequestCode
from caulk.ir import nodes as ir
from caulk.ir.visit import statements
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests
from caulk.semantics.model import Signature

_CODE = "unbounded-slice"
LIMIT = 10_000
"""Elements that the fix allows; half of them stay when there are more, so that few appends copy."""


def _check(program: Program) -> Iterator[Finding]:
    if is_for_tests(program):
        return
    shrinks = Shrinks(program)
    seen: set[ContainerKey] = set()
    for code in program.requests:
        body = code.function.body
        if body is None or code.unit.file.is_test:
            continue
        for statement in statements(body):
            identity = _grows(code, statement)
            if identity is not None and identity not in seen and not shrinks.bounds(identity):
                seen.add(identity)
                yield _finding(code, statement)


def _grows(code: RequestCode, statement: ir.Stmt) -> ContainerKey | None:
    """The long-lived slice to which the statement appends."""
    if not isinstance(statement, ir.Assign) or statement.op != "=" or len(statement.left) != 1:
        return None
    (target,) = statement.left
    identity = identity_of(code.unit, target, code) if isinstance(target, ir.Name | ir.Selector) else None
    if identity is None or len(statement.right) != 1 or not appends(statement.right[0], name_of(identity)):
        return None
    return None if _registers_callback(code, statement.right[0]) else identity


def _registers_callback(code: RequestCode, value: ir.Expr) -> bool:
    """``append(s.listeners, f)`` with a function that was handed in: what matters is who does that (callback-registry-grows)."""
    return isinstance(value, ir.Call) and all(
        isinstance(arg, ir.Name)
        and arg.symbol is not None
        and arg.symbol.kind is ir.SymbolKind.PARAM
        and isinstance(code.unit.typer.underlying(code.unit.typer.type_of(arg)), Signature)
        for arg in value.args[1:]
    )


def _finding(code: RequestCode, statement: ir.Stmt) -> Finding:
    unit = code.unit
    assert isinstance(statement, ir.Assign)
    (target,) = statement.left
    name = unit.source_text(target)
    derived = any(code.derives(value) for value in statement.right)
    return finding_at(
        unit,
        target,
        code=_CODE,
        tier=Tier.EXTENDED if derived else Tier.EXPERIMENTAL,
        message=f"{name} gets longer with every request and never shorter: it keeps all that was ever appended",
        evidence=_bounded(unit, statement, name),
    )


def _bounded(unit: FunctionUnit, statement: ir.Stmt, name: str) -> Evidence:
    """Behind the append: only the newest elements stay."""
    if unit.program.go < (1, 21):
        return NO_EVIDENCE
    newest = f"slices.Clone({name}[len({name})-{LIMIT // 2}:])"
    lines = (f"if len({name}) > {LIMIT} {{", f"\t{name} = {newest}", "}")
    place = Place(Where.AFTER, unit.offset(statement.end))
    title = f"Keep the newest elements of {name}, at most {LIMIT:,}"
    return MissingStatements(place, lines, title, imports=frozenset(("slices",)))


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="a long-lived slice gets longer with every request and never shorter",
    check_package=_check,
    needs=PACKAGES,
    fix="unsafe",
)
