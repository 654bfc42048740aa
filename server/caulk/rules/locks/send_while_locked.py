"""Channel operations under a lock that the other end needs first."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.locked_waits import channel_waits
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.locks.lock_text import locked_wait
from caulk.rules.rule import Rule, words


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b"<-" not in unit.code:
        return
    for wait in channel_waits(unit):
        verb, other = ("sends to", "receives") if isinstance(wait.node, ir.Send) else ("receives from", "sends")
        yield locked_wait(wait, RULE.code, f"{verb} {unit.source_text(wait.subject)}", other)


RULE = Rule(
    module=__name__,
    code="send-while-locked",
    tier=Tier.CORE,
    summary="a channel operation waits under a lock that the other end needs first",
    check_function=_check,
    gate=words("Lock", "RLock"),
)
