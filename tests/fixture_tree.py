"""The fixtures: folders of Go files that say themselves what is to be found in them.

``// want code "regex"`` stands on the line of a finding (``want+1``: on the next line); ``// miss code "why"`` and
``// noise code "why"`` record known errors, and turn red when they heal. ``x.go.golden`` is x.go after all fixes, the
unsafe ones included; there is one if and only if something is fixed.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from caulk.config.settings import Settings
from caulk.engine.analyze import Analysis
from caulk.engine.workspace import Workspace
from caulk_codefixes.loop import FixResult, fix_file

ROOT = Path(__file__).parent / "fixtures"
_MARK = re.compile(
    r"//.*?\b(?P<kind>want|miss|noise)(?P<offset>[+-]\d+)? (?P<code>[a-z][a-z0-9-]+) \"(?P<text>[^\"]*)\""
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a comment says about a line (1-based)."""

    kind: str
    line: int
    code: str
    text: str


def folders() -> list[Path]:
    """The fixture folders, one a package."""
    return sorted(path for path in ROOT.iterdir() if path.is_dir() and path.name != "stubs")


def files() -> list[Path]:
    return [path for folder in folders() for path in sorted(folder.glob("*.go"))]


def marks(text: str) -> list[Mark]:
    """All marks of a file."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for match in _MARK.finditer(line):
            offset = int(match["offset"] or 0)
            found.append(Mark(match["kind"], number + offset, match["code"], match["text"]))
    return found


POLICIES = frozenset({"goroutine-without-recover"})
"""Rules that report a way of working: nearly every goroutine that a handler starts."""


def settings_for(code: str) -> Settings:
    """Everything is reported; a policy only in what is about it."""
    return Settings(select=("ALL",), ignore=tuple(POLICIES - {code}))


def workspace(path: Path) -> Workspace:
    """The workspace of a file or folder."""
    folder = path if path.is_dir() else path.parent
    return Workspace(settings_for(folder.name.replace("_", "-")))


def analyze(folder: Path) -> dict[str, Analysis]:
    return workspace(folder).analyze(str(folder))


def fixed(path: Path, *, unsafe: bool) -> FixResult:
    return fix_file(workspace(path), str(path), unsafe=unsafe)


def write_fixed_tree(to: Path, *, unsafe: bool) -> dict[Path, FixResult]:
    """A copy of all fixtures with everything fixed."""
    shutil.copytree(ROOT, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.golden"))
    results = {}
    for path in files():
        result = fixed(path, unsafe=unsafe)
        results[path] = result
        if result.changed:
            target = to / path.relative_to(ROOT)
            target.write_bytes(result.after)
            for new in result.new_files:
                (target.parent / new.name).write_bytes(new.text)
    return results
