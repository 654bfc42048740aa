"""Goroutines and deferred functions that use the variable of a loop, before Go 1.22."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from caulk.findings.evidence import Evidence, Place, Where
from caulk.findings.evidence_insertions import MissingStatements
from caulk.findings.finding import Finding, Tier
from caulk.flow.channels import is_starter
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements, walk
from caulk.rules.report import NO_EVIDENCE, finding_at, related_at
from caulk.rules.rule import Rule

_CODE = "loop-variable-captured"
_OWN_IN_EACH_ROUND = (1, 22)
"""The Go version from which each round of a loop has variables of its own."""
_IS_NEWER = re.compile(rb"^//go:build\b.*\bgo1\.(?:2[2-9]|[3-9]\d)\b", re.M)

_WAITS_FOR_NOBODY = frozenset({"Add", "Println", "Printf", "Print", "Infof", "Debugf", "Errorf", "Info", "Debug"})


def _may_capture(unit: FunctionUnit) -> bool:
    """The gate: a loop and a function literal that runs later, in code that is known to be for an older Go."""
    return (
        unit.program.version.is_before(_OWN_IN_EACH_ROUND)
        and {b"for", b"func"} <= unit.words
        and not unit.words.isdisjoint((b"go", b"defer", b"Go"))
    )


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if _IS_NEWER.search(unit.file.source.data, 0, unit.chunk.start):
        return
    for function in unit.function.walk():
        for statement in statements(function.body) if function.body is not None else ():
            literal = _runs_later(unit, statement)
            loop = unit.placement(function).loop_around(statement) if literal is not None else None
            if literal is None or loop is None:
                continue
            used = _uses(literal, _variables(loop))
            if used and _goes_on(unit, statement, loop):
                yield _finding(unit, statement, loop, used)


def _runs_later(unit: FunctionUnit, statement: ir.Stmt) -> ir.Function | None:
    """The literal that the statement defers, or runs in a goroutine."""
    match statement:
        case ir.Go(call=ir.Call(func=ir.FuncLit() as literal)) | ir.Defer(call=ir.Call(func=ir.FuncLit() as literal)):
            return literal.function
        case ir.ExprStmt(expr=ir.Call(args=(ir.FuncLit() as literal,)) as call) if is_starter(unit, call):
            return literal.function
        case _:
            return None


def _variables(loop: ir.For | ir.Range) -> frozenset[ir.Symbol]:
    """The variables of the loop that the next round changes."""
    if isinstance(loop, ir.Range):
        names = (loop.key, loop.value) if loop.define else ()
        return frozenset(name.symbol for name in names if isinstance(name, ir.Name) and name.symbol is not None)
    declared = loop.init.new if isinstance(loop.init, ir.Assign) else ()
    changed = _assigned(loop.post) if loop.post is not None else set()
    return frozenset(symbol for symbol in declared if symbol is not None and symbol in changed)


def _assigned(node: ir.Node) -> set[ir.Symbol]:
    """The variables that a statement, or those inside it, give another value or somebody the address of."""
    targets: list[ir.Expr] = []
    for part in walk(node, literals=True):
        match part:
            case ir.Assign():
                targets += part.left
            case ir.IncDec() | ir.Unary(op="&"):
                targets.append(part.operand)
            case _:
                pass
    return {target.symbol for target in targets if isinstance(target, ir.Name) and target.symbol is not None}


def _uses(literal: ir.Function, variables: frozenset[ir.Symbol]) -> list[ir.Name]:
    """The first use of each of the variables in the literal."""
    found: dict[ir.Symbol, ir.Name] = {}
    for part in expressions(literal.body, literals=True) if literal.body is not None and variables else ():
        if isinstance(part, ir.Name) and part.symbol in variables:
            found.setdefault(part.symbol, part)
    return list(found.values())


def _goes_on(unit: FunctionUnit, statement: ir.Stmt, loop: ir.For | ir.Range) -> bool:
    """Whether the next round comes without waiting for the goroutine: nothing behind the statement leaves the loop, or may
    wait for somebody."""
    node: ir.Node = statement
    for outer in unit.uses.around(statement):
        if outer is loop:
            return True
        if isinstance(outer, ir.Block) and not all(map(_passes_by, _behind(outer, node))):
            return False
        node = outer
    return False


def _behind(block: ir.Block, statement: ir.Node) -> Sequence[ir.Stmt]:
    return [other for other in block.statements if other.start > statement.start]


def _passes_by(statement: ir.Stmt) -> bool:
    for part in walk(statement):
        match part:
            case ir.Branch(keyword="continue", label=""):
                pass
            case ir.Return() | ir.Branch() | ir.Send() | ir.Select() | ir.Unary(op="<-"):
                return False
            case ir.Call(func=func) if not isinstance(statement, ir.Go | ir.Defer) and not _is_quick(func):
                return False
            case _:
                pass
    return True


def _is_quick(func: ir.Expr) -> bool:
    """Whether a call surely waits for nobody: a built-in function or a conversion, a counter, a log."""
    match func:
        case ir.Name(
            name="append" | "len" | "cap" | "delete" | "copy" | "string" | "int" | "make" | "new", symbol=None
        ):
            return True
        case ir.Selector(field=name):
            return name in _WAITS_FOR_NOBODY
        case _:
            return isinstance(func, ir.TypeOperand)


def _finding(unit: FunctionUnit, statement: ir.Stmt, loop: ir.For | ir.Range, used: list[ir.Name]) -> Finding:
    names = " and ".join(name.name for name in used)
    which = "is one variable" if len(used) == 1 else "are the same variables"
    when = (
        "the deferred function sees what the last round"
        if isinstance(statement, ir.Defer)
        else ("the goroutine may see what a later round")
    )
    return finding_at(
        unit,
        used[0],
        code=_CODE,
        tier=Tier.CORE,
        message=f"{names} {which} for all rounds of the loop before Go 1.22: {when} has put there",
        evidence=_copies(unit, statement, loop, used),
        related=(related_at(unit, ir.Node(loop.start, loop.start + len("for")), "the loop"),),
    )


def _copies(unit: FunctionUnit, statement: ir.Stmt, loop: ir.For | ir.Range, used: list[ir.Name]) -> Evidence:
    """Copies in front of the statement, where everything behind means the same with them."""
    block = unit.uses.parent(statement)
    names = {name.name for name in used}
    if not isinstance(block, ir.Block) or any(name.symbol in _assigned(loop.body) for name in used):
        return NO_EVIDENCE
    declared = (symbol for symbol in unit.function.symbols if block.start <= symbol.start < block.end)
    if any(symbol.name in names for symbol in declared):
        return NO_EVIDENCE
    listed = ", ".join(name.name for name in used)
    line = f"{listed} := {listed}"
    place = Place(Where.BEFORE, unit.offset(statement.start))
    return MissingStatements(place, (line,), f"Copy them: `{line}`", changes_behaviour=False)


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="a goroutine or deferred function uses the variable of a loop that all rounds share",
    check_function=_check,
    gate=_may_capture,
    fix="safe",
    duplicates=("vet: loopclosure",),
)
