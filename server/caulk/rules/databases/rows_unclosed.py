"""Rows that are not closed."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="rows-unclosed",
    summary="database rows are not closed on some path",
    fix="safe",
    duplicates=("sqlclosecheck",),
)
