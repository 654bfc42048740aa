"""Spans that are not ended."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="span-unended",
    summary="a tracing span is not ended on some path",
    fix="safe",
    duplicates=("spancheck",),
)
