"""Subscriptions that are not closed."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="subscription-unclosed",
    summary="a subscription is not closed on some path",
    fix="safe",
)
