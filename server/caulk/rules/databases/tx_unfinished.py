"""Transactions that are left open."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="tx-unfinished",
    summary="a transaction is neither committed nor rolled back on some path",
    fix="safe",
)
