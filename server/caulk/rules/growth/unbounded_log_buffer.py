"""Buffers of something long-lived that are emptied only when all goes well."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Place, Where
from caulk.findings.evidence_insertions import MissingStatements
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule
from caulk.semantics.model import named

_CODE = "unbounded-log-buffer"
_WRITES = frozenset({"Write", "WriteString", "WriteByte", "WriteRune"})
_EMPTIES = frozenset(
    {"Reset", "Truncate", "Next", "WriteTo", "Read", "ReadByte", "ReadBytes", "ReadString", "ReadRune"}
)
_LIMIT = "1<<20"


def _check(program: Program) -> Iterator[Finding]:
    for unit in program.mentioning(b"for", b"err"):
        if unit.file.is_test or unit.words.isdisjoint(_WORDS):
            continue
        body = unit.function.body
        for loop in statements(body) if body is not None else ():
            if isinstance(loop, ir.For | ir.Range):
                write = _write(unit, loop)
                if write is not None and _is_emptied_on_success_only(program, unit, loop, write):
                    yield _finding(unit, write)


_WORDS = frozenset(name.encode() for name in _WRITES)


def _write(unit: FunctionUnit, loop: ir.For | ir.Range) -> ir.Call | None:
    """The first write of the loop to a buffer of the receiver or of the package."""
    for statement in loop.body.statements:
        match statement:
            case ir.ExprStmt(expr=ir.Call(func=ir.Selector(base=buffer, field=name)) as call) if name in _WRITES:
                owner = named(unit.typer.type_of(buffer)) if _is_lasting(buffer) else None
                if owner is not None and owner.qualified == "bytes.Buffer":
                    return call
            case _:
                pass
    return None


def _is_lasting(buffer: ir.Expr) -> bool:
    match buffer:
        case ir.Name(symbol=None):
            return True
        case ir.Selector(base=ir.Name(symbol=ir.Symbol(kind=ir.SymbolKind.RECEIVER))):
            return True
        case _:
            return False


def _is_emptied_on_success_only(program: Program, unit: FunctionUnit, loop: ir.Stmt, write: ir.Call) -> bool:
    """Whether all that empties the buffer, in the whole package, stands behind ``err == nil``, and nobody looks at its
    length."""
    assert isinstance(write.func, ir.Selector)
    name = _last(write.func.base)
    emptied = False
    for other in program.mentioning(name.encode()):
        if other.function.body is None:
            continue
        for part in expressions(other.function.body, literals=True):
            parent = other.uses.parent(part)
            if _last(part) != name or (isinstance(parent, ir.Selector) and _last(parent) == name):
                continue
            if isinstance(parent, ir.Selector):
                if parent.field in ("Len", "Cap", "Available") or not _is_called(other, parent):
                    return False
                if parent.field in _EMPTIES:
                    if other is not unit or not _is_on_success(other, part):
                        return False
                    emptied = True
            elif isinstance(parent, ir.Assign | ir.Unary | ir.Call | ir.Return):
                return False
    return emptied


def _last(expr: ir.Node) -> str:
    match expr:
        case ir.Selector():
            return expr.field
        case ir.Name():
            return expr.name
        case _:
            return ""


def _is_called(unit: FunctionUnit, method: ir.Selector) -> bool:
    parent = unit.uses.parent(method)
    return isinstance(parent, ir.Call) and parent.func is method


def _is_on_success(unit: FunctionUnit, part: ir.Expr) -> bool:
    """Whether it stands in a branch for the error that is nil."""
    child: ir.Node = part
    for above in unit.uses.around(part):
        if isinstance(above, ir.If) and above.then is child:
            match above.cond:
                case ir.Binary(op="==", left=left, right=ir.Name(name="nil", symbol=None)):
                    return unit.typer.implements_error(unit.typer.type_of(left))
                case _:
                    return False
        child = above
    return False


def _finding(unit: FunctionUnit, write: ir.Call) -> Finding:
    assert isinstance(write.func, ir.Selector)
    buffer = unit.source_text(write.func.base)
    return finding_at(
        unit,
        write,
        code=_CODE,
        tier=Tier.EXTENDED,
        message=f"{buffer} is emptied only when all goes well: while writing it out fails it gets longer without a limit",
        evidence=_bounded(unit, write, buffer),
    )


def _bounded(unit: FunctionUnit, write: ir.Call, buffer: str) -> Evidence:
    statement = unit.uses.parent(write)
    if not isinstance(statement, ir.ExprStmt):
        return NO_EVIDENCE
    lines = (f"if {buffer}.Len() > {_LIMIT} {{", f"\t{buffer}.Reset()", "}")
    place = Place(Where.BEFORE, unit.offset(statement.start))
    return MissingStatements(place, lines, f"Drop what {buffer} has when it reaches 1 MiB")


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="a long-lived buffer is emptied only when writing it out succeeds",
    check_package=_check,
    needs=("bytes",),
    fix="unsafe",
    tests_too=False,
)
