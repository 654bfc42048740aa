"""Where a statement goes that is missing on a way out."""

from __future__ import annotations

from caulk.findings.evidence import Place, Where
from caulk.flow.cfg import FunctionEnd
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir


def before_exit(unit: FunctionUnit, body: ir.Block, way: ir.Return | FunctionEnd) -> Place:
    """In front of a return, or behind the last statement of the body."""
    if isinstance(way, ir.Return):
        return Place(Where.BEFORE, unit.offset(way.start))
    return Place(Where.AFTER, unit.offset(body.statements[-1].end))
