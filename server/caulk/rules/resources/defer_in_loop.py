"""Deferred releases that pile up in a loop."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="defer-in-loop",
    summary="a release is deferred in a loop and waits for the function to end",
    fix="safe",
)
