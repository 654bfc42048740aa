"""Writers that keep a copy of every answer, however long it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import OtherStatements
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.flow.requests import PACKAGES
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule, words
from caulk.semantics.model import Struct, named

_CODE = "response-body-captured"
_BUFFERS = frozenset({"bytes.Buffer", "strings.Builder"})
_WRITERS = frozenset({"net/http.ResponseWriter", "github.com/gin-gonic/gin.ResponseWriter"})
_LIMITS = re.compile(rb"\b(?:if|switch|for|Len|len|min)\b")
"""Words of a method that does not keep everything."""
_CACHES = re.compile(r"(?i)cache|etag|idempot")
"""Who needs all of the answer."""
_LIMIT = "64<<10"


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    body, receiver = unit.function.body, unit.function.receiver
    if (
        unit.name != "Write"
        or body is None
        or receiver is None
        or receiver.symbol is None
        or len(unit.function.params) != 1
    ):
        return
    if _LIMITS.search(unit.code) or any(
        map(_CACHES.search, (unit.receiver, unit.program.package.name, unit.file.path))
    ):
        return
    written = unit.function.params[0].symbol
    copies = [s for s in body.statements if _copies(unit, s, receiver.symbol, written)]
    if len(copies) == 1 and _passes_on(unit, body, written) and _wraps_writer(unit, receiver):
        yield _finding(unit, copies[0])


def _copies(unit: FunctionUnit, statement: ir.Stmt, receiver: ir.Symbol, written: ir.Symbol | None) -> bool:
    """``w.body.Write(p)`` with a buffer of the receiver."""
    call = statement.expr if isinstance(statement, ir.ExprStmt) else None
    if isinstance(statement, ir.Assign) and len(statement.right) == 1 and statement.op == "=":
        call = statement.right[0]
    match call:
        case ir.Call(
            func=ir.Selector(base=ir.Selector(base=ir.Name(symbol=symbol)) as buffer, field="Write"),
            args=(ir.Name() as arg,),
        ) if symbol is receiver and arg.symbol is written:
            owner = named(unit.typer.type_of(buffer))
            return owner is not None and owner.qualified in _BUFFERS
        case _:
            return False


def _passes_on(unit: FunctionUnit, body: ir.Block, written: ir.Symbol | None) -> bool:
    """Whether the writer that it wraps gets the same bytes."""
    for part in expressions(body):
        match part:
            case ir.Call(func=ir.Selector(base=base, field="Write"), args=(ir.Name() as arg,)) if arg.symbol is written:
                owner = named(unit.typer.type_of(base))
                if owner is not None and owner.qualified in _WRITERS:
                    return True
            case _:
                pass
    return False


def _wraps_writer(unit: FunctionUnit, receiver: ir.Param) -> bool:
    struct = unit.typer.underlying(named(unit.typer.resolve(receiver.type)))
    return isinstance(struct, Struct) and any(
        (owner := named(field.type)) is not None and owner.qualified in _WRITERS for field in struct.fields
    )


def _finding(unit: FunctionUnit, statement: ir.Stmt) -> Finding:
    call = statement.expr if isinstance(statement, ir.ExprStmt) else statement
    text = unit.source_text(statement)
    buffer = (
        unit.source_text(call.func.base) if isinstance(call, ir.Call) and isinstance(call.func, ir.Selector) else ""
    )
    evidence = None
    if buffer:
        lines = (f"if {buffer}.Len() < {_LIMIT} {{", f"\t{text}", "}")
        evidence = OtherStatements(*unit.span(statement), lines, "Keep the first 64 KiB only")
    message = (
        "every byte of every answer is kept in memory here, downloads and streams included, until the request ends"
    )
    if evidence is None:
        return finding_at(unit, statement, code=_CODE, tier=Tier.EXTENDED, message=message)
    return finding_at(unit, statement, code=_CODE, tier=Tier.EXTENDED, message=message, evidence=evidence)


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="a writer keeps a copy of every answer, however long it is",
    check_function=_check,
    gate=words("Write byte func error"),
    needs=(*PACKAGES, "bytes", "strings"),
    fix="unsafe",
    tests_too=False,
)
