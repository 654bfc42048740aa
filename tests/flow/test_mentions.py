"""Whether a text may acquire something, by its words."""

from __future__ import annotations

import pytest

from caulk.flow.mentions import Acquirers, is_called
from caulk.semantics.packages import PackageFile

FILE = b'package p\n\nimport (\n\t"net/http"\n\t"os"\n\t"strings"\n\n\t"example.com/lib"\n)\n'
STD = ("net/http", "os", "strings")


@pytest.fixture
def acquirers() -> Acquirers:
    functions = {"net/http": ("Get",), "os": ("Open",)}
    methods = {b"Get": 2, b"Conn": 1}
    return Acquirers(PackageFile.of("p.go", FILE), functions, methods, {b"dial": 2}, lambda path: path in STD)


@pytest.mark.parametrize(
    ("code", "may"),
    [
        ("resp, err := http.Get(url)", True),
        ("os.Open(name)", True),
        ("x := os.Get(name)", False),
        ("lib.Open(name)", True),
        ("f.Open(name)", False),
        ("resp, err := c.client.Get(url)", True),
        ("if resp, err := c.Get(url); err == nil {", True),
        ("resp, err =\n\t\tc.\n\t\t\tGet(url)", True),
        ("return c.Get(url)", True),
        ("c.Get(url)", True),
        ("resp := must(c.Get(url))", True),
        ("return lib.Must(c.Get(url))", True),
        ("ok := r.Header.Get(name)", False),
        ("return r.Header.Get(a), nil", False),
        ("x := strings.ToLower(r.Header.Get(a))", False),
        ("n := len(r.Header.Get(a))", False),
        ('if r.Header.Get(a) != "" {', False),
        ('set(a, r.Header.Get("x"))', False),
        ("Name: r.Header.Get(a),", False),
        ("conn := pool.Conn()", True),
        ("use(pool.Conn(), 1)", True),
        ("dial(addr)", True),
        ("redial(addr)", False),
        ("http := pick()\n\tresp, err := http.Get(url)", True),
        ('say("my http server")\n\tresp, err := http.Get(url)', True),
    ],
)
def test_what_may_acquire(acquirers: Acquirers, code: str, may: bool) -> None:
    text = code.encode()
    words = frozenset((b"Get", b"Open", b"Conn", b"dial"))
    assert acquirers.any_in(words, text, 0) is may


def test_what_is_called() -> None:
    assert is_called(b"open", b"x := open[int](1)", 0)
    assert not is_called(b"open", b"x := reopen(1); f = open", 0)
