"""Light types: what a call calls, with the shipped signatures only."""

from __future__ import annotations

from pathlib import Path

import pytest

from caulk.ir import nodes as ir
from caulk.ir.lower import lower_function
from caulk.ir.visit import expressions
from caulk.semantics.model import CalleeKind
from caulk.semantics.typer import Typer
from caulk.semantics.world import World
from caulk.syntax.split import split

HEAD = """package p

import (
	"bufio"
	"context"
	"database/sql"
	"net"
	"net/http"
	"os"
	str "strings"

	"github.com/gin-gonic/gin"
	"github.com/gomodule/redigo/redis"
)

type store struct {
	*sql.DB
	client *http.Client
	open   func(string) (*os.File, error)
}

type doer interface{ Do(*http.Request) (*http.Response, error) }

type alias = http.Client

type list[T any] struct{ items []T }

func (l *list[T]) first() T { return l.items[0] }

func must[T any](v T, err error) T { return v }

var shared = &store{}

var pool = newPool()

func newPool() *redis.Pool { return nil }

func (s *store) self() *store { return s }

"""


def callees(body: str, params: str = "") -> list[str]:
    """The callees of a function with this body, in order: kind letter and name."""
    text = HEAD + f"func test({params}) {{\n{body}\n}}\n"
    data = text.encode()
    world = World(read=lambda path: (_ for _ in ()).throw(OSError(path)), list_directory=lambda path: [])
    package = world.package_of("/p", [("/p/p.go", data)])
    chunk = split(data).functions[-1]
    function = lower_function(data[chunk.start : chunk.end])
    assert function is not None and function.body is not None
    typer = Typer(world, package, package.files[0], function)
    calls = [e for e in expressions(function.body, literals=True) if isinstance(e, ir.Call)]
    found = [typer.callee(call) for call in sorted(calls, key=lambda call: call.end)]
    return [f"{callee.kind.name}:{callee.name.removeprefix('/p.')}" for callee in found]


@pytest.mark.parametrize(
    ("body", "params", "wanted"),
    [
        ("http.Get(u)", "u string", "FUNCTION:net/http.Get"),
        ("s.client.Do(r)", "s *store, r *http.Request", "METHOD:net/http.Client.Do"),
        ("shared.client.Get(u)", "u string", "METHOD:net/http.Client.Get"),
        ("s.Query(q)", "s *store, q string", "METHOD:store.Query"),
        ("d.Do(r)", "d doer, r *http.Request", "METHOD:doer.Do"),
        ("c.Get(u)", "c alias, u string", "METHOD:net/http.Client.Get"),
        ("s.open(u)", "s *store, u string", "VALUE:open"),
        ("f := func() {}\nf()", "", "LITERAL:"),
        ("_ = []byte(x)", "x string", "CONVERSION:"),
        ("_ = alias(x)", "x http.Client", "CONVERSION:"),
        ("str.ToUpper(x)", "x string", "FUNCTION:strings.ToUpper"),
        ("len(x)", "x string", "BUILTIN:len"),
        ("unknown.Do(x)", "x string", "UNKNOWN:Do"),
        ("c.ClientIP()", "c *gin.Context", "METHOD:github.com/gin-gonic/gin.Context.ClientIP"),
        ("l.first()", "l *list[int]", "METHOD:list.first"),
        ("var c net.Conn\nc.Close()", "", "METHOD:net.Conn.Close"),
    ],
)
def test_callees(body: str, params: str, wanted: str) -> None:
    assert callees(body, params)[-1] == wanted


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("resp, err := http.Get(u)\n_ = err\nresp.Body.Close()", "METHOD:io.ReadCloser.Close"),
        ("f, _ := os.Open(u)\nbufio.NewReader(f).ReadString('x')", "METHOD:bufio.Reader.ReadString"),
        ("for _, s := range []*store{shared} {\n s.self()\n}", "METHOD:store.self"),
        ("m := map[string]*store{}\nif s, ok := m[u]; ok {\n s.self()\n}", "METHOD:store.self"),
        ("switch x := any(u).(type) {\ncase *store:\n x.self()\n}", "METHOD:store.self"),
        ("resp := must(http.Get(u))\nresp.Cookies()", "METHOD:net/http.Response.Cookies"),
        ("pool.Get()", "METHOD:github.com/gomodule/redigo/redis.Pool.Get"),
        ("pool.Get().Close()", "METHOD:github.com/gomodule/redigo/redis.Conn.Close"),
        ("ctx, cancel := context.WithCancel(context.Background())\n_ = ctx\ncancel()", "VALUE:cancel"),
        ("ch := make(chan *store)\n(<-ch).self()", "METHOD:store.self"),
        ("x := list[*store]{}\nx.first().self()", "METHOD:store.self"),
        ("l, _ := net.ListenTCP(u, nil)\nl.AcceptTCP()", "METHOD:net.TCPListener.AcceptTCP"),
        ("c, _ := net.DialTCP(u, nil, nil)\nc.Close()", "METHOD:net.TCPConn.Close"),
    ],
)
def test_types_flow_through_locals(body: str, wanted: str) -> None:
    assert callees(body, "u string")[-1] == wanted


def test_promoted_methods_know_their_declaring_type() -> None:
    data = (HEAD + "func test(s *store) {\n\ts.Query(``)\n}\n").encode()
    world = World(list_directory=lambda path: [])
    package = world.package_of("/p", [("/p/p.go", data)])
    chunk = split(data).functions[-1]
    function = lower_function(data[chunk.start : chunk.end])
    assert function is not None and function.body is not None
    call = next(e for e in expressions(function.body) if isinstance(e, ir.Call))
    callee = Typer(world, package, package.files[0], function).callee(call)
    assert callee.kind is CalleeKind.METHOD and callee.declared_name == "database/sql.DB.Query"


def test_modules_siblings_and_replacements(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module m.test/a\n\ngo 1.24\n\nreplace other.test/b => ./b\n")
    for folder, text in {
        "x": "package x\n\nfunc F() int { return 1 }\n",
        "b/y": "package why\n\nfunc G() {}\n",
    }.items():
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "f.go").write_text(text)
    world = World()
    data = b'package a\n\nimport (\n\t"m.test/a/x"\n\t"other.test/b/y"\n)\n\nfunc f() { x.F(); why.G() }\n'
    package = world.package_of(str(tmp_path), [(str(tmp_path / "a.go"), data)])
    assert package.path == "m.test/a" and package.module is not None and package.module.go == (1, 24)
    assert world.imported(package.files[0], "why") == "other.test/b/y"
    sibling = world.import_package("m.test/a/x", package)
    assert sibling is not None and "F" in sibling.functions
