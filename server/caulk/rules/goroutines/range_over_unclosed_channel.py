"""Goroutines that range over a channel that is not closed."""

from caulk.flow.blocked import Blocked
from caulk.flow.channels import Use
from caulk.rules.blocked import blocked_rule


def _concerns(blocked: Blocked) -> bool:
    return blocked.stuck.use is Use.RANGE


RULE = blocked_rule(
    __name__,
    code="range-over-unclosed-channel",
    summary="a goroutine ranges over a channel that is not closed on every path",
    concerns=_concerns,
    idle=Use.RANGE,
    fix="unsafe",
)
