"""Requests of other frameworks than gin in something that outlives them."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.program import Program
from caulk.flow.requests import PACKAGES, Framework
from caulk.flow.retention import retained
from caulk.rules.report import NO_EVIDENCE
from caulk.rules.requests.retained import finding_of
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests

_CODE = "request-context-retained"
_WHY = {
    Framework.ECHO: "echo gives the context to the next request, whose data it then shows",
    Framework.FIBER: "fiber gives the context and its buffers to the next request, whose data it then shows",
    Framework.HTTP: "when the handler has returned its body is closed and its writer belongs to nobody",
}


def _check(program: Program) -> Iterator[Finding]:
    for store in () if is_for_tests(program) else retained(program):
        why = _WHY.get(store.code.framework)
        if why is not None:
            yield finding_of(store, _CODE, why, NO_EVIDENCE)


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="a request, its context or its writer is kept in something that outlives it",
    check_package=_check,
    needs=PACKAGES,
)
