"""Which functions may hand out something to release, judged by the types of their results."""

from __future__ import annotations

from pathlib import Path

from caulk.config.settings import Settings
from caulk.engine.workspace import Workspace

SOURCE = """package p

import (
	"io"
	"net/http"
	"os"
	"time"
)

type Ref uint64

type Plain struct{ n int }

type Closing struct{ f *os.File }

func (c *Closing) Close() error { return c.f.Close() }

type Embedding struct{ *Closing }

type Answer struct{ Body io.ReadCloser }

func Count() int                        { return 0 }
func NewRef() (Ref, error)              { return 0, nil }
func NewPlain() *Plain                  { return nil }
func Wait() time.Duration               { return 0 }
func Many() []*Closing                  { return nil }
func Read() io.Reader                   { return nil }
func Get() (*http.Response, error)      { return nil, nil }
func Open() (*Closing, error)           { return nil, nil }
func Embed() Embedding                  { return Embedding{} }
func Ask() (*Answer, error)             { return nil, nil }
func Stream() io.ReadCloser             { return nil }
func Stop() func()                      { return nil }
"""
NOTHING = {"Count", "NewRef", "NewPlain", "Wait", "Many", "Read"}
SOMETHING = {"Get", "Open", "Embed", "Ask", "Stream", "Stop"}


def test_only_types_with_something_to_release_hold(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.test/p\n\ngo 1.24\n")
    (tmp_path / "p.go").write_text(SOURCE)
    program = Workspace(Settings())._program(str(tmp_path), {str(tmp_path / "p.go"): SOURCE.encode()})
    holding = {
        unit.name
        for unit in program.functions
        if program.holdings.any_of(unit.head.function.results, unit.file.package_file)
    }
    assert holding & (NOTHING | SOMETHING) == SOMETHING
