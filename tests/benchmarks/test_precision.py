"""The logic of the precision ledger, without a network and without running caulk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.precision import ledger, modules, report
from benchmarks.precision.ledger import Found, Key, TableError, Verdict
from benchmarks.precision.modules import Pin
from benchmarks.precision.run import Cost, Result, function_at

KEY = Key("example.test/m", "a/b.go", "T.Open", "resource-unclosed", 'f, err := os.Open("x")')
PIN = Pin("example.test/m", "v1.0.0", "CLI")


def found(key: Key, tier: str = "core") -> Found:
    return Found(key, tier, 7, "f is not closed", ())


def result(*all_found: Found) -> Result:
    return Result(all_found, (), Cost(1000, 0.5, 1.0, 0.5, 64 << 20))


def test_the_committed_table_and_pins_are_in_order(tmp_path: Path) -> None:
    verdicts = ledger.load()
    pins = modules.load()
    assert {key.module for key in verdicts} <= {pin.path for pin in pins}
    assert len({pin.path for pin in pins}) == len(pins)
    ledger.save(verdicts, tmp_path / "verdicts.tsv")
    assert (tmp_path / "verdicts.tsv").read_text("utf-8") == ledger.TABLE.read_text("utf-8")


def test_the_table_survives_quotes_and_is_sorted(tmp_path: Path) -> None:
    second = KEY.numbered(2)
    path = tmp_path / "verdicts.tsv"
    ledger.save({second: Verdict(False, "closed in\tline 9"), KEY: Verdict(True, 'the "else" leaves')}, path)
    loaded = ledger.load(path)
    assert list(loaded) == [KEY, second]
    assert loaded[KEY] == Verdict(True, 'the "else" leaves')
    assert loaded[second] == Verdict(False, "closed in line 9")


@pytest.mark.parametrize(
    "row",
    [
        "m\tp\tf\tc\tt\t1\tmaybe\treason",
        "m\tp\tf\tc\tt\t1\ttrue\t ",
        "m\tp\tf\tc\tt\ttrue\treason",
        "m\tp\tf\tc\tt\t1\ttrue\tr\nm\tp\tf\tc\tt\t1\tfalse\tr",
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str) -> None:
    path = tmp_path / "verdicts.tsv"
    path.write_text("\t".join(ledger.COLUMNS) + "\n" + row + "\n")
    with pytest.raises(TableError, match=r"verdicts\.tsv:[23]: "):
        ledger.load(path)


def test_names_differ_by_every_part() -> None:
    others = (KEY.numbered(2), Key("n", *KEY_REST), Key("example.test/m", "a/c.go", *KEY_REST[1:]))
    assert len({KEY.short, *(other.short for other in others)}) == 4


KEY_REST = ("a/b.go", "T.Open", "resource-unclosed", 'f, err := os.Open("x")')


def test_findings_are_told_apart_by_what_is_known() -> None:
    wrong, unjudged, lost, mended = (KEY.numbered(number) for number in (2, 3, 4, 5))
    verdicts = {
        KEY: Verdict(True, "r"),
        wrong: Verdict(False, "r"),
        lost: Verdict(True, "r"),
        mended: Verdict(False, "r"),
    }
    tallies = ledger.tally([found(KEY), found(wrong), found(unjudged)], verdicts)
    ((code, tier),) = tallies
    counts = tallies[code, tier]
    assert (code, tier) == ("resource-unclosed", "core")
    assert ([one.key for one in counts.right], [one.key for one in counts.wrong]) == ([KEY], [wrong])
    assert [one.key for one in counts.unjudged] == [unjudged]
    assert (counts.lost, counts.mended) == ([lost], [mended])
    assert counts.precision == 0.5


def test_tiers_of_a_rule_are_counted_apart_and_add_up() -> None:
    second = KEY.numbered(2)
    tallies = ledger.tally([found(KEY), found(second, "extended")], {KEY: Verdict(True, "r")})
    assert set(tallies) == {("resource-unclosed", "core"), ("resource-unclosed", "extended")}
    whole = ledger.total(tallies.values())
    assert (whole.judged, len(whole.unjudged), whole.precision) == (1, 1, 1.0)


def test_verdicts_move_with_findings_whose_rule_was_split() -> None:
    split = replace(KEY, code="partial-construction-leak")
    verdicts = {KEY: Verdict(True, "r")}
    assert ledger.moved([found(split)], verdicts) == {KEY: split}
    assert ledger.moved([found(KEY), found(split)], verdicts) == {}
    assert ledger.moved([found(split), found(replace(KEY, code="use-after-release"))], verdicts) == {}
    assert ledger.moved([found(replace(split, function="T.Other"))], verdicts) == {}


def test_the_report_names_new_and_lost_findings_and_low_rules() -> None:
    new, lost, old = (KEY.numbered(number) for number in (2, 3, 4))
    verdicts = {KEY: Verdict(False, "r"), lost: Verdict(True, "r"), Key("other", *KEY_REST): Verdict(True, "r")}
    results = {PIN: result(found(KEY), found(new), found(old))}
    text = "\n".join(report.render(results, verdicts, {PIN: result(found(KEY), found(old))}))
    assert f"new: {new.short} resource-unclosed example.test/m@v1.0.0/a/b.go:7: f is not closed" in text
    assert f"lost: {lost.short}" in text and old.short not in text and text.count("lost:") == 1
    assert "below what their tier wants: resource-unclosed" in text
    assert "2,000" in text.splitlines()[-1] and "2.00" in text.splitlines()[-1]


def test_held_out_modules_are_reported_apart() -> None:
    held_out = Pin("example.test/n", "v1.0.0", "CLI", held_out=True)
    other = Key("example.test/n", *KEY_REST)
    verdicts = {KEY: Verdict(True, "r"), other: Verdict(False, "r")}
    results = {PIN: result(found(KEY)), held_out: result(found(other))}
    lines = list(report.render(results, verdicts, {PIN: None, held_out: None}))
    assert "100.0%" in lines[2]
    assert " 0.0%" in lines[lines.index("\nHeld-out modules: 1") + 2]


def test_modules_are_picked_by_pattern_or_part() -> None:
    pins = [PIN, Pin("example.test/other", "v1.0.0", "CLI")]
    assert list(modules.selected(pins, ())) == pins
    assert list(modules.selected(pins, ["*/m"])) == list(modules.selected(pins, ["st/m"])) == [PIN]


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        ("func Open() {", "Open"),
        ("func (c *Client) Do(r func()) {", "Client.Do"),
        ("func (c Client[K, V]) Do() {", "Client.Do"),
        ("func (*Client) Do() {", "Client.Do"),
        ("func Map[K any](k K) {", "Map"),
    ],
)
def test_functions_are_named_with_their_receivers(declared: str, name: str) -> None:
    data = f"package p\n\nvar x = 1\n\n{declared}\n\tuse()\n}}\n".encode()
    assert function_at(data, data.index(b"use")) == name
    assert function_at(data, data.index(b"var")) == ""
