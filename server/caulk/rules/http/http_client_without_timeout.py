"""HTTP clients that wait for ever, and requests of a service through the default client, which does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence_clients import NewField
from caulk.findings.finding import Finding, Span, Tier
from caulk.flow.frequency import callers
from caulk.flow.program import FileUnit, FunctionUnit, Program
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.composites import field_of, literal_of, missing_fields, missing_in_text
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests

_CODE = "http-client-without-timeout"
_CLIENT = "net/http.Client"
_TIMEOUT = (NewField("Timeout", "30 * time.Second"),)
_SHORT = frozenset({"net/http.Get", "net/http.Head", "net/http.Post", "net/http.PostForm"})
_ASKS = re.compile(rb"\bClient\b|http\.(?:Get|Head|Post|PostForm)\(")
_THOUGHT_OF = re.compile(rb"(?i)timeout|deadline|stream|\bsse\b|websocket|longpoll")
"""Words of somebody who has thought of it: another limit, or answers that last."""
_LASTS = re.compile(r"(?i)stream|sse\b|websocket|download|watch")
"""Names of functions whose answers last."""
MAX_DEPTH = 2
"""How many callers up a returned client is followed."""
_WITH_CONTEXT = re.compile(rb"NewRequestWithContext\(|\.WithContext\(|ctxhttp\.")
_WITHOUT_CONTEXT = re.compile(rb"\bhttp\.NewRequest\(|(?i:http|client)\w*\.(?:Get|Post|PostForm|Head)\(")


def _check(program: Program) -> Iterator[Finding]:
    files = [file for file in program.files if not file.is_test and not file.is_generated and file.imports("net/http")]
    if not files or is_for_tests(program) or _limited_by_context(program, files):
        return
    for unit in program.matching(_ASKS):
        if unit.file in files:
            yield from _in_function(unit)
    for file in files:
        yield from _in_declarations(program, file)


def _limited_by_context(program: Program, files: list[FileUnit]) -> bool:
    """Whether every request of the package has a context: then the caller says how long."""
    for pattern in (_WITH_CONTEXT, _WITHOUT_CONTEXT):
        program.reads.pattern(pattern)
    texts = [file.source.data for file in files]
    return any(map(_WITH_CONTEXT.search, texts)) and not any(map(_WITHOUT_CONTEXT.search, texts))


def _in_function(unit: FunctionUnit) -> Iterator[Finding]:
    body = unit.function.body
    if body is None or _LASTS.search(unit.name) or _THOUGHT_OF.search(unit.text[body.start : body.end]):
        return
    for part in expressions(body, literals=True):
        literal = literal_of(unit, part, _CLIENT) if isinstance(part, ir.Composite | ir.Unary) else None
        if literal is not None and field_of(literal, "Timeout") is None and _is_own(unit, literal):
            yield finding_at(
                unit,
                literal,
                code=_CODE,
                tier=Tier.EXTENDED,
                message=_message("this client"),
                evidence=missing_fields(unit, literal, _TIMEOUT, ("time",)) or NO_EVIDENCE,
            )
        elif isinstance(part, ir.Call) and unit.typer.callee(part).name in _SHORT and _serves(unit, part):
            called = unit.source_text(part.func)
            yield finding_at(
                unit, part, code=_CODE, tier=Tier.EXTENDED, message=_message(f"the default client of {called}")
            )


def _message(subject: str) -> str:
    return f"{subject} has no Timeout: a server that accepts and stays silent holds the connection and this goroutine for ever"


def _is_own(unit: FunctionUnit, value: ir.Expr, depth: int = MAX_DEPTH) -> bool:
    """Whether the client stays in this package; libraries that are given one make their requests with a context."""
    child: ir.Node = value
    parent = unit.uses.parent(child)
    while isinstance(parent, ir.Unary):
        child, parent = parent, unit.uses.parent(parent)
    match parent:
        case ir.Call(func=func) if func is not child:
            return unit.program.own_unit_of_callee(unit.typer.callee(parent)) is not None
        case ir.Composite(type=ir.NamedType(package="")):
            return True
        case ir.Composite():
            return False
        case ir.Assign(left=(ir.Name(symbol=ir.Symbol() as symbol), *_)):
            return not _is_given_away(unit, symbol, depth)
        case ir.Return():
            return _stays_with_callers(unit, depth)
        case ir.Assign() | ir.Selector():
            return True
        case _:
            return False


def _stays_with_callers(unit: FunctionUnit, depth: int) -> bool:
    return not depth or all(_is_own(site.unit, site.call, depth - 1) for site in callers(unit))


def _is_given_away(unit: FunctionUnit, symbol: ir.Symbol, depth: int) -> bool:
    """Whether the variable is an argument, or a field, of something foreign, here or where it is returned to."""
    for name in unit.uses.names.get(symbol, ()):
        parent = unit.uses.parent(name)
        if isinstance(parent, ir.Call) and parent.func is not name:
            if unit.program.own_unit_of_callee(unit.typer.callee(parent)) is None:
                return True
        elif isinstance(parent, ir.Return):
            return not _stays_with_callers(unit, depth)
        elif isinstance(parent, ir.Composite) and isinstance(parent.type, ir.NamedType) and parent.type.package:
            return True
    return False


def _serves(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether the call is made for a request of somebody else."""
    current: ir.Function | None = unit.uses.function_of(call)
    while current is not None:
        if unit.program.requests.of(current) is not None:
            return True
        current = current.parent
    return False


def _in_declarations(program: Program, file: FileUnit) -> Iterator[Finding]:
    """``var client = &http.Client{}``: declarations keep the outline of a literal only, so its text is looked at."""
    for declared in file.decls.values:
        for value in declared.values:
            literal = value.operand if isinstance(value, ir.Unary) and value.op == "&" else value
            if not isinstance(literal, ir.Composite) or not isinstance(literal.type, ir.NamedType):
                continue
            if literal.type.name != "Client" or file.package_file.imports.get(literal.type.package) != "net/http":
                continue
            start, end = file.span(literal)
            if not _THOUGHT_OF.search(file.source.data[start:end]):
                yield Finding(
                    code=_CODE,
                    path=file.path,
                    span=Span(start, end),
                    message=_message("this client"),
                    evidence=missing_in_text(file.source.data, (start, end), _TIMEOUT, ("time",)),
                    tier=Tier.EXTENDED,
                    severity=Tier.EXTENDED.severity,
                )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="an HTTP client has no timeout",
    check_package=_check,
    fix="unsafe",
    tests_too=False,
    duplicates=("noctx",),
)
