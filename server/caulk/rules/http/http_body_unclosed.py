"""Response bodies that are not closed."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="http-body-unclosed",
    summary="the body of an HTTP response is not closed on some path",
    fix="safe",
    duplicates=("bodyclose",),
)
