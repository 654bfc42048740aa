"""What kind of code a package is, and what the rest of its module says."""

from __future__ import annotations

import re

from caulk.flow.importers import module_texts
from caulk.flow.program import Program

_HELPS_TESTS = re.compile(
    r"(?i)test(?:s|ing|util|utils|helper|helpers|data|suite|db|kit)?$|^mocks?$|^e2e$|^examples?$|^docs$"
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
    program.reads.of_module = True
    known = program.world.cache
    key = "mentions", module.directory, words.pattern
    if key not in known:
        known[key] = any(
            found is None or words.search(found[1]) for found in module_texts(program.world, module.directory)
        )
    return bool(known[key])
