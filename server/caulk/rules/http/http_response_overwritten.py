"""Responses that are assigned over."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="http-response-overwritten",
    summary="an HTTP response is assigned over while its body is open",
    fix="unsafe",
)
