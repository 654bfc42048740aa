"""Accepted connections that are handed to a goroutine which does not close them on every path."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="conn-goroutine-leak",
    summary="an accepted connection is handed to a goroutine that has paths without Close",
    fix="safe",
)
