"""The comment that silences a file: where it stands, and that gofmt leaves it there."""

from __future__ import annotations

import pytest

from caulk.config.settings import Settings
from caulk.engine.workspace import Workspace
from caulk_codefixes.codefix import FixSettings
from caulk_codefixes.merge import apply
from caulk_codefixes.registry import offers
from caulk_codefixes.suppress import IN_FILE
from gofmt import gofmt

LEAK = b"""package p

import "os"

func F() {
	f, _ := os.Open("x")
	_ = f
}
"""
COMMENT = b"//caulk:ignore-file resource-unclosed -- reason\n\n"


def silenced(text: bytes) -> bytes:
    """The text after the comment for its first finding; nothing of that code is found in it any more."""
    workspace = Workspace(Settings())
    workspace.overlay("/p/p.go", text)
    analysis = workspace.analyze_file("/p/p.go")
    finding = analysis.findings[0]
    (fix,) = [fix for fix in offers(finding, analysis.source, FixSettings()) if fix.id == IN_FILE]
    after = apply(analysis.source, [fix]).text
    workspace.overlay("/p/p.go", after)
    assert finding.code not in {left.code for left in workspace.analyze_file("/p/p.go").findings}
    return after


@pytest.mark.parametrize(
    "head",
    [b"", b"// Copyright of somebody.\n\n", b"// Package p holds a leak.\n", b"//go:build linux\n\n", b"/* p */\n"],
)
def test_it_is_a_paragraph_in_front_of_everything(head: bytes) -> None:
    after = silenced(head + LEAK)
    assert after == COMMENT + head + LEAK
    assert gofmt(after) == after


def test_line_endings_and_the_byte_order_mark_stay() -> None:
    text = b"\xef\xbb\xbf" + LEAK.replace(b"\n", b"\r\n")
    assert silenced(text) == b"\xef\xbb\xbf" + COMMENT.replace(b"\n", b"\r\n") + LEAK.replace(b"\n", b"\r\n")


@pytest.mark.parametrize("reason", [b"", b" -- we know"])
def test_one_that_is_there_is_extended(reason: bytes) -> None:
    head = b"//caulk:ignore-file rows-unclosed"
    assert silenced(head + reason + b"\n\n" + LEAK) == head + b", resource-unclosed" + reason + b"\n\n" + LEAK
