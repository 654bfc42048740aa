"""More sends than receives."""

from caulk.flow.blocked import Blocked, Why
from caulk.rules.blocked import blocked_rule


def _concerns(blocked: Blocked) -> bool:
    return blocked.why is Why.OVERSENT


RULE = blocked_rule(
    __name__,
    code="double-send",
    summary="a goroutine sends more often than the function receives on any path",
    concerns=_concerns,
    fix="unsafe",
)
