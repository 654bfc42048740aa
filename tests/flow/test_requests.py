"""Request code: its roots, how far calls carry it, what comes from the request; joins, and contexts that escape."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from caulk.config.settings import Settings
from caulk.engine.workspace import Workspace
from caulk.flow.frequency import Frequency, frequency
from caulk.flow.program import Program
from caulk.flow.requests import Framework, RequestCode
from caulk.flow.spawns import escapes
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions

IMPORTS = """
import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)
"""


def program_of(tmp_path: Path, text: str) -> Program:
    """A package with those declarations."""
    path = tmp_path / "p.go"
    path.write_text(f"package p\n{IMPORTS}\n{dedent(text)}")
    workspace = Workspace(Settings())
    return workspace._program(str(tmp_path), {str(path): path.read_bytes()})


def names(program: Program) -> set[str]:
    """The functions that run per request."""
    return {code.unit.name for code in program.requests}


def code_of(program: Program, name: str) -> RequestCode:
    return next(code for code in program.requests if code.unit.name == name)


# -- roots


@pytest.mark.parametrize(
    ("params", "framework"),
    [
        ("c *gin.Context", Framework.GIN),
        ("n int, c *gin.Context", Framework.GIN),
        ("c echo.Context", Framework.ECHO),
        ("w http.ResponseWriter, r *http.Request", Framework.HTTP),
        ("w http.ResponseWriter, _ *http.Request", Framework.HTTP),
        ("_ *gin.Context", Framework.GIN),
        ("c gin.Context", None),
        ("r *http.Request", None),
        ("ctx context.Context", None),
    ],
)
def test_roots_are_found_by_the_types_of_parameters(tmp_path: Path, params: str, framework: Framework | None) -> None:
    program = program_of(tmp_path, f"func f({params}) {{}}\n")
    assert [code.framework for code in program.requests] == ([framework] if framework else [])


def test_of_a_factory_only_the_literal_is_request_code(tmp_path: Path) -> None:
    program = program_of(tmp_path, "func f() gin.HandlerFunc {\n\treturn func(c *gin.Context) {}\n}\n")
    (code,) = program.requests
    assert code.function is not code.unit.function


ADAPTER = """
type ctx struct{ c *gin.Context }
func wrap(f func(*ctx)) gin.HandlerFunc {
	return func(c *gin.Context) { f(&ctx{c}) }
}
type api struct{}
func (a *api) list(x *ctx) {}
func show(x *ctx) {}
var _ = time.Now
"""


@pytest.mark.parametrize(
    ("handler", "found"),
    [("show", "show"), ("a.list", "list"), ("(&api{}).list", "list"), ("func(x *ctx) { show(x) }", "show")],
)
def test_what_an_adapter_gets_is_a_handler(tmp_path: Path, handler: str, found: str) -> None:
    program = program_of(tmp_path, f"{ADAPTER}\nfunc routes(r *gin.Engine, a *api) {{ r.GET(`/`, wrap({handler})) }}\n")
    code = code_of(program, found)
    assert {symbol.name for symbol in code.tainted} == {"x"}


def test_what_a_decoding_framework_gets_is_a_handler(tmp_path: Path) -> None:
    path = tmp_path / "p.go"
    path.write_text(
        'package p\n\nimport (\n\t"context"\n\n\t"github.com/danielgtaylor/huma/v2"\n)\n\n'
        "type in struct{ ID string }\n\nfunc get(ctx context.Context, i *in) (*in, error) { return i, nil }\n\n"
        "func routes(api huma.API) { huma.Get(api, `/`, get) }\n"
    )
    (code,) = Workspace(Settings())._program(str(tmp_path), {str(path): path.read_bytes()}).requests
    assert code.unit.name == "get"
    assert {symbol.name for symbol in code.tainted} == {"i"}


MODULE = {
    "go.mod": "module example.com/m\n\ngo 1.25\n",
    "store/store.go": """
        package store

        type Store struct{ last string }

        func (s *Store) Save() {}
        func (s *Store) Load() { s.find() }
        func (s *Store) find() {}
        func Once() {}
        func Other() {}
        """,
    "service/service.go": """
        package service

        import "example.com/m/store"

        func Get(s *store.Store) { s.Load() }
        """,
    "api/api.go": """
        package api

        import (
            "net/http"

            "example.com/m/service"
            "example.com/m/store"
        )

        type API struct{ s *store.Store }

        func (a *API) Show(w http.ResponseWriter, r *http.Request) {
            service.Get(a.s)
            a.s.Save()
        }

        func (a *API) Unused(w http.ResponseWriter, r *http.Request) {}

        func NewAPI() *API {
            store.Once()
            return &API{}
        }
        """,
    "main.go": """
        package main

        import (
            "net/http"

            "example.com/m/api"
        )

        func main() {
            a := api.NewAPI()
            http.HandleFunc("/", a.Show)
        }
        """,
}


def package_of(tmp_path: Path, name: str) -> Program:
    """A package of that module."""
    for path, text in MODULE.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(dedent(text))
    path = tmp_path / name / f"{name}.go"
    return Workspace(Settings())._program(str(path.parent), {str(path): path.read_bytes()})


@pytest.mark.parametrize(
    ("name", "often"),
    [
        ("Save", Frequency.REQUEST),
        ("find", Frequency.REQUEST),
        ("Once", Frequency.UNKNOWN),
        ("Other", Frequency.UNKNOWN),
    ],
)
def test_handlers_of_other_packages_reach_a_function(tmp_path: Path, name: str, often: Frequency) -> None:
    program = package_of(tmp_path, "store")
    unit = next(unit for unit in program.functions if unit.name == name)
    assert frequency(unit, unit.function) is often


@pytest.mark.parametrize(("name", "registered"), [("Show", True), ("Unused", False)])
def test_handlers_are_registered_in_other_packages(tmp_path: Path, name: str, registered: bool) -> None:
    assert code_of(package_of(tmp_path, "api"), name).is_registered_method is registered


# -- reach


@pytest.mark.parametrize(
    ("body", "reached"),
    [
        ("g(c.Query(`a`))", True),
        ("func() { g(`a`) }()", True),
        ("once.Do(func() { g(`a`) })", False),
        ("if kept == nil {\n\tkept = newT()\n}", False),
        ("kept = newT()", False),
        ("made := newT()\nkept = made", False),
        ("made := newT()\nmade.use()", True),
        ("cache.Store(`a`, newT())", False),
    ],
)
def test_calls_carry_it_but_not_into_what_runs_once(tmp_path: Path, body: str, reached: bool) -> None:
    text = (
        "type T struct{}\nfunc newT() *T { return &T{} }\nfunc (t *T) use() {}\nfunc g(s string) {}\n"
        "var once sync.Once\nvar kept *T\nvar cache sync.Map\n"
        f"func f(c *gin.Context) {{\n{body}\n}}\n"
    )
    found = names(program_of(tmp_path, text)) - {"f"}
    assert (found & {"g", "newT"} != set()) is reached


# -- what comes from the request


@pytest.mark.parametrize(
    ("body", "derives"),
    [
        ("x := c.Query(`a`)", True),
        ("y := c.Param(`a`)\nx := `u-` + y", True),
        ("x := []byte(c.GetHeader(`a`))", True),
        ("x := clean(c.ClientIP())", True),
        ("var x struct{ Name string }\n_ = c.ShouldBindJSON(&x)", True),
        ("x := uuid.NewString()", True),
        ("x := current(c)", True),
        ("x := load(c.Request.Context())", False),
        ("x := load(c)", False),
        ("ctx := c.Request.Context()\nx := load(ctx)", False),
        ("x := time.Now()", False),
    ],
)
def test_values_are_followed_through_locals_and_calls(tmp_path: Path, body: str, derives: bool) -> None:
    text = (
        "func clean(s string) string { return s }\nfunc load(ctx context.Context) string { return `` }\n"
        "func current(c *gin.Context) string { return c.GetHeader(`u`) }\n"
        f"func f(c *gin.Context) {{\n{body}\n_ = x\n}}\n"
    )
    code = code_of(program_of(tmp_path, text), "f")
    assert code.function.body is not None
    used = [part for part in expressions(code.function.body) if isinstance(part, ir.Name) and part.name == "x"][-1]
    assert code.derives(used) is derives


def test_arguments_take_it_along(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        "func f(c *gin.Context) { g(c.Query(`a`), 1) }\nfunc g(s string, n int) { h(s) }\nfunc h(s string) {}\n",
    )
    assert {symbol.name for symbol in code_of(program, "g").tainted} == {"s"}
    assert {symbol.name for symbol in code_of(program, "h").tainted} == {"s"}


# -- joins


@pytest.mark.parametrize(
    ("after", "joined"),
    [
        ("<-done", True),
        ("defer func() { <-done }()", True),
        ("wait := func() { <-done }\nwait()", True),
        ("drain(done)", True),
        ("select {\ncase <-done:\n}", True),
        ("select {\ncase <-done:\ncase <-stop:\n}", False),
        ("if n > 1 {\n\treturn\n}\n<-done", False),
        ("for range done {\n}", True),
        ("<-stop", False),
        ("peek(done)", False),
        ("", False),
    ],
)
def test_a_join_is_one_on_every_way_out(tmp_path: Path, after: str, joined: bool) -> None:
    text = (
        "func drain(done chan bool) {\n\tfor range done {\n\t}\n}\n"
        "func peek(done chan bool) {\n\tselect {\n\tcase <-done:\n\tdefault:\n\t}\n}\n"
        "func f(stop chan bool, n int) {\ndone := make(chan bool)\n"
        f"go func() {{\n<-stop\nclose(done)\n}}()\n{after}\n}}\n"
    )
    program = program_of(tmp_path, text)
    (unit,) = program.named("", "f")
    (spawn,) = unit.spawns
    assert spawn.joined is joined


# -- contexts that escape


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("go save(ctx)", 1),
        ("go func() { save(ctx) }()", 1),
        ("further(ctx)", 1),
        ("ctx, cancel := context.WithTimeout(ctx, time.Second)\ndefer cancel()\ngo save(ctx)", 1),
        ("ctx = context.WithoutCancel(ctx)\ngo save(ctx)", 0),
        ("go watch(ctx)", 0),
        ("go func() { <-ctx.Done() }()", 0),
        ("save(ctx)", 0),
        ("done := make(chan bool)\ngo func() {\n\tsave(ctx)\n\tclose(done)\n}()\n<-done", 0),
    ],
)
def test_contexts_escape_into_goroutines_of_callees(tmp_path: Path, body: str, count: int) -> None:
    text = (
        "func save(ctx context.Context) { _ = ctx.Value(`a`) }\nfunc watch(ctx context.Context) { <-ctx.Done() }\n"
        "func further(ctx context.Context) { go save(ctx) }\n"
        f"func g(ctx context.Context) {{\n{body}\n}}\nfunc f(c *gin.Context) {{ g(c) }}\n"
    )
    program = program_of(tmp_path, text)
    (unit,) = program.named("", "f")
    assert unit.function.body is not None
    (call,) = [part for part in expressions(unit.function.body) if isinstance(part, ir.Call)]
    assert len(escapes(unit, call, 0)) == count
