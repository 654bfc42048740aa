"""The style of a deferred release, and the results of a function that a joined error needs names for."""

from __future__ import annotations

from pathlib import Path

import pytest

from caulk.config.settings import Settings
from caulk.engine.workspace import Workspace
from caulk_codefixes.loop import fix_file

JOIN = "defer func() { retErr = errors.Join(retErr, f.Close()) }()"


def fixed(directory: Path, text: str, style: str, *, go: str = "1.25", extra: str = "") -> str:
    (directory / "go.mod").write_text(f"module example.test/p\n\ngo {go}\n")
    path = directory / "p.go"
    path.write_text(text)
    return fix_file(Workspace(Settings(defer_style=style, defer_import=extra)), str(path)).after.decode()


def function(signature: str, *, value: str = "err", before: str = "", imports: str = '"os"') -> str:
    zero = "0, " if "int" in signature else ""
    given = f"{zero}{value}"
    return (
        f"package p\n\nimport {imports}\n\nfunc read(path string) {signature} {{\n{before}"
        f"\tf, err := os.Open(path)\n\tif err != nil {{\n\t\treturn {given}\n\t}}\n\t_, err = f.Stat()\n\treturn {given}\n}}\n"
    )


@pytest.mark.parametrize(
    ("signature", "named"),
    [
        ("error", "(retErr error)"),
        ("(error)", "(retErr error)"),
        ("(int, error)", "(_ int, retErr error)"),
    ],
)
def test_results_without_names_get_some(tmp_path: Path, signature: str, named: str) -> None:
    after = fixed(tmp_path, function(signature), "join-error")
    assert f"func read(path string) {named} {{" in after
    assert f"\t{JOIN}\n" in after and '\t"errors"\n\t"os"\n' in after


def test_results_with_names_keep_them(tmp_path: Path) -> None:
    after = fixed(tmp_path, function("(n int, failure error)"), "join-error")
    assert "(n int, failure error)" in after and "failure = errors.Join(failure, f.Close())" in after


def test_a_result_that_is_hidden_somewhere_is_not_joined(tmp_path: Path) -> None:
    before = '\tif path == "" {\n\t\terr := os.ErrNotExist\n\t\treturn err\n\t}\n'
    after = fixed(tmp_path, function("(err error)", before=before), "join-error")
    assert "defer func() { _ = f.Close() }()" in after and "Join" not in after


def test_another_package_of_the_name_stays(tmp_path: Path) -> None:
    imports = '(\n\t"os"\n\n\t"github.com/pkg/errors"\n)'
    text = function("error", value='errors.Wrap(err, "read")', imports=imports)
    after = fixed(tmp_path, text, "join-error")
    assert 'stderrors "errors"' in after and "retErr = stderrors.Join(retErr, f.Close())" in after


@pytest.mark.parametrize(("signature", "go"), [("error", "1.19"), ("(int, error)", "1.18")])
def test_an_older_go_has_no_join(tmp_path: Path, signature: str, go: str) -> None:
    assert "defer func() { _ = f.Close() }()" in fixed(tmp_path, function(signature), "join-error", go=go)


def test_nothing_to_join_to(tmp_path: Path) -> None:
    text = function("error").replace(" error {", " {").replace("return err", "return")
    assert "defer func() { _ = f.Close() }()" in fixed(tmp_path, text, "join-error")


def test_a_rollback_is_no_error(tmp_path: Path) -> None:
    text = (
        'package p\n\nimport "database/sql"\n\nfunc put(db *sql.DB) error {\n\ttx, err := db.Begin()\n\tif err != nil {\n'
        '\t\treturn err\n\t}\n\tif _, err := tx.Exec("x"); err != nil {\n\t\treturn err\n\t}\n\treturn tx.Commit()\n}\n'
    )
    assert "defer func() { _ = tx.Rollback() }()" in fixed(tmp_path, text, "join-error")


def test_the_projects_own_way(tmp_path: Path) -> None:
    after = fixed(tmp_path, function("error"), "defer closers.Log({value})", extra="example.test/p/closers")
    assert "\tdefer closers.Log(f)\n" in after and '"example.test/p/closers"' in after
    after = fixed(tmp_path, function("error"), "defer quietly({method})")
    assert "\tdefer quietly(f.Close)\n" in after


def test_windows_line_ends_and_byte_order_mark_stay(tmp_path: Path) -> None:
    text = "\ufeff" + function("(int, error)").replace("\n", "\r\n")
    (tmp_path / "go.mod").write_text("module example.test/p\n\ngo 1.25\n")
    path = tmp_path / "p.go"
    path.write_bytes(text.encode())
    after = fix_file(Workspace(Settings(defer_style="join-error")), str(path)).after
    assert after.startswith(b"\xef\xbb\xbf") and after.count(b"\n") == after.count(b"\r\n")
    assert JOIN.encode() in after
