"""Names that a fix may write: free ones for new variables, those of packages, and whether a call means the same elsewhere."""

from __future__ import annotations

import re

from caulk.flow.program import FunctionUnit
from caulk.flow.scope import meaning
from caulk.ir import nodes as ir
from caulk.semantics.model import Named, Pointer, Type

NO_CODE = re.compile(rb"""'(?:[^'\\\n]|\\.)+'|"(?:[^"\\\n]|\\.)*"|`[^`]*`|/\*.*?\*/|//[^\n]*""", re.S)
"""Characters, strings and comments: what stands in them is no name."""
_ROOT = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


def free_name(unit: FunctionUnit, wanted: str, number: int = 0) -> str:
    """``wanted``, or that with a number, as does not occur in the function: the free name number ``number``, so that fixes
    that are made together do not choose the same one."""
    used = set(_ROOT.findall(NO_CODE.sub(b" ", unit.text).decode("utf-8", "replace")))
    used |= set(unit.file.package_file.imports)
    candidates = (wanted, *(f"{wanted}{count}" for count in range(2, 1000)))
    free = (name for name in candidates if name not in used)
    return next(name for position, name in enumerate(free) if position == number)


def package_name(unit: FunctionUnit, path: str) -> tuple[str, str] | None:
    """By which name the function can reach the standard package ``path``, and the import that makes it so (``path`` or
    ``name path``). None when its names are taken."""
    imports = unit.file.package_file.imports
    locals_ = {symbol.name for symbol in unit.function.symbols}
    known = next((name for name, imported in imports.items() if imported == path), None)
    base = path.rpartition("/")[2]
    if known is not None:
        return (known, path if known == base else f"{known} {path}") if known not in locals_ else None
    package = unit.program.package
    for name in (base, f"std{base}"):
        taken = name in locals_ or name in imports
        if not taken and not any(name in table for table in (package.functions, package.types, package.values)):
            return name, path if name == base else f"{name} {path}"
    return None


def means_the_same(unit: FunctionUnit, call: str, at: ir.Node, own: ir.Symbol, there: ir.Node) -> bool:
    """Whether the names in ``call`` mean in front of ``there`` what they mean in front of ``at``; ``own`` is the variable that
    is declared at ``at``."""
    for name in set(_ROOT.findall(call)):
        wanted = own if name == own.name else meaning(unit, at, name)
        if meaning(unit, there, name) is not wanted:
            return False
    return True


def type_text(unit: FunctionUnit, type_: Type | None) -> str:
    """How the function writes a type: ``*sql.Rows``. Empty where it has no plain name here."""
    match type_:
        case Pointer():
            inner = type_text(unit, type_.elem)
            return f"*{inner}" if inner else ""
        case Named(local=None, args=()):
            locals_ = {symbol.name for symbol in unit.function.symbols}
            if type_.path == unit.program.package.path:
                return type_.name if type_.name not in locals_ else ""
            imports = unit.file.package_file.imports
            known = next((name for name, path in imports.items() if path == type_.path), "")
            return f"{known}.{type_.name}" if known and known not in locals_ else ""
        case _:
            return ""


def http_name(unit: FunctionUnit) -> str:
    """What net/http is called, or can be called, in a function; empty when another thing has its name there."""
    written = next((i.name for i in unit.file.decls.imports if i.path == "net/http"), "")
    name = written if written not in ("_", ".") else ""
    taken = {symbol.name for symbol in unit.function.symbols}
    path = unit.file.package_file.path_of(name or "http")
    return "" if (name or "http") in taken or path not in (None, "net/http") else name or "http"
