"""Pooled connections that are not given back."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="conn-unreleased",
    summary="a pooled connection is not given back on some path",
    fix="safe",
)
