"""Acquire/release pairs of the user's own code, declared in caulk.toml: found, shown with the path, mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from caulk.config.load import from_table, load
from caulk.engine.workspace import Workspace
from caulk.semantics.contracts import ContractError
from caulk_codefixes.loop import fix_file

GOMOD = "module example.com/app\n\ngo 1.25\n"

SESSION = """package session

import "errors"

var errFull = errors.New("full")

type ContextManager struct{ free []*Context }

type Context struct{ id int }

func (c *Context) Use() error { return nil }

func (c *Context) Release() { c.id = 0 }

func (m *ContextManager) Create(id int) (*Context, error) {
	if len(m.free) == 0 {
		return nil, errFull
	}
	return m.free[0], nil
}

func (m *ContextManager) GiveBack(c *Context) { m.free = append(m.free, c) }

func Take(id int) *Context { return &Context{id} }

func Drop(c *Context) { c.id = 0 }

func Show(c *Context) {}
"""

BY_METHOD = """
[[contract]]
acquire = ["example.com/app/session.(*ContextManager).Create"]
unless_error = 1
must_call = ["Release"]
returns_error = false
noun = "session context"
why = "is missing in the manager"
"""

BY_OWNER = """
[[contract]]
acquire = ["example.com/app/session.(*ContextManager).Create"]
unless_error = 1
release = "example.com/app/session.(*ContextManager).GiveBack"
noun = "session context"
why = "is missing in the manager"
"""

BY_FUNCTION = """
[[contract]]
acquire = ["example.com/app/session.Take"]
types = ["example.com/app/session.Context"]
release = "example.com/app/session.Drop"
not_owning = ["example.com/app/session.Show"]
noun = "session context"
"""

HEAD = 'package web\n\nimport "example.com/app/session"\n\n'


def write(root: Path, toml: str, body: str) -> Path:
    (root / "go.mod").write_text(GOMOD)
    (root / "caulk.toml").write_text(toml)
    (root / "session").mkdir()
    (root / "session" / "session.go").write_text(SESSION)
    (root / "web").mkdir()
    path = root / "web" / "web.go"
    path.write_text(HEAD + body)
    return path


def findings(path: Path) -> list[str]:
    workspace = Workspace(load(path.parents[1] / "caulk.toml"))
    return [finding.message for finding in workspace.analyze_file(str(path)).findings]


def fixed(path: Path) -> str:
    result = fix_file(Workspace(load(path.parents[1] / "caulk.toml")), str(path), unsafe=False)
    return result.after.decode()


EARLY_RETURN = """func handle(m *session.ContextManager, id int) error {
	c, err := m.Create(id)
	if err != nil {
		return err
	}
	if err := c.Use(); err != nil {
		return err
	}
	%s
	return nil
}
"""


@pytest.mark.parametrize(
    ("toml", "release"), [(BY_METHOD, "c.Release()"), (BY_OWNER, "m.GiveBack(c)")], ids=["method", "owner"]
)
def test_early_returns_of_a_declared_pair(tmp_path: Path, toml: str, release: str) -> None:
    path = write(tmp_path, toml, EARLY_RETURN % release)
    (message,) = findings(path)
    assert message.startswith("c (session context of m.Create) is not ")
    assert message.endswith("on the way out at line 11: it is missing in the manager")
    assert f"\tif err := c.Use(); err != nil {{\n\t\t{release}\n\t\treturn err\n" in fixed(path)


@pytest.mark.parametrize(
    ("toml", "release"), [(BY_METHOD, "c.Release()"), (BY_OWNER, "m.GiveBack(c)")], ids=["method", "owner"]
)
def test_never_released_gets_a_defer(tmp_path: Path, toml: str, release: str) -> None:
    path = write(tmp_path, toml, EARLY_RETURN % "print(id)")
    assert "is never" in findings(path)[0]
    assert f"\t\treturn err\n\t}}\n\tdefer {release}\n" in fixed(path)
    path.write_text(fixed(path))
    assert findings(path) == []


def test_a_function_that_releases(tmp_path: Path) -> None:
    body = """func leaks() {
	c := session.Take(1)
	session.Show(c)
}

func drops() {
	c := session.Take(1)
	defer session.Drop(c)
	session.Show(c)
}

func dropsInHelper() { helper(session.Take(1)) }

func helper(c *session.Context) { session.Drop(c) }

func returns() *session.Context { return session.Take(2) }

func leaksWrapped() {
	c := returns()
	session.Show(c)
}
"""
    path = write(tmp_path, BY_FUNCTION, body)
    assert [message.partition(" is ")[0] for message in findings(path)] == [
        "c (session context of session.Take)",
        "c (session context of returns)",
    ]
    after = fixed(path)
    assert after.count("\tdefer session.Drop(c)\n") == 3
    path.write_text(after)
    assert findings(path) == []


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"acquires": ["a/b.C"]}, "unknown key 'acquires' in [[contract]], did you mean 'acquire'?"),
        ({"acquire": "a/b.C"}, "acquire must be a list of strings, not 'a/b.C'"),
        ({"acquire": ["Create"]}, "acquire must name functions by import path"),
        ({"acquire": ["a/b.C"], "must_call": ["c.Close()"]}, "must_call must name methods of the value"),
        ({"acquire": ["a/b.C"], "must_call": []}, "must_call must name at least one function"),
        ({"acquire": ["a/b.C"], "unless_error": True}, "unless_error must be a number, not True"),
        ({"acquire": ["a/b.C"], "result": -1}, "result must be the number of a result, the first is 0, not -1"),
        ({"acquire": ["a/b.C"], "resource_from": "arg 1"}, "resource_from must be 'receiver' or 'argument N'"),
        ({"acquire": ["a/b.C"], "released_by": ["Next"]}, "released_by must be written as 'Next() == false'"),
        ({"acquire": ["a/b.C"], "released": "argument 1"}, "but there is no release"),
        ({"acquire": ["a/b.C"], "since_go": "go1.23"}, "since_go must be a Go version such as '1.23'"),
        ({"acquire": ["a/b.C"], "tier": "low"}, "tier must be one of core, extended, experimental, not 'low'"),
        ({"must_call": ["Close"]}, "a [[contract]] must say what acquires"),
    ],
)
def test_mistakes_are_told_with_what_would_be_right(table: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError) as error:
        from_table({"contract": [table]})
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'acquire = ["example.com/app/session.(*ContextManager).Creat"]',
            "ContextManager has no method Creat, did you mean 'Create'?",
        ),
        (
            'acquire = ["example.com/app/session.(*ContextManger).Create"]',
            "has no type ContextManger, did you mean 'ContextManager'?",
        ),
        ('acquire = ["example.com/app/sesion.Take"]', "there is no package example.com/app/sesion"),
        ('acquire = ["example.com/app/session.Taken"]', "has no function Taken, did you mean 'Take'?"),
        (
            'acquire = ["example.com/app/session.Take"]\nmust_call = ["Releas"]',
            "must_call: what 'example.com/app/session.Take' returns has no method Releas",
        ),
        (
            'acquire = ["example.com/app/session.(*ContextManager).Create"]\nmust_call = ["Release"]\nunless_error = 2',
            "has no result 2: it has 2",
        ),
        (
            'acquire = ["example.com/app/session.Take"]\nrelease = "example.com/app/session.Dropp"',
            "release: 'example.com/app/session.Dropp' names nothing",
        ),
        ('not_owning = ["example.com/app/session.Shaw"]', "has no function Shaw, did you mean 'Show'?"),
    ],
)
def test_names_that_match_nothing(tmp_path: Path, line: str, message: str) -> None:
    path = write(tmp_path, f"[[contract]]\n{line}\n", EARLY_RETURN % "")
    with pytest.raises(ContractError) as error:
        findings(path)
    assert message in str(error.value) and "caulk.toml" in str(error.value)


def test_what_cannot_be_looked_up_is_taken_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, '[[contract]]\nacquire = ["example.com/other/pool.(*Pool).Get"]\n', EARLY_RETURN % "")
    assert findings(path) == []
