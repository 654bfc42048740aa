"""A finding at a node of a function: what all rules fill in alike."""

from __future__ import annotations

from collections.abc import Iterable

from caulk.findings.evidence import Evidence
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir

NO_EVIDENCE = Evidence()


def finding_at(
    unit: FunctionUnit,
    node: ir.Node,
    *,
    code: str,
    tier: Tier,
    message: str,
    evidence: Evidence = NO_EVIDENCE,
    related: Iterable[Related] = (),
) -> Finding:
    """The finding ``code`` at ``node`` of ``unit``, with the severity of its tier."""
    return Finding(
        code=code,
        path=unit.file.path,
        span=Span(*unit.span(node)),
        message=message,
        evidence=evidence,
        related=tuple(related),
        tier=tier,
        severity=tier.severity,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


def related_at(unit: FunctionUnit, node: ir.Node, message: str, home: FunctionUnit | None = None) -> Related:
    """A step of the path at ``node`` of ``unit``; ``home`` is the function of the finding when that is another one."""
    path = unit.file.path if home is not None and home.file is not unit.file else ""
    return Related(Span(*unit.span(node)), message, path)
