"""What is kept while bodies are edited: after any edits the findings are those that a fresh look gives."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from caulk.config.settings import Settings
from caulk.engine.analyze import Analysis
from caulk.engine.workspace import Workspace
from caulk.syntax.split import split

FIXTURES = Path(__file__).parent / "fixtures"
EDITS = 3
"""How many edits a package of the fixtures gets."""
ALL = Settings(select=("ALL",))


def packages() -> list[Path]:
    return sorted({path.parent for path in FIXTURES.rglob("*.go")})


def edited(text: bytes, chance: random.Random) -> bytes:
    """The text with something else in one of its bodies: a line less, twice, or elsewhere, an empty one, a word more."""
    functions = split(text).functions
    if not functions:
        return text
    chunk = chance.choice(functions)
    lines = text[chunk.start : chunk.end].split(b"\n")
    if len(lines) < 3:
        return text
    number = chance.randrange(1, len(lines) - 1)
    match chance.randrange(6):
        case 0:
            del lines[number]
        case 1:
            lines.insert(number, lines[number])
        case 2:
            lines.insert(number, b"")
        case 3:
            lines.insert(number, lines.pop(chance.randrange(1, len(lines) - 1)))
        case 4:
            words = chance.choice(functions)
            lines.insert(number, chance.choice(text[words.start : words.end].split(b"\n")[1:-1] or [b""]))
        case _:
            lines[number] += chance.choice((b"x", b" {", b"\tfor {}", b"go f()", b"// why", b"\n\treturn", b'"'))
    return text[: chunk.start] + b"\n".join(lines) + text[chunk.end :]


def fresh(directory: Path, texts: dict[str, bytes]) -> dict[str, Analysis]:
    workspace = Workspace(ALL)
    for path, text in texts.items():
        workspace.overlay(path, text)
    return workspace.analyze(str(directory), sorted(texts))


def shown(analyses: dict[str, Analysis]) -> dict[str, tuple[object, ...]]:
    return {path: (analysis.findings, analysis.errors) for path, analysis in analyses.items()}


@pytest.mark.parametrize("directory", packages(), ids=lambda path: str(path.relative_to(FIXTURES)))
def test_findings_after_edits_are_those_of_a_fresh_look(directory: Path) -> None:
    chance = random.Random(str(directory.relative_to(FIXTURES)))
    texts = {str(path): path.read_bytes() for path in sorted(directory.glob("*.go"))}
    workspace = Workspace(ALL, keeps=True)
    for path, text in texts.items():
        workspace.overlay(path, text)
    workspace.analyze(str(directory), sorted(texts))
    for _ in range(EDITS):
        path = chance.choice(sorted(texts))
        texts[path] = edited(texts[path], chance)
        workspace.overlay(path, texts[path])
        found = workspace.analyze(str(directory), sorted(texts))
        if not any(
            analysis.errors for analysis in found.values()
        ):  # else a fresh look may see less of the other functions
            assert shown(found) == shown(fresh(directory, texts))
