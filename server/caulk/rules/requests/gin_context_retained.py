"""Gin contexts in something that outlives their request."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Rewrite
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import Program
from caulk.flow.requests import Framework
from caulk.flow.retention import retained
from caulk.rules.requests.retained import finding_of
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests

_CODE = "gin-context-retained"
_PACKAGE = "github.com/gin-gonic/gin"


def _check(program: Program) -> Iterator[Finding]:
    for store in () if is_for_tests(program) else retained(program):
        if store.code.framework is Framework.GIN:
            unit = store.code.unit
            end = unit.span(store.value)[1]
            name = unit.source_text(store.value)
            why = "gin gives the context to the next request, whose data it then shows"
            yield finding_of(store, _CODE, why, Rewrite(end, end, ".Copy()", f"Store {name}.Copy()"))


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="a gin context is kept in something that outlives its request",
    check_package=_check,
    needs=(_PACKAGE,),
    fix="unsafe",
)
