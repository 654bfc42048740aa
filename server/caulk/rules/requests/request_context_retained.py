"""Requests of other frameworks than gin, and the texts that fiber lends, in something that outlives them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Rewrite
from caulk.findings.finding import Finding, Tier
from caulk.flow.lent import COPIERS, lent
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import PACKAGES, Framework, RequestCode
from caulk.flow.retention import Storing, retained, retained_texts
from caulk.flow.spawns import Spawn
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.report import NO_EVIDENCE, finding_at, related_at
from caulk.rules.requests.retained import finding_of
from caulk.rules.requests.shared_targets import is_guarded
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests, module_mentions

_CODE = "request-context-retained"
_FIBER = "github.com/gofiber/fiber"
_IMMUTABLE = re.compile(rb"Immutable:\s*true")
"""Of such an app all texts are copies."""
_LENDS = "fiber lends it, and overwrites it with the next request"
_WHY = {
    Framework.ECHO: "echo gives the context to the next request, whose data it then shows",
    Framework.FIBER: "fiber gives the context and its buffers to the next request, whose data it then shows",
    Framework.HTTP: "when the handler has returned its body is closed and its writer belongs to nobody",
}


def _check(program: Program) -> Iterator[Finding]:
    if is_for_tests(program):
        return
    for store in retained(program):
        why = _WHY.get(store.code.framework)
        if why is not None:
            yield finding_of(store, _CODE, why, NO_EVIDENCE)
    if any(file.imports(_FIBER) for file in program.files):
        yield from _texts(program)


# -- texts that fiber lends


def _texts(program: Program) -> Iterator[Finding]:
    stores = [store for store in retained_texts(program) if store.how is not Storing.ASSIGNED or is_guarded(store.code)]
    found = [  # what nobody guards is data of one request for all of them: another rule's matter
        *(
            finding_of(store, _CODE, f"{_LENDS}: store a copy", _copied(store.code.unit, store.value))
            for store in stores
        ),
        *(finding for code in program.requests for finding in _in_goroutines(code)),
    ]
    if found and not module_mentions(program, _IMMUTABLE):
        yield from found


def _in_goroutines(code: RequestCode) -> Iterator[Finding]:
    unit = code.unit
    if code.framework is not Framework.FIBER or code.context is None or unit.file.is_test:
        return
    inside = {id(inner) for inner in code.function.walk()}
    for spawn in unit.spawns:
        if id(spawn.function) in inside and not spawn.joined:
            for text, call in _taken_along(code, spawn).items():
                yield finding_at(
                    unit,
                    _first_line(unit, spawn.statement),
                    code=_CODE,
                    tier=Tier.CORE,
                    message=f"the goroutine uses {text} after this handler may have returned: {_LENDS}; give it a copy",
                    evidence=_copied(unit, call),
                    related=(related_at(unit, call, "lent here"),),
                )


def _first_line(unit: FunctionUnit, statement: ir.Stmt) -> ir.Node:
    end = unit.text.find(b"\n", statement.start, statement.end)
    return ir.Node(statement.start, end if end >= 0 else statement.end)


def _taken_along(code: RequestCode, spawn: Spawn) -> dict[str, ir.Call]:
    """The lent texts among the arguments and captures of a goroutine, by the way they are written."""
    parts: list[ir.Expr] = list(spawn.arguments)
    if spawn.literal is not None and spawn.literal.body is not None:
        own = {id(inner) for inner in spawn.literal.walk()}
        parts += (
            part
            for part in expressions(spawn.literal.body, literals=True)
            if isinstance(part, ir.Name) and part.symbol is not None and id(part.symbol.function) not in own
        )
    return {code.unit.source_text(part): call for part in parts if (call := lent(code, part)) is not None}


def _copied(unit: FunctionUnit, call: ir.Expr) -> Rewrite:
    assert isinstance(call, ir.Call) and isinstance(call.func, ir.Selector)
    copier, text = COPIERS[call.func.field], unit.source_text(call)
    return Rewrite(*unit.span(call), f"{copier}({text})", f"Copy {text}", (copier.partition(".")[0],))


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="a request, its context or its writer is kept in something that outlives it",
    check_package=_check,
    needs=PACKAGES,
    fix="unsafe",
)
