"""Uses of a value that was released before on every way there."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="use-after-release",
    summary="a value is used after it was released",
    fix="",
)
