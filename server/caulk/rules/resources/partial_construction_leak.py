"""Constructors that give up half-way and leave open what they had acquired."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="partial-construction-leak",
    summary="a constructor fails half-way and leaves open what it had acquired for the object",
    fix="safe",
)
