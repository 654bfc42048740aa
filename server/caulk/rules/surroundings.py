"""What kind of code a package is, and what the rest of its module says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from caulk.flow.program import Program

MAX_FILES = 3000
"""How many files of a module are searched for a word; in a larger one it counts as found."""
_HELPS_TESTS = re.compile(
    r"(?i)test(?:s|ing|util|utils|helper|helpers|data|suite|db|kit)?$|^mocks?$|^examples?$|^docs$"
)


def is_for_tests(program: Program) -> bool:
    """Whether the directories above the package say that it helps tests or is an example: what it opens lives as long."""
    return any(_HELPS_TESTS.search(part) for part in program.package.path.split("/")[1:])


def module_mentions(program: Program, words: re.Pattern[bytes]) -> bool:
    """Whether the package, or another one of its module, has one of the words: handles are often opened in one package and
    looked after in another."""
    if program.says(words):
        return True
    module = program.package.module
    if module is None or not module.path:
        return False
    known = program.world.cache
    key = "mentions", module.directory, words.pattern
    if key not in known:
        known[key] = any(text is None or words.search(text) for text in _texts(program, module.directory))
    return bool(known[key])


def _texts(program: Program, directory: str) -> Iterator[bytes | None]:
    """The Go files of a module, tests, examples and what it vendors left out. One that is too large ends with None."""
    count = 0
    todo = [directory]
    while todo:
        current = todo.pop()
        names = program.world.names(current)
        if "go.mod" in names and current != directory:
            continue  # a module of its own
        for name in names:
            path = os.path.join(current, name)
            if "." not in name and name not in ("vendor", "testdata", "node_modules", "examples", "example"):
                todo.append(path)
            elif name.endswith(".go") and not name.endswith("_test.go"):
                count += 1
                if count > MAX_FILES:
                    yield None
                    return
                yield _text(program, path)


def _text(program: Program, path: str) -> bytes:
    try:
        return program.world.read(path)
    except OSError:
        return b""
