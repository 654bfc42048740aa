"""Cancel functions that are not called."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="cancel-uncalled",
    summary="the cancel function of a context is not called on some path",
    fix="safe",
    duplicates=("gopls: lostcancel",),
)
