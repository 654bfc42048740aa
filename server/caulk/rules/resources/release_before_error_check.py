"""Releases that come before the check of the error."""

from caulk.rules.unreleased import unreleased

RULE = unreleased(
    __name__,
    code="release-before-error-check",
    summary="a value is released before its error was checked",
    fix="safe",
    duplicates=("gopls: httpresponse", "staticcheck: SA5001"),
)
