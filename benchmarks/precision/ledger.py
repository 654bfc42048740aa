"""Findings, the verdicts on them, and what both say together. Knows no files but the table of verdicts."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

TABLE = Path(__file__).with_name("verdicts.tsv")
COLUMNS = ("module", "path", "function", "code", "text", "number", "verdict", "reason")


TIERS = ("core", "extended", "experimental")


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What names a finding as long as its line reads the same, wherever in its function that stands."""

    module: str
    path: str
    function: str
    code: str
    text: str
    """The line of the finding, white space made single."""
    number: int = 1
    """Among equal ones of the function."""

    @property
    def short(self) -> str:
        """Eight letters for the command line."""
        parts = (self.module, self.path, self.function, self.code, self.text, str(self.number))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]

    def numbered(self, number: int) -> Key:
        return replace(self, number=number)


@dataclass(frozen=True, slots=True)
class Found:
    """One finding of a run. ``steps`` are its path, a line each."""

    key: Key
    tier: str
    line: int
    message: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader of the source says of a finding, and why."""

    right: bool
    reason: str


class TableError(Exception):
    """A line of the table that cannot be read."""


def load(path: Path = TABLE) -> dict[Key, Verdict]:
    """The table of verdicts. Raises TableError."""
    verdicts: dict[Key, Verdict] = {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, "excel-tab", quoting=csv.QUOTE_NONE, quotechar=None)
        if tuple(next(rows, ())) != COLUMNS:
            raise TableError(f"{path.name}: the first line is not {' '.join(COLUMNS)}")
        for row in rows:
            key, verdict = _read(row, f"{path.name}:{rows.line_num}")
            if key in verdicts:
                raise TableError(f"{path.name}:{rows.line_num}: judged twice")
            verdicts[key] = verdict
    return verdicts


def _read(row: list[str], place: str) -> tuple[Key, Verdict]:
    if len(row) != len(COLUMNS):
        raise TableError(f"{place}: {len(row)} columns instead of {len(COLUMNS)}")
    *names, number, verdict, reason = row
    if not number.isdigit() or verdict not in ("true", "false") or not reason.strip():
        raise TableError(f"{place}: wants a number, true or false, and a reason")
    return Key(names[0], names[1], names[2], names[3], names[4], int(number)), Verdict(verdict == "true", reason)


def save(verdicts: Mapping[Key, Verdict], path: Path = TABLE) -> None:
    """Write the table, sorted, so that two people's additions merge."""
    lines = ["\t".join(COLUMNS)]
    for key, verdict in sorted(verdicts.items(), key=lambda item: item[0]):
        word = "true" if verdict.right else "false"
        reason = " ".join(verdict.reason.split())
        lines.append("\t".join((*_names(key), str(key.number), word, reason)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _names(key: Key) -> tuple[str, ...]:
    return key.module, key.path, key.function, key.code, key.text


@dataclass(slots=True)
class Tally:
    """The findings of one rule, or of several, sorted by what is known of them."""

    right: list[Found] = field(default_factory=list)
    wrong: list[Found] = field(default_factory=list)
    unjudged: list[Found] = field(default_factory=list)
    lost: list[Key] = field(default_factory=list)
    """Judged true, and no longer found."""
    mended: list[Key] = field(default_factory=list)
    """Judged false, and no longer found."""

    @property
    def judged(self) -> int:
        return len(self.right) + len(self.wrong)

    @property
    def precision(self) -> float | None:
        """The share of true ones among the judged findings; None when none is judged."""
        return len(self.right) / self.judged if self.judged else None

    def add(self, other: Tally) -> None:
        self.right += other.right
        self.wrong += other.wrong
        self.unjudged += other.unjudged
        self.lost += other.lost
        self.mended += other.mended


def tally(found: Iterable[Found], verdicts: Mapping[Key, Verdict]) -> dict[tuple[str, str], Tally]:
    """What is known of the findings, by code and tier. ``verdicts``: those of the modules that were run, no others."""
    tallies: dict[tuple[str, str], Tally] = {}
    tiers: dict[str, str] = {}
    present: set[Key] = set()
    for one in found:
        code = one.key.code
        tiers[code] = min(tiers.get(code, one.tier), one.tier, key=TIERS.index)
        present.add(one.key)
        counts = tallies.setdefault((code, one.tier), Tally())
        verdict = verdicts.get(one.key)
        (counts.unjudged if verdict is None else counts.right if verdict.right else counts.wrong).append(one)
    for key, verdict in verdicts.items():
        if key not in present:
            counts = tallies.setdefault((key.code, tiers.get(key.code, "-")), Tally())
            (counts.lost if verdict.right else counts.mended).append(key)
    return dict(sorted(tallies.items()))


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    whole = Tally()
    for one in tallies:
        whole.add(one)
    return whole


def moved(found: Iterable[Found], verdicts: Mapping[Key, Verdict]) -> dict[Key, Key]:
    """Judged findings that are gone while the same line has one new finding under another code, with the key of that."""
    keys = [one.key for one in found]
    gone = [key for key in verdicts if key not in set(keys)]
    unjudged = [key for key in keys if key not in verdicts]
    pairs: dict[Key, Key] = {}
    for key in gone:
        same = [other for other in unjudged if replace(other, code=key.code, number=key.number) == key]
        if len(same) == 1 and same[0] not in pairs.values():
            pairs[key] = same[0]
    return pairs
