"""Prepared statements that are not closed."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="stmt-unclosed",
    summary="a prepared statement is not closed on some path",
    fix="safe",
    duplicates=("sqlclosecheck",),
)
