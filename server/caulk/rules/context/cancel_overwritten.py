"""Cancel functions that are assigned over while their context is pending."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="cancel-overwritten",
    summary="a cancel function is assigned over before it was called",
    fix="unsafe",
)
