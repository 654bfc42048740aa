"""What an edit costs an editor: what is parsed again, and what stays in memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from caulk.config.settings import Settings
from caulk.engine.workspace import Workspace
from caulk.ir.lower import lower_function
from caulk.semantics.packages import declarations
from caulk.syntax.remember import Remembered, remember
from caulk.syntax.split import split

FUNCTION = """
func open%d(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return nil
}
"""


POOL = """package main

import (
	"database/sql"
	"net/http"
)

var db *sql.DB

func main() {
	db, _ = sql.Open("postgres", "dsn")
	http.ListenAndServe(":80", nil)
}
"""


class Editor:
    """A package of two files in a module with another package, one of them open."""

    def __init__(self, root: Path) -> None:
        (root / "go.mod").write_text("module example.com/m\n\ngo 1.22\n")
        (root / "store").mkdir()
        (root / "store" / "store.go").write_text(
            'package store\n\nimport "os"\n\nfunc Open(p string) (*os.File, error) { return os.Open(p) }\n'
        )
        head = 'package m\n\nimport (\n\t"os"\n\n\t"example.com/m/store"\n)\n'
        uses = '\nfunc leak() {\n\tf, _ := store.Open("a")\n\t_ = f.Name()\n}\n'
        self.path = str(root / "m.go")
        self.text = head + uses + "".join(FUNCTION % number for number in range(20))
        (root / "other.go").write_text(
            'package m\n\nimport "os"\n' + "".join(FUNCTION % number for number in range(100, 110))
        )
        self.workspace = Workspace(Settings())
        self.show(self.text)

    def show(self, text: str) -> list[str]:
        """The codes found after an edit to this text."""
        self.workspace.overlay(self.path, text.encode())
        return [finding.code for finding in self.workspace.analyze_file(self.path).findings]


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    return Editor(tmp_path)


@pytest.fixture
def small_memories() -> Iterator[None]:
    limits = {memory: memory.limit for memory in (declarations, lower_function, split)}
    for memory in limits:
        memory.clear()
        memory.limit = 6_000
    yield
    for memory, limit in limits.items():
        memory.limit = limit


def test_an_edit_lowers_the_edited_function_only(editor: Editor) -> None:
    before = lower_function.misses, declarations.misses
    assert editor.show(
        editor.text.replace("open7(path string) error {\n", "open7(path string) error {\n\tpath += path\n")
    )
    assert (lower_function.misses, declarations.misses) == (before[0] + 1, before[1] + 1)


def test_an_edit_of_a_body_is_all_that_is_read(editor: Editor) -> None:
    workspace = editor.workspace = Workspace(Settings(), keeps=True)
    assert editor.show(editor.text) == ["resource-unclosed"]
    before = [memory.misses for memory in (lower_function, declarations, split)]
    longer = editor.text.replace("leak() {\n", "leak() {\n\tfor {\n\t}\n")
    assert editor.show(longer) == []
    assert editor.show(editor.text) == ["resource-unclosed"]
    after = [memory.misses for memory in (lower_function, declarations, split)]
    assert [later - earlier for later, earlier in zip(after, before, strict=True)] == [1, 0, 0]
    (finding,) = workspace.analyze_file(editor.path).findings
    assert editor.text[finding.span.start : finding.span.end].startswith("store.Open")


def test_findings_that_change_their_lines_alone_are_others(editor: Editor) -> None:
    workspace = editor.workspace = Workspace(Settings(), keeps=True)
    head, _, tail = editor.text.partition("func leak()")
    text = f"{head}func early() {{\n\tprintln(1)\n\n}}\n\nfunc leak(){tail}"
    workspace.overlay(editor.path, text.encode())
    (before,) = workspace.analyze_file(editor.path).findings
    workspace.overlay(editor.path, text.replace("(1)\n\n}", "(1)\n }").encode())
    (after,) = workspace.analyze_file(editor.path).findings
    assert after == before
    assert after is not before


def test_an_edit_of_a_declaration_is_seen_by_all(editor: Editor) -> None:
    editor.workspace = Workspace(Settings(), keeps=True)
    editor.show(editor.text)
    store = str(Path(editor.path).parent / "store" / "store.go")
    editor.workspace.overlay(
        store, b"package store\n\nfunc Open(p string) (Plain, error) { return 0, nil }\n\ntype Plain int\n"
    )
    assert editor.workspace.analyze_file(editor.path).findings == ()


def test_an_edit_of_a_body_is_seen_by_those_who_import_it(editor: Editor) -> None:
    editor.workspace = Workspace(Settings(), keeps=True)
    store = str(Path(editor.path).parent / "store" / "store.go")
    opens, none = "return os.Open(p)", "return nil, nil"
    text = Path(store).read_text()
    editor.workspace.overlay(store, text.encode())
    editor.workspace.analyze_file(store)
    assert editor.show(editor.text) == ["resource-unclosed"]
    editor.workspace.overlay(store, text.replace(opens, none).encode())
    assert editor.show(editor.text) == []
    editor.workspace.overlay(store, text.encode())
    assert editor.show(editor.text) == ["resource-unclosed"]


def test_what_another_package_says_counts_when_it_is_saved(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/m\n\ngo 1.22\n")
    (tmp_path / "limits").mkdir()
    limits, path = str(tmp_path / "limits" / "limits.go"), str(tmp_path / "m.go")
    (tmp_path / "m.go").write_text(POOL)
    without = 'package limits\n\nimport "database/sql"\n\nfunc Set(db *sql.DB) {\n}\n'
    Path(limits).write_text(without)
    workspace = Workspace(Settings(select=("sql-pool-unbounded",)), keeps=True)
    workspace.overlay(path, POOL.encode())
    assert [finding.code for finding in workspace.analyze_file(path).findings] == ["sql-pool-unbounded"]
    workspace.overlay(limits, without.replace("{\n}", "{\n\tdb.SetMaxOpenConns(9)\n}").encode())
    workspace.saved(limits)
    assert workspace.analyze_file(path).findings == ()


def test_a_file_that_changed_on_disk_is_read_again(editor: Editor) -> None:
    editor.workspace = Workspace(Settings(), keeps=True)
    editor.show(editor.text)
    other = Path(editor.path).parent / "other.go"
    other.write_text("package m\n\nfunc init() {}\n")
    assert editor.show(editor.text + "\n") == ["resource-unclosed"]
    other.write_text('package m\n\nimport "os"\n\nfunc other() { f, _ := os.Open(""); _ = f.Name() }\n')
    found = editor.workspace.analyze(str(other.parent))
    assert [finding.code for finding in found[str(other)].findings] == ["resource-unclosed"]


def test_an_edit_keeps_what_other_packages_declare(editor: Editor) -> None:
    known = {key: package for key, package in editor.workspace._world._packages.items() if package is not None}
    assert {key[1] for key in known} >= {"os", "example.com/m/store"}
    editor.show(editor.text + "\nvar more int\n")
    after = editor.workspace._world._packages
    assert all(after[key] is package for key, package in known.items())


def test_an_edit_of_an_imported_package_is_seen(editor: Editor, tmp_path: Path) -> None:
    assert editor.show(editor.text) == ["resource-unclosed"]
    path = str(tmp_path / "store" / "store.go")
    closes = 'package store\n\nimport "os"\n\nvar kept *os.File\n\nfunc Open(p string) (*os.File, error) { return kept, nil }\n'
    editor.workspace.overlay(path, closes.encode())
    assert editor.workspace.analyze_file(editor.path).findings == ()
    editor.workspace.overlay(path, None)
    assert editor.workspace.analyze_file(editor.path).findings != ()


def test_memory_stays_flat(editor: Editor, small_memories: None) -> None:
    def edits(numbers: range) -> int:
        for number in numbers:
            editor.show(
                editor.text.replace("open7(path string) error {\n", f"open7(path string) error {{\n\t_ = {number}\n")
            )
        gc.collect()
        return len(gc.get_objects())

    settled = edits(range(60))
    assert edits(range(60, 180)) < settled + 1000  # eight objects an edit would be a leak


def test_what_was_asked_for_longest_ago_is_forgotten() -> None:
    asked: list[bytes] = []

    @remember(6)
    def length(text: bytes) -> int:
        asked.append(text)
        return len(text)

    assert isinstance(length, Remembered)
    for text in (b"aaa", b"bbb", b"aaa", b"ccc", b"aaa", b"bbb"):
        assert length(text) == 3
    assert asked == [b"aaa", b"bbb", b"ccc", b"bbb"]
    length.clear()
    assert length(b"aaa") == 3
    assert asked[-1] == b"aaa"


def test_a_text_that_is_too_long_is_kept_alone() -> None:
    @remember(2)
    def length(text: bytes) -> int:
        return len(text)

    assert [length(b"abcdef"), length(b"abcdef"), length.misses] == [6, 6, 1]
