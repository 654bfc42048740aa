"""Names that are free in a function, for what a fix introduces."""

from __future__ import annotations

import re

from caulk.flow.program import FunctionUnit
from caulk.rules.fix_names import NO_CODE

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


def free_name(unit: FunctionUnit, wanted: str, *, package_level: bool = False) -> str:
    """``wanted``, or that with a number, such that it occurs neither in the function nor among its imports (nor, for a
    package-level name, in the package)."""
    used = set(_IDENTIFIER.findall(NO_CODE.sub(b" ", unit.text).decode("utf-8", "replace")))
    used |= set(unit.file.package_file.imports)
    package = unit.program.package
    used |= {*package.functions, *package.values, *package.types}
    if package_level:
        unit.program.reads.all()
        for file in unit.program.files:
            used |= set(_IDENTIFIER.findall(file.source.data.decode("utf-8", "replace")))
    return next(name for name in (wanted, *(f"{wanted}{n}" for n in range(2, 1000))) if name not in used)
