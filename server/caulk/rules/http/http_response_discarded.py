"""Responses that are thrown away."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="http-response-discarded",
    summary="an HTTP response is thrown away with its body open",
    fix="safe",
)
