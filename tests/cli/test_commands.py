"""The commands as a user calls them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LEAK = """package p

import "os"

func size(path string) (int64, error) {
\tf, err := os.Open(path)
\tif err != nil {
\t\treturn 0, err
\t}
\tinfo, err := f.Stat()
\tif err != nil {
\t\treturn 0, err
\t}
\treturn info.Size(), f.Close()
}
"""
FIXED = LEAK.replace(
    "\tif err != nil {\n\t\treturn 0, err\n\t}\n\treturn",
    "\tif err != nil {\n\t\tf.Close()\n\t\treturn 0, err\n\t}\n\treturn",
)


def caulk(*args: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "caulk.cli.main", *args]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120)


@pytest.fixture
def module(tmp_path: Path) -> Path:
    (tmp_path / "go.mod").write_text("module example.test/p\n\ngo 1.25\n")
    (tmp_path / "p.go").write_text(LEAK)
    return tmp_path


def test_check_reports_with_code_and_path(module: Path) -> None:
    result = caulk("check", cwd=module)
    assert result.returncode == 1
    assert "p.go:6:12: warning: f (file of os.Open) is not closed on the way out at line 12" in result.stdout
    assert "[resource-unclosed]" in result.stdout
    assert "    6 |     f, err := os.Open(path)" in result.stdout
    assert "1. p.go:6:12: acquired here" in result.stdout
    assert "3. p.go:12:3: still open when the function is left here" in result.stdout
    assert "fix: Add `f.Close()` before this exit" in result.stdout
    assert result.stdout.endswith("1 finding in 1 file, 1 fixable with `caulk fix`.\n")


@pytest.mark.parametrize("written", [".", "./...", "p.go"])
def test_ways_to_name_files(module: Path, written: str) -> None:
    assert caulk("check", written, cwd=module).returncode == 1


def test_json_has_the_promised_form(module: Path) -> None:
    report = json.loads(caulk("check", "--format", "json", cwd=module).stdout)
    assert report["version"] == 1 and report["errors"] == []
    (finding,) = report["findings"]
    assert set(finding) == {
        *("rule", "path", "line", "column", "endLine", "endColumn", "severity", "tier", "confidence", "message"),
        *("related", "fixes", "fingerprint"),
    }
    assert (finding["rule"], finding["path"], finding["line"], finding["column"]) == (
        "resource-unclosed",
        "p.go",
        6,
        12,
    )
    assert (finding["severity"], finding["tier"]) == ("warning", "core")
    assert finding["fixes"][0] == {"title": "Add `f.Close()` before this exit", "applicability": "safe"}


def test_fail_on(module: Path) -> None:
    assert caulk("check", "--fail-on", "error", cwd=module).returncode == 0
    assert caulk("check", "--fail-on", "never", cwd=module).returncode == 0


def test_findings_in_tests_are_hints(module: Path) -> None:
    (module / "p.go").rename(module / "p_test.go")
    report = json.loads(caulk("check", "--format", "json", cwd=module).stdout)
    assert [finding["severity"] for finding in report["findings"]] == ["hint"]
    assert caulk("check", cwd=module).returncode == 0


def test_select_and_ignore(module: Path) -> None:
    assert caulk("check", "--select", "extended", cwd=module).returncode == 0
    assert caulk("check", "--ignore", "resource-unclosed", cwd=module).returncode == 0
    assert caulk("check", "--select", "resource-unclosed", cwd=module).returncode == 1
    wrong = caulk("check", "--select", "resource-unclose", cwd=module)
    assert wrong.returncode == 2
    assert "unknown rule 'resource-unclose', did you mean 'resource-unclosed'?" in wrong.stderr


def test_configuration_is_the_nearest(module: Path) -> None:
    (module / "caulk.toml").write_text('ignore = ["resource-unclosed"]\n')
    assert caulk("check", cwd=module).returncode == 0
    assert caulk("check", "--no-config", cwd=module).returncode == 1
    (module / "caulk.toml").write_text('[severity]\nresource-unclosed = "information"\n')
    assert caulk("check", cwd=module).returncode == 0


def test_a_mistake_in_the_configuration_is_one_clear_line(module: Path) -> None:
    (module / "caulk.toml").write_text('slect = ["core"]\n')
    result = caulk("check", cwd=module)
    assert result.returncode == 2
    assert "unknown key 'slect', did you mean 'select'?" in result.stderr
    assert "Traceback" not in result.stderr


def test_fix_diff_writes_nothing(module: Path) -> None:
    result = caulk("fix", "--diff", cwd=module)
    assert result.returncode == 1
    assert "+\t\tf.Close()" in result.stdout and result.stdout.startswith("--- a/p.go\n+++ b/p.go\n")
    assert (module / "p.go").read_text() == LEAK


def test_fix_and_fix_again(module: Path) -> None:
    assert caulk("fix", cwd=module).returncode == 0
    assert (module / "p.go").read_text() == FIXED
    again = caulk("fix", cwd=module)
    assert again.stdout == "Fixed 0 findings in 0 files; 0 left.\n"
    assert (module / "p.go").read_text() == FIXED


def test_fix_keeps_mode_line_endings_and_bom(module: Path) -> None:
    path = module / "p.go"
    path.write_bytes(b"\xef\xbb\xbf" + LEAK.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    caulk("fix", cwd=module)
    assert path.read_bytes() == b"\xef\xbb\xbf" + FIXED.replace("\n", "\r\n").encode()
    assert path.stat().st_mode & 0o777 == 0o640


def test_explain_and_rules(module: Path) -> None:
    page = caulk("explain", "http-body-unclosed", cwd=module)
    assert page.returncode == 0 and page.stdout.startswith("# http-body-unclosed\n")
    assert caulk("explain", "http-body-unclose", cwd=module).returncode == 2
    listed = json.loads(caulk("rules", "--format", "json", cwd=module).stdout)
    assert {"code", "tier", "fix", "summary"} == set(listed[0])


def test_user_contracts(module: Path) -> None:
    (module / "caulk.toml").write_text(
        '[[contract]]\nacquire = ["example.test/p.Borrow"]\nmust_call = ["GiveBack"]\nunless_error = 1\n'
        'noun = "book"\nwhy = "is missing in the library"\n'
    )
    (module / "p.go").write_text(
        "package p\n\ntype Book struct{}\n\nfunc (b *Book) GiveBack() {}\n\nfunc Borrow() (*Book, error) { return nil, nil }\n\n"
        "func read() error {\n\tbook, err := Borrow()\n\tif err != nil {\n\t\treturn err\n\t}\n\t_ = book\n\treturn nil\n}\n"
    )
    result = caulk("check", cwd=module)
    assert "book (book of Borrow) is never released: it is missing in the library" in result.stdout


# -- bad input: a message for that file, the rest goes on, the exit code says so


def bad_input(module: Path) -> subprocess.CompletedProcess[str]:
    result = caulk("check", cwd=module)
    assert "Traceback" not in result.stderr
    assert "p.go:6:12" in result.stdout  # the rest went on
    return result


def test_broken_code_is_analysed_as_far_as_it_goes(module: Path) -> None:
    (module / "broken.go").write_text(
        LEAK.replace("size", "other").replace("package p", "package p\n\nfunc broken( {\n")
    )
    result = bad_input(module)
    assert "broken.go: syntax error near line" in result.stderr
    assert result.returncode == 1


@pytest.mark.parametrize(
    "data",
    [
        b"package p\n// \xff\xfe\nfunc a() {}\n",
        b"package p\n\x00\x00\nfunc a() {}\n",
        b"",
        b"\x7fELF\x00\x01",
        b"package p\n" + b"func a() { " + b"(" * 5000,
    ],
    ids=["latin", "nul", "empty", "binary", "deep"],
)
def test_strange_bytes(module: Path, data: bytes) -> None:
    (module / "strange.go").write_bytes(data)
    assert bad_input(module).returncode == 1


def test_a_huge_file_is_left_out_with_a_message(module: Path) -> None:
    (module / "huge.go").write_bytes(b"package p\n" + b"// padding\n" * 1_000_000)
    result = bad_input(module)
    assert "huge.go: is too large to analyse" in result.stderr
    assert result.returncode == 2


def test_dangling_links_and_loops(module: Path) -> None:
    (module / "dangling.go").symlink_to("nowhere.go")
    (module / "loop.go").symlink_to("loop.go")
    (module / "round").symlink_to(".", target_is_directory=True)
    result = bad_input(module)
    assert result.returncode == 2
    assert "dangling.go: cannot be read" in result.stderr
    assert "loop.go: cannot be read" in result.stderr


def test_a_directory_named_like_a_file(module: Path) -> None:
    (module / "x.go").mkdir()
    (module / "x.go" / "y.go").write_text("package x\n")
    assert bad_input(module).returncode == 1


def test_a_path_that_does_not_exist(module: Path) -> None:
    result = caulk("check", "nowhere", ".", cwd=module)
    assert result.returncode == 2
    assert "nowhere: does not exist" in result.stderr
    assert "p.go:6:12" in result.stdout


def test_a_kill_in_the_middle_leaves_every_file_whole(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.test/p\n\ngo 1.25\n")
    for number in range(30):
        (tmp_path / f"f{number}.go").write_text(LEAK.replace("size", f"size{number}"))
    for delay in (0.2, 0.3, 0.35, 0.4, 0.5, 0.7):
        process = subprocess.Popen(
            [sys.executable, "-m", "caulk.cli.main", "fix"], cwd=tmp_path, stdout=subprocess.DEVNULL
        )
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for number in range(30):
            text = (tmp_path / f"f{number}.go").read_text()
            assert text in (LEAK.replace("size", f"size{number}"), FIXED.replace("size", f"size{number}"))


def test_ignored_generated_and_vendored_files(module: Path) -> None:
    shutil.copy(module / "p.go", module / "ignored.go")
    (module / ".gitignore").write_text("ignored.go\n/sub/\n")
    for folder in ("vendor/v", "testdata", "sub", "node_modules/m", "_old", ".hidden"):
        (module / folder).mkdir(parents=True)
        (module / folder / "p.go").write_text(LEAK)
    (module / "gen.go").write_text("// Code generated by hand. DO NOT EDIT.\n\n" + LEAK.replace("size", "generated"))
    report = json.loads(caulk("check", "--format", "json", cwd=module).stdout)
    assert [finding["path"] for finding in report["findings"]] == ["p.go"]
    named = json.loads(caulk("check", "--format", "json", "testdata", "ignored.go", cwd=module).stdout)
    assert sorted(finding["path"] for finding in named["findings"]) == ["ignored.go", os.path.join("testdata", "p.go")]


# -- fix --verify


BROKEN_FIX = """
import caulk_codefixes.defer_release as fix
fix.guarded = lambda release, lines: ["defer f.Close(nowhere)"]
from caulk.cli.main import main
main(prog_name="caulk")
"""


def go_path() -> str:
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.go
def test_verify_keeps_what_compiles(module: Path) -> None:
    result = caulk("fix", "--verify", cwd=module, PATH=go_path())
    assert (result.returncode, result.stderr) == (0, "")
    assert (module / "p.go").read_text() == FIXED


@pytest.mark.go
def test_verify_takes_back_a_file_that_would_not_compile(module: Path) -> None:
    (module / "exits.go").write_text(LEAK.replace("size", "exits"))
    (module / "deferred.go").write_text(DEFERRED)
    environment = {**os.environ, "PATH": go_path()}
    result = subprocess.run(
        [sys.executable, "-c", BROKEN_FIX, "fix", "--verify"],
        cwd=module,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "deferred.go: left as it was, it would not compile: line 10: undefined: nowhere" in result.stderr
    assert (module / "deferred.go").read_text() == DEFERRED
    assert (module / "p.go").read_text() == FIXED


def test_verify_without_go_is_one_clear_line(module: Path) -> None:
    result = caulk("fix", "--verify", cwd=module, PATH="")
    assert result.returncode == 2
    assert "there is no `go` command" in result.stderr and "Traceback" not in result.stderr
    assert (module / "p.go").read_text() == LEAK


DEFERRED = """package p

import "os"

func deferred() error {
\tf, err := os.Open("x")
\tif err != nil {
\t\treturn err
\t}
\t_, err = f.Stat()
\treturn err
}
"""


IMPORTER = """package p

import "example.test/store"

func count() int {
\trows := store.Open()
\treturn rows.Len()
}

func all(names []string) (n int) {
\tfor range names {
\t\tn += count()
\t}
\treturn n
}
"""


def test_sources_of_other_modules_are_used_and_can_be_left_out(tmp_path: Path) -> None:
    module, cache = tmp_path / "m", tmp_path / "cache"
    dependency = cache / "example.test" / "store@v1.0.0"
    module.mkdir()
    dependency.mkdir(parents=True)
    (module / "go.mod").write_text("module example.test/p\n\ngo 1.25\n\nrequire example.test/store v1.0.0\n")
    (module / "p.go").write_text(IMPORTER)
    (dependency / "s.go").write_text(
        "package store\n\ntype Rows struct{}\n\nfunc (Rows) Len() int { return 0 }\n\nfunc Open() Rows { return Rows{} }\n"
    )
    missing = "imports without sources, their types are unknown: 1 (example.test/store)"
    contract = (
        '[[contract]]\nacquire = ["example.test/store.Open"]\nmust_call = ["Len"]\nnoun = "rows"\nwhy = "stays"\n'
    )
    (module / "caulk.toml").write_text(contract)
    assert missing not in caulk("check", "--stats", cwd=module, GOMODCACHE=str(cache)).stderr
    assert missing in caulk("check", "--stats", "--module-cache", "off", cwd=module, GOMODCACHE=str(cache)).stderr
    (module / "caulk.toml").write_text('module-cache = "off"\n' + contract)
    assert missing in caulk("check", "--stats", cwd=module, GOMODCACHE=str(cache)).stderr
    assert missing not in caulk("check", "--stats", "--module-cache", "../cache", cwd=module).stderr
