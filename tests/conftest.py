"""What all tests share."""

from __future__ import annotations

import pytest

from caulk.engine import analyze


@pytest.fixture(autouse=True)
def rules_may_not_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that raises fails the test instead of becoming an error in the result."""
    monkeypatch.setattr(analyze, "raise_errors", True)
