"""What kind of code a package is."""

from __future__ import annotations

import re

from caulk.flow.program import Program

_HELPS_TESTS = re.compile(r"(?i)test(?:s|ing|util|utils|helper|helpers|data|suite|db|kit)?$|^mocks?$|^examples?$")


def is_for_tests(program: Program) -> bool:
    """Whether the directories above the package say that it helps tests or is an example: what it opens lives as long."""
    return any(_HELPS_TESTS.search(part) for part in program.package.path.split("/")[1:])
