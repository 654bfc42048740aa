"""Jumps that leave a loop body: what stands in the way of wrapping it in a function literal."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.ir import nodes as ir


def jumps_out(body: ir.Block, label: str = "") -> Iterator[ir.Return | ir.Branch | ir.Labeled]:
    """The returns, gotos and labels in a loop body, and the breaks and continues that leave it or go round it; ``label`` is
    the loop's own. Function literals are left out."""
    for statement in body.statements:
        yield from _jumps(statement, label, breaks=True, continues=True)


def _jumps(
    statement: ir.Stmt | None, label: str, *, breaks: bool, continues: bool
) -> Iterator[ir.Return | ir.Branch | ir.Labeled]:
    match statement:
        case ir.Return():
            yield statement
        case ir.Branch():
            if _leaves(statement, label, breaks=breaks, continues=continues):
                yield statement
        case ir.Labeled():
            yield statement
            yield from _jumps(statement.statement, label, breaks=breaks, continues=continues)
        case ir.Block():
            for inner in statement.statements:
                yield from _jumps(inner, label, breaks=breaks, continues=continues)
        case ir.If():
            yield from _jumps(statement.then, label, breaks=breaks, continues=continues)
            yield from _jumps(statement.orelse, label, breaks=breaks, continues=continues)
        case ir.For() | ir.Range():
            yield from _jumps(statement.body, label, breaks=False, continues=False)
        case ir.Switch() | ir.TypeSwitch() | ir.Select():
            for case in statement.cases:
                yield from _jumps(case.body, label, breaks=False, continues=continues)
        case _:
            pass


def _leaves(branch: ir.Branch, label: str, *, breaks: bool, continues: bool) -> bool:
    match branch.keyword:
        case "goto":
            return True
        case "break":
            return bool(branch.label) or breaks
        case "continue":
            return bool(branch.label) or continues
        case _:
            return False
