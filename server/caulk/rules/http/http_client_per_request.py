"""Transports of their own that are made again and again: pools of connections that nobody can reuse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_clients import Hoist, NewField, PerCallClient
from caulk.findings.finding import Finding, Related, Tier
from caulk.flow.frequency import CallSite, Frequency, callers, frequency, is_guarded
from caulk.flow.kept import is_kept
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import RequestCode
from caulk.flow.shapes import last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.composites import field_of, literal_of, missing_fields
from caulk.rules.hoisting import hoist_of, is_independent
from caulk.rules.report import finding_at, related_at
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests

_TRANSPORT = "net/http.Transport"
_CLIENT = "net/http.Client"
_MADE = re.compile(rb"http\.Transport")
_ENDS_THEM = re.compile(rb"DisableKeepAlives|CloseIdleConnections|MaxIdleConnsPerHost:\s*-1")
"""With one of these beside it a transport keeps no idle connections, or somebody ends them."""
_STANDARD = re.compile(r"(?:time|http|tls)\.[A-Z]\w*|true|false|nil")
"""Names that a package variable may be made from, because they are there before any of the program's own."""


def _check(program: Program) -> Iterator[Finding]:
    if is_for_tests(program):
        return
    for unit in program.matching(_MADE):
        if unit.file.is_test or unit.file.is_generated:
            continue
        if not _ENDS_THEM.search(unit.text):
            yield from _in_function(unit)


def _in_function(unit: FunctionUnit) -> Iterator[Finding]:
    for function in unit.function.walk():
        if function.body is None:
            continue
        for part in expressions(function.body):
            literal = literal_of(unit, part, _TRANSPORT)
            if literal is not None and not is_guarded(CallSite(unit, part)) and not _is_given_connections(literal):
                yield from _judge(unit, function, literal)


def _is_given_connections(literal: ir.Composite) -> bool:
    """Whether its dial functions dial nothing themselves: then the connections are somebody else's, who ends them."""
    dials = [element.value for element in literal.elements if element.field.startswith("Dial")]
    own = [value.function for value in dials if isinstance(value, ir.FuncLit) and value.function.body is not None]
    return bool(own) and not any(_dials(function) for function in own)


def _dials(function: ir.Function) -> bool:
    return function.body is not None and any(
        isinstance(part, ir.Call) and last_name(part.func).lower().startswith("dial")
        for part in expressions(function.body, literals=True)
    )


def _judge(unit: FunctionUnit, function: ir.Function, literal: ir.Composite) -> Iterator[Finding]:
    client = _client_around(unit, literal)
    code = _request_code(unit, function)
    often = _how_often(unit, function, client, code)
    if not often or is_kept(unit, client) or any(_ENDS_THEM.search(site.unit.text) for site in callers(unit)):
        return
    idle = field_of(literal, "IdleConnTimeout") is not None or b"IdleConnTimeout" in unit.text
    tier = Tier.EXTENDED if idle else Tier.CORE
    stays = "until their idle time is over" if idle else "until the server hangs up"
    yield finding_at(
        unit,
        literal,
        code="http-client-per-request",
        tier=tier,
        message=f"every {often} makes a transport with connections of its own, which nobody can reuse: they stay, with two goroutines each, {stays}",
        evidence=_evidence(unit, literal, client, idle=idle),
        related=_path(unit, code),
    )


def _how_often(unit: FunctionUnit, function: ir.Function, client: ir.Expr, code: RequestCode | None) -> str:
    """``request``, ``round of this loop`` or ``call of F``; empty when it may be made once."""
    if code is not None:
        return "request"
    often = frequency(unit, function)
    if often is Frequency.ONCE or not _stays_here(unit, client):
        return ""
    if any(isinstance(around, ir.For | ir.Range) for around in unit.uses.around(client)):
        return "round of this loop"
    if often is Frequency.REQUEST:
        return "request"
    return f"call of {unit.qualified}" if often is not Frequency.STARTS else ""


def _request_code(unit: FunctionUnit, function: ir.Function) -> RequestCode | None:
    """The request code that makes it: the literal's own function, or one around it."""
    current: ir.Function | None = function
    while current is not None:
        code = unit.program.requests.of(current)
        if code is not None:
            return code
        current = current.parent
    return None


def _path(unit: FunctionUnit, code: RequestCode | None) -> Iterator[Related]:
    """From the transport up to the handler."""
    seen: set[int] = set()
    while code is not None and id(code) not in seen:
        seen.add(id(code))
        head = ir.Node(0, min(len(code.unit.text), code.unit.text.find(b"{") if b"{" in code.unit.text else 4))
        what = "runs for every request" if code.is_handler else "is reached from a request"
        yield related_at(code.unit, head, f"{code.unit.qualified} {what}", unit)
        caller = code.caller
        code = caller.program.requests.of(caller.function) if not code.is_handler and caller is not None else None


def _stays_here(unit: FunctionUnit, value: ir.Expr) -> bool:
    """Whether the client, or what it is put into, is only called within this function and then let go."""
    child: ir.Node = value
    parent = unit.uses.parent(child)
    while isinstance(parent, ir.Unary) or literal_of(unit, parent, _CLIENT) is not None:
        assert parent is not None
        child, parent = parent, unit.uses.parent(parent)
    match parent:
        case ir.Selector():
            return isinstance(unit.uses.parent(parent), ir.Call | ir.Assign)
        case ir.Assign(left=(ir.Name(symbol=ir.Symbol(kind=ir.SymbolKind.LOCAL) as symbol) as target,)):
            return target is child or _is_only_called(unit, symbol, target)
        case ir.Assign(left=(ir.Selector(base=ir.Name(symbol=ir.Symbol(kind=ir.SymbolKind.LOCAL) as symbol) as base),)):
            return _is_only_called(unit, symbol, base)
        case _:
            return False


def _is_only_called(unit: FunctionUnit, symbol: ir.Symbol, target: ir.Name) -> bool:
    names = [name for name in unit.uses.names.get(symbol, ()) if name is not target]
    return bool(names) and not symbol.captured and all(_stays_here(unit, name) for name in names)


def _client_around(unit: FunctionUnit, literal: ir.Composite) -> ir.Expr:
    """``&http.Client{Transport: &http.Transport{}}`` as a whole, or the transport with its ``&``."""
    outer = _with_address(unit, literal)
    parent = unit.uses.parent(outer)
    if isinstance(parent, ir.Composite) and literal_of(unit, parent, _CLIENT) is parent:
        return _with_address(unit, parent)
    return outer


def _with_address(unit: FunctionUnit, literal: ir.Composite) -> ir.Expr:
    parent = unit.uses.parent(literal)
    return parent if isinstance(parent, ir.Unary) and parent.op == "&" else literal


def _evidence(unit: FunctionUnit, literal: ir.Composite, client: ir.Expr, *, idle: bool) -> Evidence:
    missing = None
    if not idle:
        missing = missing_fields(unit, literal, (NewField("IdleConnTimeout", "90 * time.Second"),), ("time",))
    return PerCallClient(
        hoist=_hoist(unit, client),
        missing=replace(missing, limits=True) if missing is not None else None,
        ends=_ends(unit, client),
    )


def _ends(unit: FunctionUnit, client: ir.Expr) -> tuple[str, int] | None:
    """The variable of a client that is only called here, and the end of the statement that makes it."""
    assign = unit.uses.parent(client)
    if not _stays_here(unit, client) or not isinstance(assign, ir.Assign) or len(assign.left) != 1:
        return None
    if any(isinstance(around, ir.For | ir.Range) for around in unit.uses.around(client)):
        return None
    target = assign.left[0]
    return (target.name, unit.offset(assign.end)) if isinstance(target, ir.Name) else None


def _hoist(unit: FunctionUnit, client: ir.Expr) -> Hoist | None:
    if not isinstance(client, ir.Unary) or not is_independent(client) or _is_changed(unit, client):
        return None
    names = [unit.source_text(part) for part in expressions(client) if isinstance(part, ir.Selector)]
    loose = [
        p for p in expressions(client) if isinstance(p, ir.Name) and not isinstance(unit.uses.parent(p), ir.Selector)
    ]
    if not all(_STANDARD.fullmatch(name) for name in (*names, *(name.name for name in loose))):
        return None
    if any(isinstance(part, ir.Call) for part in expressions(client)):
        return None
    assert isinstance(client.operand, ir.Composite)
    name = "httpTransport" if literal_of(unit, client.operand, _TRANSPORT) is not None else "httpClient"
    return hoist_of(unit, client, name, "")


def _is_changed(unit: FunctionUnit, client: ir.Expr) -> bool:
    """Whether its variable's fields are set later on: what is shared must not be."""
    assign = unit.uses.parent(client)
    target = assign.left[0] if isinstance(assign, ir.Assign) and len(assign.left) == 1 else None
    symbol = target.symbol if isinstance(target, ir.Name) else None
    for name in unit.uses.names.get(symbol, ()) if symbol is not None else ():
        selector = unit.uses.parent(name)
        above = unit.uses.parent(selector) if isinstance(selector, ir.Selector) else None
        if isinstance(above, ir.Assign) and any(left is selector for left in above.left):
            return True
    return False


RULE = Rule(
    module=__name__,
    code="http-client-per-request",
    tier=Tier.CORE,
    summary="an HTTP transport of its own is made for every request",
    check_package=_check,
    fix="unsafe",
    tests_too=False,
)
