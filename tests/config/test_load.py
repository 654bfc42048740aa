"""caulk.toml: what it may say, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from caulk.config.errors import ConfigError
from caulk.config.load import check_codes, find_config, from_table, load
from caulk.rules.registry import by_code


def test_everything_that_may_be_said(tmp_path: Path) -> None:
    path = tmp_path / "caulk.toml"
    path.write_text(
        'select = ["ALL"]\nignore = ["experimental"]\ndefer-style = "ignore-error"\nexclude = ["old/"]\n'
        'extend-safe-fixes = ["unbounded-map"]\n[severity]\nrows-unclosed = "error"\n[[contract]]\nacquire = ["x.Y"]\n'
    )
    settings = load(path)
    assert settings.select == ("ALL",) and settings.ignore == ("experimental",)
    assert settings.defer_style == "ignore-error" and settings.root == str(tmp_path)
    assert settings.severity == {"rows-unclosed": "error"} and settings.contracts == ({"acquire": ["x.Y"]},)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"selct": []}, "unknown key 'selct', did you mean 'select'?"),
        ({"select": "core"}, "select must be a list of strings, not 'core'"),
        (
            {"defer-style": "nice"},
            "defer-style must be one of plain, ignore-error, join-error, or a line with one of {call}",
        ),
        ({"defer-import": "a b c"}, "defer-import must be an import path or `name path`, not 'a b c'"),
        ({"severity": {"x": "bad"}}, "severity of x must be one of hint, information, warning, error, off, not 'bad'"),
        ({"module-cache": True}, "module-cache must be auto, off or a directory, not True"),
        ({"goroot": ""}, "goroot must be auto, off or a directory, not ''"),
        ({"contract": {}}, "contract must be written as [[contract]] tables"),
    ],
)
def test_mistakes_are_told_clearly(table: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        from_table(table)
    assert message in str(error.value)


def test_broken_toml_and_bytes(tmp_path: Path) -> None:
    path = tmp_path / "caulk.toml"
    path.write_text("select = [")
    with pytest.raises(ConfigError, match=r"caulk\.toml"):
        load(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load(path)


def test_the_nearest_one_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_config(inner) is None
    (tmp_path / "caulk.toml").touch()
    assert find_config(inner) == tmp_path / "caulk.toml"
    (tmp_path / "a" / "caulk.toml").touch()
    assert find_config(inner) == tmp_path / "a" / "caulk.toml"


def test_unknown_codes() -> None:
    check_codes(["core", "ALL", "rows-unclosed"], by_code())
    with pytest.raises(ConfigError, match="did you mean 'rows-unclosed'"):
        check_codes(["rows-unclose"], by_code())
