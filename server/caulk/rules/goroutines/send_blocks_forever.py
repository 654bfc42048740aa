"""Goroutines that nobody receives from."""

from caulk.flow.blocked import Blocked, Why
from caulk.flow.channels import Use
from caulk.rules.blocked import blocked_rule


def _concerns(blocked: Blocked) -> bool:
    return blocked.stuck.use is Use.SEND and blocked.why is not Why.OVERSENT


RULE = blocked_rule(
    __name__,
    code="send-blocks-forever",
    summary="a goroutine sends on a channel from which the function may leave without receiving",
    concerns=_concerns,
    idle=Use.SEND,
    fix="safe",
)
