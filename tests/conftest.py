"""What all tests share."""

from __future__ import annotations

import pytest

from caulk.engine import analyze


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what the fixes give into the golden files")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(autouse=True)
def rules_may_not_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that raises fails the test instead of becoming an error in the result."""
    monkeypatch.setattr(analyze, "raise_errors", True)
