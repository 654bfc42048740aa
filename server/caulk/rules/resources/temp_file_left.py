"""Temporary files and folders that nobody removes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_resources import LeftTemporary, TestFolder
from caulk.findings.finding import Finding, Span, Tier
from caulk.flow.cfg import items, leaves
from caulk.flow.program import FunctionUnit
from caulk.flow.temporaries import Temporary, left_behind
from caulk.ir import nodes as ir
from caulk.rules.rule import Rule
from caulk.semantics.model import named

_MAKES = re.compile(rb"\b(?:CreateTemp|MkdirTemp|TempFile|TempDir)\(")
_TESTING = frozenset({"testing.T", "testing.B", "testing.F", "testing.TB"})


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if _MAKES.search(unit.text):
        for temporary in left_behind(unit):
            yield _finding(temporary)


def _finding(temporary: Temporary) -> Finding:
    unit, name = temporary.unit, temporary.symbol.name
    what = "temporary folder" if temporary.is_folder else "temporary file"
    return Finding(
        code="temp-file-left",
        path=unit.file.path,
        span=Span(*unit.span(temporary.call)),
        message=f"the {what} {name} is never removed: every call leaves one more on the disk, and nothing but a person or a restart clears them away",
        evidence=_evidence(temporary),
        tier=Tier.EXTENDED,
        severity=Tier.EXTENDED.severity,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


def _evidence(temporary: Temporary) -> LeftTemporary:
    unit, name = temporary.unit, temporary.symbol.name
    removal = f"os.RemoveAll({name})" if temporary.is_folder else f"os.Remove({name}.Name())"
    place = None
    if not _is_repeated(temporary):
        found = unit.placement(temporary.function).after_check(temporary.item, temporary.error, temporary.symbol)
        place = Place(Where(found.where), unit.offset(found.offset)) if found is not None else None
    return LeftTemporary(removal, place, _test_folder(temporary))


def _is_repeated(temporary: Temporary) -> bool:
    graph = temporary.unit.cfg(temporary.function)
    return any(item is temporary.item and graph.reaches(block, block) for block, _, item in items(graph))


def _test_folder(temporary: Temporary) -> TestFolder | None:
    """``dir, err := os.MkdirTemp(…)`` with the check of err directly behind, which is all that uses it."""
    unit, item, error = temporary.unit, temporary.item, temporary.error
    testing = _testing_parameter(temporary)
    position = unit.placement(temporary.function).of(item)
    if not temporary.is_folder or testing is None or position is None or position.owner is not None:
        return None
    check = position.following[0] if position.following else None
    if item.op != ":=" or error is None or error not in item.new or not isinstance(check, ir.If):
        return None
    if check.init is not None or check.orelse is not None or not leaves(check.then, unit.never_returns):
        return None
    if any(name.start >= check.end for name in unit.uses.names.get(error, ())):
        return None
    if temporary.symbol not in item.new or len(unit.uses.names.get(temporary.symbol, ())) < 2:
        return None
    return TestFolder(unit.offset(item.start), unit.offset(check.end), temporary.symbol.name, testing)


def _testing_parameter(temporary: Temporary) -> str | None:
    unit = temporary.unit
    if not unit.file.is_test:
        return None
    function: ir.Function | None = temporary.function
    while function is not None:
        for param in function.params:
            owner = named(unit.typer.resolve(param.type))
            if owner is not None and owner.qualified in _TESTING and param.symbol is not None:
                return param.name
        function = function.parent
    return None


RULE = Rule(
    module=__name__,
    code="temp-file-left",
    tier=Tier.EXTENDED,
    summary="a temporary file or folder is never removed",
    check_function=_check,
    needs=("os", "io/ioutil"),
    fix="unsafe",
)
