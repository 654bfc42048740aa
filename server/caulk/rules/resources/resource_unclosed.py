"""Files, connections, listeners and writers that are not closed."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="resource-unclosed",
    summary="a file, connection, listener or writer is not closed on some path",
    fix="safe",
)
