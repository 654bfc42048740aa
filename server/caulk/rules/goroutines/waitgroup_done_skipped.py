"""Goroutines that may leave without telling their wait group."""

from collections.abc import Iterator

from caulk.findings.evidence_goroutines import SkippedGroupDone
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.program import FunctionUnit
from caulk.flow.waitgroups import SkippedDone, leaves_after, skipped_dones
from caulk.ir import nodes as ir
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b".Done()" in unit.text:
        for skipped in skipped_dones(unit):
            yield _finding(skipped)


def _finding(skipped: SkippedDone) -> Finding:
    unit, done = skipped.unit, skipped.dones[0]
    exit_ = skipped.exit
    name = unit.source_text(done.call.func).rpartition(".")[0]
    line = unit.line(exit_.start)
    assert skipped.literal.body is not None
    return Finding(
        code="waitgroup-done-skipped",
        path=unit.file.path,
        span=Span(*unit.span(done.call)),
        message=f"the goroutine can leave at line {line} without {name}.Done: {name}.Wait then waits for ever",
        evidence=SkippedGroupDone(
            body=unit.offset(skipped.literal.body.start),
            call=f"{name}.Done()",
            dones=tuple(unit.span(other.statement) for other in skipped.dones if other.statement is not None),
            certain=all(leaves_after(unit, skipped.literal, other) for other in skipped.dones),
        ),
        related=(
            Related(
                Span(unit.offset(skipped.go.start), unit.offset(skipped.go.start) + len("go")), "the goroutine starts"
            ),
            Related(Span(*unit.span(ir.Node(exit_.start, exit_.end))), f"left without {name}.Done"),
        ),
        function=Span(unit.chunk.start, unit.chunk.end),
    )


RULE = Rule(
    module=__name__,
    code="waitgroup-done-skipped",
    tier=Tier.CORE,
    summary="a way out of a goroutine does not pass the Done of its wait group",
    check_function=_check,
    gate=words("Done"),
    needs=("sync",),
    fix="safe",
)
