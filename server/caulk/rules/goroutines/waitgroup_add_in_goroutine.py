"""Adding to a wait group in the goroutine that it counts."""

from collections.abc import Iterator

from caulk.findings.evidence_goroutines import LateGroupAdd
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.program import FunctionUnit
from caulk.flow.waitgroups import LateAdd, late_adds
from caulk.ir import nodes as ir
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b".Add(" in unit.text and b".Wait(" in unit.text:
        for late in late_adds(unit):
            yield _finding(late)


def _finding(late: LateAdd) -> Finding:
    unit, add = late.unit, late.add
    assert add.statement is not None
    name = unit.source_text(add.call.func).rpartition(".")[0]
    line = unit.line(late.wait.call.start)
    return Finding(
        code="waitgroup-add-in-goroutine",
        path=unit.file.path,
        span=Span(*unit.span(add.call)),
        message=f"{name}.Wait at line {line} may run before this Add: then it does not wait for the goroutine",
        evidence=LateGroupAdd(
            *unit.span(add.statement),
            before=unit.offset(late.go.start),
            movable=all(isinstance(arg, ir.Literal) for arg in add.call.args),
            first=late.first,
        ),
        related=(
            Related(Span(unit.offset(late.go.start), unit.offset(late.go.start) + len("go")), "the goroutine starts"),
            Related(Span(*unit.span(late.wait.call)), "waits here"),
        ),
        function=Span(unit.chunk.start, unit.chunk.end),
    )


RULE = Rule(
    module=__name__,
    code="waitgroup-add-in-goroutine",
    tier=Tier.CORE,
    summary="a goroutine adds itself to the wait group, perhaps after Wait",
    check_function=_check,
    gate=words("Add Wait"),
    needs=("sync",),
    fix="safe",
    duplicates=("vet: waitgroup",),
)
