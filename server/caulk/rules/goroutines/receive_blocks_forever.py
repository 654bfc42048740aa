"""Goroutines that wait for a value that nobody sends."""

from caulk.flow.blocked import Blocked
from caulk.flow.channels import Use
from caulk.rules.blocked import blocked_rule


def _concerns(blocked: Blocked) -> bool:
    return blocked.stuck.use is Use.RECEIVE


RULE = blocked_rule(
    __name__,
    code="receive-blocks-forever",
    summary="a goroutine receives from a channel on which nobody sends, or not on every path",
    concerns=_concerns,
    idle=Use.RECEIVE,
    fix="",
)
