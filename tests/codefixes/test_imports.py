"""The import block after a fix: as gofmt has it, nothing twice."""

from __future__ import annotations

import pytest

from caulk_codefixes.imports import merge

BODY = "\nfunc f() {}\n"


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("package p\n", "sync", 'package p\n\nimport "sync"\n'),
        ('package p\n\nimport "fmt"\n', "sync", 'package p\n\nimport (\n\t"fmt"\n\t"sync"\n)\n'),
        ('package p\n\nimport "sync"\n', "context", 'package p\n\nimport (\n\t"context"\n\t"sync"\n)\n'),
        (
            'package p\n\nimport "github.com/x/y"\n',
            "sync",
            'package p\n\nimport (\n\t"sync"\n\n\t"github.com/x/y"\n)\n',
        ),
        (
            'package p\n\nimport (\n\t"fmt"\n\t"os" // for files\n\n\t"github.com/x/y"\n)\n',
            "io",
            'package p\n\nimport (\n\t"fmt"\n\t"io"\n\t"os" // for files\n\n\t"github.com/x/y"\n)\n',
        ),
        (
            'package p\n\nimport (\n\t"github.com/x/y"\n)\n',
            "io",
            'package p\n\nimport (\n\t"io"\n\n\t"github.com/x/y"\n)\n',
        ),
        (
            'package p\n\nimport (\n\t"fmt"\n)\n',
            "github.com/x/y",
            'package p\n\nimport (\n\t"fmt"\n\n\t"github.com/x/y"\n)\n',
        ),
        ("package p\n\nimport (\n)\n", "io", 'package p\n\nimport (\n\t"io"\n)\n'),
        ('package p\n\nimport "C"\n', "io", 'package p\n\nimport "io"\n\nimport "C"\n'),
        ('package p\n\nimport _ "embed"\n', "embed", 'package p\n\nimport (\n\t_ "embed"\n\t"embed"\n)\n'),
    ],
)
def test_added(before: str, wanted: str, after: str) -> None:
    assert merge((before + BODY).encode(), {wanted}).decode() == after + BODY


def test_nothing_is_added_twice() -> None:
    text = b'package p\n\nimport (\n\t"io"\n\t"sync"\n)\n'
    assert merge(text, {"io", "sync"}) == text
    assert merge(merge(b"package p\n", {"io"}), {"io"}) == merge(b"package p\n", {"io"})


def test_line_endings_are_kept() -> None:
    text = b'package p\r\n\r\nimport "fmt"\r\n'
    assert merge(text, {"sync"}) == b'package p\r\n\r\nimport (\r\n\t"fmt"\r\n\t"sync"\r\n)\r\n'


def test_what_nothing_uses_any_more_goes() -> None:
    text = b'package p\n\nimport (\n\t"fmt"\n\t"io"\n)\n\nvar x = fmt.Sprint()\n'
    assert merge(text, (), {"io"}) == b'package p\n\nimport (\n\t"fmt"\n)\n\nvar x = fmt.Sprint()\n'
    assert merge(text, (), {"fmt"}) == text
