"""HTTP servers that wait for ever for the headers of a request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Rewrite
from caulk.findings.evidence_clients import NewField
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import helps_tests
from caulk.flow.shapes import is_nil, last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.composites import field_of, literal_of, missing_fields
from caulk.rules.fix_names import http_name
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.requests.addresses import may_be_loopback
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests
from caulk.semantics.model import CalleeKind

_CODE = "server-without-timeouts"
_SERVER = "net/http.Server"
_TIMEOUT = NewField("ReadHeaderTimeout", "10 * time.Second")
_SERVES = frozenset({"ListenAndServe", "ListenAndServeTLS", "Run", "RunTLS"})
_SERVING = re.compile(rb"\bServer\{|\b(?:ListenAndServe|Run)(?:TLS)?\b")
_PACKAGES = ("net/http", "github.com/gin-gonic/gin")
_ADDRESS_AND_HANDLER = {"net/http.ListenAndServe": (0, 1), "net/http.ListenAndServeTLS": (0, 3)}
_GIN = {"github.com/gin-gonic/gin.Engine.Run": 1, "github.com/gin-gonic/gin.Engine.RunTLS": 3}
"""How many arguments they have when the address is one of them."""
_SET = re.compile(rb"\.Read(?:Header)?Timeout\b\s*=")
_BY_HAND = re.compile(rb"^//\s*(?:go:build|\+build) (?:ignore|none)\b", re.M)
_DEBUGS = re.compile(r"(?i)debug|pprof|profil")
_SOCKET = re.compile(rb'"unix"')
_CONFIGURES = re.compile(rb"\bBaseConfig:\s*&?\s*$")
"""A server that nobody serves with: the settings of an HTTP/2 connection."""


def _check(program: Program) -> Iterator[Finding]:
    if is_for_tests(program):
        return
    set_later = program.says(_SET)
    for unit in program.matching(_SERVING):
        if helps_tests(unit.file) or unit.file.is_generated or not unit.file.imports(*_PACKAGES) or _is_left_out(unit):
            continue
        for part in expressions(unit.function.body, literals=True) if unit.function.body is not None else ():
            if isinstance(part, ir.Composite) and not set_later:
                yield from _literal(unit, part)
            elif isinstance(part, ir.Call) and last_name(part.func) in _SERVES:
                yield from _call(unit, part)


def _is_left_out(unit: FunctionUnit) -> bool:
    """Whether no build has the file: it is run by hand."""
    return _BY_HAND.search(unit.file.source.data, 0, unit.chunk.start) is not None


def _literal(unit: FunctionUnit, part: ir.Composite) -> Iterator[Finding]:
    literal = literal_of(unit, part, _SERVER)
    if literal is None or any(not element.field for element in literal.elements):
        return
    if field_of(literal, "ReadHeaderTimeout") is not None or field_of(literal, "ReadTimeout") is not None:
        return
    if may_be_loopback(unit, field_of(literal, "Addr")) or _SOCKET.search(unit.code):
        return
    if _CONFIGURES.search(unit.text, 0, part.start) or _is_given_to_options(unit, part):
        return
    missing = missing_fields(unit, literal, (_TIMEOUT,), ("time",))
    yield _finding(unit, literal, "this server", missing if missing is not None else NO_EVIDENCE)


def _is_given_to_options(unit: FunctionUnit, literal: ir.Composite) -> bool:
    """Whether the server goes through functions that the caller gives (``option(server)``): they may set anything."""
    value = unit.uses.parent(literal)
    statement = unit.uses.parent(value) if isinstance(value, ir.Unary) else value
    symbol = statement.new[0] if isinstance(statement, ir.Assign) and len(statement.new) == 1 else None
    parents = map(unit.uses.parent, unit.uses.names.get(symbol, ())) if symbol is not None else ()
    return any(
        isinstance(call, ir.Call) and isinstance(call.func, ir.Name) and call.func.symbol is not None
        for call in parents
    )


def _is_for_debugging(unit: FunctionUnit, address: ir.Expr, handler: ir.Expr) -> bool:
    """Whether it serves the profiles where, and when, somebody has asked for them."""
    return (
        is_nil(handler)
        and not isinstance(address, ir.Literal)
        and _DEBUGS.search(f"{unit.name} {unit.source_text(address)}") is not None
    )


def _call(unit: FunctionUnit, call: ir.Call) -> Iterator[Finding]:
    callee = unit.typer.callee(call)
    if callee.kind not in (CalleeKind.FUNCTION, CalleeKind.METHOD):
        return
    places = _ADDRESS_AND_HANDLER.get(callee.name)
    if places is not None and len(call.args) == max(places) + 1:
        address, handler = (call.args[place] for place in places)
        if not may_be_loopback(unit, address) and not _is_for_debugging(unit, address, handler):
            written = unit.source_text(handler)
            yield _finding(
                unit, call, f"the server of {callee.short}", _rewritten(unit, call, written, call.args[1:-1])
            )
    elif callee.name in _GIN and not (call.args and may_be_loopback(unit, call.args[0])):
        engine = unit.source_text(call.func.base) if isinstance(call.func, ir.Selector) else ""
        complete = len(call.args) == _GIN[callee.name] and not call.spread
        evidence = _rewritten(unit, call, engine, call.args[1:]) if complete else NO_EVIDENCE
        yield _finding(unit, call, f"the server of {engine}.{callee.short}", evidence)


def _rewritten(unit: FunctionUnit, call: ir.Call, handler: str, others: tuple[ir.Expr, ...]) -> Evidence:
    """The same with a server of its own, in an expression as before."""
    package = http_name(unit)
    fields = [f"Addr: {unit.source_text(call.args[0])}"]
    if handler != "nil":
        fields.append(f"Handler: {handler}")
    fields.append(f"{_TIMEOUT.name}: {_TIMEOUT.value}")
    arguments = ", ".join(unit.source_text(argument) for argument in others)
    method = "ListenAndServeTLS" if last_name(call.func).endswith("TLS") else "ListenAndServe"
    text = f"(&{package}.Server{{{', '.join(fields)}}}).{method}({arguments})"
    if "\n" in text or not package:
        return NO_EVIDENCE
    return Rewrite(*unit.span(call), text, f"Serve with {_TIMEOUT.name}: {_TIMEOUT.value}", ("net/http", "time"))


def _finding(unit: FunctionUnit, node: ir.Node, what: str, evidence: Evidence) -> Finding:
    return finding_at(
        unit,
        node,
        code=_CODE,
        tier=Tier.EXTENDED,
        message=(
            f"{what} has no ReadHeaderTimeout: a client that sends its headers slowly, or never, holds a connection and a"
            " goroutine as long as it likes"
        ),
        evidence=evidence,
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="an HTTP server waits without a limit for the headers of a request",
    check_package=_check,
    needs=("net/http", "github.com/gin-gonic/gin"),
    fix="unsafe",
    tests_too=False,
)
