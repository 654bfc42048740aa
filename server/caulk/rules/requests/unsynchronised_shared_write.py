"""Writes of handlers to what all requests share, without a lock."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.containers import identity_of
from caulk.flow.frequency import CallSite
from caulk.flow.frequency import is_guarded as runs_once
from caulk.flow.program import Program
from caulk.flow.requests import PACKAGES, RequestCode, framework_of
from caulk.ir import nodes as ir
from caulk.ir.visit import statements
from caulk.rules.report import finding_at
from caulk.rules.requests.shared_targets import grows, is_guarded, is_request_data, shared_by
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests
from caulk.semantics.model import Map, named

_CODE = "unsynchronised-shared-write"
_SIGNALS = (b"<-", b"close(", b"cancel(", b"Cancel(", b"Shutdown(", b".Done()")
"""With one of these the handler tells somebody else, who may have waited for the write."""


def _check(program: Program) -> Iterator[Finding]:
    for code in () if is_for_tests(program) else program.requests:
        if not code.is_handler or code.function.body is None or code.unit.file.is_generated or _is_synchronised(code):
            continue
        for statement in statements(code.function.body):
            for target in _written(code, statement):
                where = _shared(code, target)
                if where and not runs_once(CallSite(code.unit, target)):
                    yield _finding(code, target, where)


def _is_synchronised(code: RequestCode) -> bool:
    unit = code.unit
    assert code.function.body is not None
    text = unit.text[code.function.body.start : code.function.body.end]
    if is_guarded(code) or any(signal in text for signal in _SIGNALS):
        return True
    return not unit.words.isdisjoint(unit.program.locking)


def _written(code: RequestCode, statement: ir.Stmt) -> Iterator[ir.Expr]:
    """What a statement changes, other than to data of this request, which another rule reports."""
    if isinstance(statement, ir.IncDec):
        yield statement.operand
    if not isinstance(statement, ir.Assign) or statement.op in (":=", "var", "const"):
        return
    paired = len(statement.left) == len(statement.right)
    for number, target in enumerate(statement.left):
        value = statement.right[number] if paired else statement.right[0]
        if statement.op != "=" or not _is_of_another_rule(code, target, value):
            yield target


def _is_of_another_rule(code: RequestCode, target: ir.Expr, value: ir.Expr) -> bool:
    """Whether the value is what other rules look for in such a place: data of the request, its context, one more element."""
    type_ = code.unit.typer.type_of(value)
    owner = named(type_)
    if framework_of(type_) is not None or (owner is not None and owner.qualified == "context.Context"):
        return True
    return grows(code, target, value) or is_request_data(code, target, value)


def _shared(code: RequestCode, target: ir.Expr) -> str:
    """How the target outlives the request. Of maps only those whose keys the caller does not choose: others grow, too."""
    if not isinstance(target, ir.Index):
        return "" if _is_made_here(code, target) else shared_by(code, target)
    unit = code.unit
    is_map = isinstance(unit.typer.underlying(unit.typer.type_of(target.base)), Map)
    if not is_map or len(target.indices) != 1 or code.derives(target.indices[0]) or _is_made_here(code, target.base):
        return ""
    return "a map of all requests" if identity_of(unit, target.base, code) is not None else ""


def _is_made_here(code: RequestCode, target: ir.Expr) -> bool:
    """Whether it is a field of an object of a type that request code makes: perhaps one for each request."""
    owner = named(code.unit.typer.type_of(target.base)) if isinstance(target, ir.Selector) else None
    if owner is None:
        return False
    made = owner.name.encode() + b"{"
    return any(made in other.unit.text for other in code.unit.program.requests)


def _finding(code: RequestCode, target: ir.Expr, where: str) -> Finding:
    unit = code.unit
    name = unit.source_text(target)
    what = "two requests at once crash the process" if isinstance(target, ir.Index) else "two requests at once race"
    return finding_at(
        unit,
        target,
        code=_CODE,
        tier=Tier.EXTENDED,
        message=f"{name} ({where}) is written by every request without a lock: {what}",
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="a handler writes what all requests share without a lock",
    check_package=_check,
    needs=PACKAGES,
    tests_too=False,
)
