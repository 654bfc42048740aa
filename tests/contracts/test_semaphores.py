"""A share of a semaphore is given back where it was taken, or by who ends the work."""

from __future__ import annotations

from pathlib import Path

import pytest

from caulk.config.settings import Settings
from caulk.engine.workspace import Workspace

CODE = """package p

import (
	"context"
	"errors"

	"golang.org/x/sync/semaphore"
)

type server struct{ slots *semaphore.Weighted }

func (s *server) start(ctx context.Context, found bool, run func()) error {
	if err := s.slots.Acquire(ctx, 1); err != nil {
		return err
	}
	if !found {
		s.slots.Release(1)
		return errors.New("no place")
	}
	go run()
	return nil
}
"""


@pytest.mark.parametrize(
    ("other", "count"),
    [
        ("", 1),
        ("func (s *server) done() { s.slots.Release(1) }", 0),
        ("func (s *server) try() { if s.slots.Acquire(nil, 1) == nil { s.slots.Release(1) } }", 1),
    ],
)
def test_a_share_may_be_given_back_elsewhere(tmp_path: Path, other: str, count: int) -> None:
    path = tmp_path / "p.go"
    path.write_text(CODE + other + "\n")
    findings = Workspace(Settings()).analyze_file(str(path)).findings
    assert [finding.code for finding in findings] == ["resource-unclosed"] * count
