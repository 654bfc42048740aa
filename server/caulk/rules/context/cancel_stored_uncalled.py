"""Cancel functions that are kept in a field which nobody calls."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="cancel-stored-uncalled",
    summary="a cancel function is stored in a field that no code of the package calls",
    fix="unsafe",
)
