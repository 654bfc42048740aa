"""Request bodies that are read whole, however long they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Place, Where
from caulk.findings.evidence_insertions import MissingStatements
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import PACKAGES, Framework, RequestCode, framework_of
from caulk.flow.shapes import last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.fix_names import http_name
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests, module_mentions
from caulk.semantics.model import named

_CODE = "unbounded-request-body"
_READERS = frozenset({"io.ReadAll", "io/ioutil.ReadAll"})
_BINDERS = frozenset(f"{kind}{form}" for kind in ("Bind", "ShouldBind") for form in ("", "JSON", "XML", "YAML", "TOML"))
_NAMES = frozenset({"ReadAll", "ParseMultipartForm"}) | _BINDERS
_LIMITED = re.compile(
    rb"MaxBytes(?:Reader|Handler)|BodyLimit|MaxRequestBody|RequestSizeLimit|LimitReader\([\w.]*[rR](?:eq(?:uest)?)?\.Body"
)
"""Words of somebody who limits bodies, here or in a middleware of the module."""
_LIMIT = "10<<20"


def _check(program: Program) -> Iterator[Finding]:
    bound = False
    for code in () if is_for_tests(program) else program.requests:
        unit, body = code.unit, code.function.body
        if body is None or unit.file.is_test or unit.words.isdisjoint(_WORDS):
            continue
        for part in expressions(body):
            if isinstance(part, ir.Call) and last_name(part.func) in _NAMES:
                request, binds = _request_of(unit, part), last_name(part.func) in _BINDERS
                if request and not (binds and bound) and not module_mentions(program, _LIMITED):
                    bound = bound or binds
                    yield _finding(code, part, request)


_WORDS = frozenset(name.encode() for name in _NAMES)


def _request_of(unit: FunctionUnit, call: ir.Call) -> str:
    """The request whose body the call reads to the end, as written; empty when it reads something else. A package that binds
    bodies does so in most of its handlers: one of them stands for all."""
    request: ir.Expr | None = None
    if isinstance(call.func, ir.Selector) and call.func.field in _BINDERS:
        context = framework_of(unit.typer.type_of(call.func.base))
        return f"{unit.source_text(call.func.base)}.Request" if context is Framework.GIN else ""
    if unit.typer.callee(call).name in _READERS and len(call.args) == 1:
        (body,) = call.args
        request = body.base if isinstance(body, ir.Selector) and body.field == "Body" else None
    elif isinstance(call.func, ir.Selector) and call.func.field == "ParseMultipartForm":
        request = call.func.base
    owner = named(unit.typer.type_of(request)) if request is not None else None
    if request is None or owner is None or owner.qualified != "net/http.Request":
        return ""
    return unit.source_text(request)


def _finding(code: RequestCode, call: ir.Call, request: str) -> Finding:
    unit = code.unit
    read = unit.source_text(call.func)
    what = (
        "all of the body is kept in memory"
        if not read.endswith("ParseMultipartForm")
        else "what does not fit is written to the disk"
    )
    return finding_at(
        unit,
        call,
        code=_CODE,
        tier=Tier.EXTENDED,
        message=f"{read} reads whatever the client sends, without a limit: {what}",
        evidence=_limit(code, call, request),
    )


def _limit(code: RequestCode, call: ir.Call, request: str) -> Evidence:
    """``r.Body = http.MaxBytesReader(w, r.Body, …)`` in front of the statement."""
    unit = code.unit
    writer, package = _writer(code, request), http_name(unit)
    statement = next((s for s in unit.uses.around(call) if isinstance(unit.uses.parent(s), ir.Block)), None)
    if statement is None or not writer or not package:
        return NO_EVIDENCE
    body = f"{request}.Body"
    line = f"{body} = {package}.MaxBytesReader({writer}, {body}, {_LIMIT})"
    place = Place(Where.BEFORE, unit.offset(statement.start))
    return MissingStatements(place, (line,), f"Limit {body} to 10 MiB", imports=frozenset(("net/http",)))


def _writer(code: RequestCode, request: str) -> str:
    """What the answer is written with, as the function calls it; empty when it has none."""
    unit = code.unit
    if request.endswith(".Request"):
        return request.removesuffix("Request") + "Writer"
    for param in code.function.params:
        owner = named(unit.typer.resolve(param.type))
        if owner is not None and owner.qualified == "net/http.ResponseWriter" and param.name not in ("", "_"):
            return param.name
    return ""


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="the body of a request is read whole, however long it is",
    check_package=_check,
    needs=PACKAGES,
    fix="unsafe",
    tests_too=False,
)
