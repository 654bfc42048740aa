"""Requests, queries and commands that are made without the context at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_clients import MissingContext
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.flow.requests import Framework, framework_of
from caulk.flow.scope import is_context, visible
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule

_CODE = "request-without-context"

_QUERIES = {
    **{name: f"{name}Context" for name in ("Query", "QueryRow", "Exec", "Prepare", "Ping")},
    **{name: f"{name}Context" for name in ("Queryx", "QueryRowx", "NamedExec", "Preparex", "Get", "Select")},
    "Begin": "BeginTx",
    "Beginx": "BeginTxx",
}
_HANDLES = re.compile(r"database/sql\.(?:DB|Tx|Conn|Stmt)|github\.com/jmoiron/sqlx\.(?:DB|Tx|Conn|Stmt|NamedStmt)")
_FUNCTIONS = {"net/http.NewRequest": "NewRequestWithContext", "os/exec.Command": "CommandContext"}
_NO_VARIANT = frozenset({"net/http.Get", "net/http.Head", "net/http.Post", "net/http.PostForm"})
_WORDS = re.compile(
    rb"\bhttp\.(?:NewRequest|Get|Head|Post|PostForm)\(|\bexec\.Command\("
    rb"|\.(?:Queryx?|QueryRowx?|Exec|Preparex?|Ping|NamedExec|Get|Select|Beginx?)\("
)
_BEGINS = re.compile(rb"\.Beginx?\(")
_CONTEXTS = re.compile(rb"\bcontext\.Context\b|\*\w+\.Context\b|\becho\.Context\b|\*http\.Request\b|\bctx\b")
_CLEANS_UP = re.compile(r"(?i)close|shutdown|clean|rollback|unlock|stop|teardown|release|destroy|dispose|cancel|finali")
"""Names of functions that must do their work although the context may have ended."""
_RUNS = frozenset({"Run", "Output", "CombinedOutput"})


@dataclass(frozen=True, slots=True)
class _Context:
    text: str
    is_parameter: bool


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if not _WORDS.search(unit.text) or not _CONTEXTS.search(unit.text) or unit.function.body is None:
        return
    if _CLEANS_UP.search(unit.name):
        return
    for call in expressions(unit.function.body, literals=True):
        if isinstance(call, ir.Call):
            replacement = _variant(unit, call)
            context = _context(unit, call) if replacement is not None else None
            if replacement is not None and context is not None and _matters(unit, call):
                yield _finding(unit, call, replacement, context)


def _variant(unit: FunctionUnit, call: ir.Call) -> str | None:
    """The name of the variant with a context; empty where there is none, None for a call that is of no interest."""
    if not isinstance(call.func, ir.Selector):
        return None
    name = call.func.field
    if name not in _QUERIES and name not in ("NewRequest", "Command", "Head", "Post", "PostForm"):
        return None
    callee = unit.typer.callee(call)
    if callee.name in _FUNCTIONS:
        return _FUNCTIONS[callee.name]
    if callee.name in _NO_VARIANT:
        return ""
    owner = callee.declared_name.rpartition(".")[0] or callee.name.rpartition(".")[0]
    if owner.endswith(".Tx") and not _BEGINS.search(unit.text):
        return None  # a transaction begun with a context ends with it
    return _QUERIES.get(name) if _HANDLES.fullmatch(owner) else None


def _context(unit: FunctionUnit, call: ir.Call) -> _Context | None:
    """The context that the function got: a parameter of its own, the one of its request. What a literal captures may have
    ended when it runs."""
    function = unit.uses.function_of(call)
    for symbol in visible(unit, call):
        if symbol.kind is not ir.SymbolKind.PARAM or symbol.function is not function:
            continue
        if is_context(unit, symbol):
            return _Context(symbol.name, True)
        match framework_of(unit.typer.symbol_type(symbol)):
            case Framework.GIN:
                return _Context(f"{symbol.name}.Request.Context()", False)
            case Framework.ECHO:
                return _Context(f"{symbol.name}.Request().Context()", False)
            case Framework.HTTP:
                return _Context(f"{symbol.name}.Context()", False)
            case _:
                pass
    return None


def _matters(unit: FunctionUnit, call: ir.Call) -> bool:
    """Not what must happen in any case, or gets its context later on."""
    for around in unit.uses.around(call):
        if isinstance(around, ir.Defer | ir.Go):
            return False
        if (
            isinstance(around, ir.CommCase)
            and around.comm is not None
            and b".Done()" in unit.text[around.start : around.body.start]
        ):
            return False
        if isinstance(around, ir.If) and b".Err()" in unit.text[around.cond.start : around.cond.end]:
            return False
    name = unit.typer.callee(call).short
    if name == "NewRequest":
        return not _gets_context_later(unit, call)
    return name != "Command" or _is_waited_for(unit, call)


def _result(unit: FunctionUnit, call: ir.Call) -> ir.Symbol | None:
    assign = unit.uses.parent(call)
    target = assign.left[0] if isinstance(assign, ir.Assign) and assign.left else None
    return target.symbol if isinstance(target, ir.Name) else None


def _gets_context_later(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether the request is given a context, goes with one to somebody else, or never goes anywhere."""
    symbol = _result(unit, call)
    if symbol is None:
        return True
    sent = False
    for name in unit.uses.names.get(symbol, ()):
        parent = unit.uses.parent(name)
        match parent:
            case ir.Selector():
                if parent.field in ("WithContext", "Clone"):
                    return True
            case ir.Call():
                if unit.typer.callee(parent).short not in ("Do", "RoundTrip"):
                    return True
                if any(_is_context_value(unit, arg) for arg in parent.args):
                    return True
                sent = True
            case ir.Return() | ir.Composite() | ir.Send():
                return True
            case _:
                pass
    return not sent


def _is_context_value(unit: FunctionUnit, arg: ir.Expr) -> bool:
    return isinstance(arg, ir.Name) and arg.symbol is not None and is_context(unit, arg.symbol)


def _is_waited_for(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether the command ends within this function: one that is started lives on."""
    parent = unit.uses.parent(call)
    if isinstance(parent, ir.Selector):
        return parent.field in _RUNS
    symbol = _result(unit, call)
    if symbol is None:
        return False
    methods = {
        parent.field
        for name in unit.uses.names.get(symbol, ())
        if isinstance(parent := unit.uses.parent(name), ir.Selector)
    }
    return bool(methods & _RUNS) and "Start" not in methods


def _finding(unit: FunctionUnit, call: ir.Call, replacement: str, context: _Context) -> Finding:
    called = unit.source_text(call.func)
    better = f": {replacement} does" if replacement else ""
    return finding_at(
        unit,
        ir.Node(call.func.start, call.func.end),
        code=_CODE,
        tier=Tier.EXTENDED,
        message=f"{called} does not end with {context.text}{better}; when the caller has gone the work goes on",
        evidence=_evidence(unit, call, replacement, context),
    )


def _evidence(unit: FunctionUnit, call: ir.Call, replacement: str, context: _Context) -> Evidence:
    if not replacement or not isinstance(call.func, ir.Selector):
        return Evidence()
    start = call.func.field_start
    first = f"{context.text}, nil" if replacement.startswith("BeginTx") else context.text
    return MissingContext(
        method=(unit.offset(start), unit.offset(start + len(call.func.field))),
        replacement=replacement,
        arguments=unit.offset(call.lparen + 1),
        context=first,
        is_last=not call.args,
        is_parameter=context.is_parameter,
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="a request, query or command is made without the context at hand",
    check_function=_check,
    fix="unsafe",
    tests_too=False,
    duplicates=("noctx",),
)
