"""Who imports a package within its module: found by the texts of the files, so that only those are read as packages that may
name what is asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from caulk.flow.requests import PACKAGES

if TYPE_CHECKING:
    from caulk.flow.program import Program
    from caulk.semantics.gomod import Module
    from caulk.semantics.world import World

MAX_FILES = 3000
"""How many files of a module are read; of a larger one nothing is known."""
MAX_IMPORTERS = 16
"""How many packages that may name something are looked at."""

_IMPORTS = re.compile(rb'^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?"([^"\n]+)"', re.M)
_BODY = re.compile(rb"^(?:func|type|var|const)\b", re.M)
_REGISTERS = re.compile(
    rb"\.(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|Any|Get|Post|Put|Patch|Delete|Head|Options|All|Add|Match|Method|MethodFunc"
    rb"|Handle|HandleFunc|HandlerFunc|Handler|Use|With|Group|Route)\([^\n]*"
)
"""What stands on the line of a call that registers handlers."""
_VALUE = re.compile(rb"\.([A-Z]\w*)\s*(?=[,)])")
"""A method that is not called."""


@dataclass(slots=True)
class ModuleIndex:
    """What the texts of a module say of its packages."""

    importers: dict[bytes, set[str]] = field(default_factory=dict)
    """Import path to the directories of those who import it."""
    registered: set[bytes] = field(default_factory=set)
    """The names of exported methods that stand where handlers are registered."""
    serves: bool = False
    """Whether any of its packages may have request code."""


def module_texts(world: World, directory: str) -> Iterator[tuple[str, bytes] | None]:
    """The Go files of a module with their directories; tests, examples and what it vendors left out. One that is too large
    ends with None."""
    count = 0
    todo = [directory]
    while todo:
        current = todo.pop()
        names = world.names(current)
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
                yield current, _text(world, path)


def _text(world: World, path: str) -> bytes:
    try:
        return world.read(path)
    except OSError:
        return b""


def index_of(program: Program) -> ModuleIndex | None:
    """The index of the module, made when it is first asked for; None without a module."""
    module = program.package.module
    if module is None or not module.path or program.is_foreign:
        return None
    program.reads.of_module = True
    key = "importers", module.directory
    cache = program.world.cache
    if key not in cache:
        cache[key] = _index(program.world, module)
    found = cache[key]
    return found if isinstance(found, ModuleIndex) else None


def _index(world: World, module: Module) -> ModuleIndex:
    index = ModuleIndex()
    frameworks = tuple(path.encode() for path in PACKAGES)
    own = module.path.encode()
    for found in module_texts(world, module.directory):
        if found is None:
            return ModuleIndex()
        directory, text = found
        body = _BODY.search(text)
        for match in _IMPORTS.finditer(text, 0, body.start() if body is not None else len(text)):
            path = match[1]
            if path.startswith(own):
                index.importers.setdefault(path, set()).add(directory)
            elif path.startswith(frameworks):
                index.serves = True
                index.registered.update(_VALUE.findall(b"\n".join(_REGISTERS.findall(text))))
    return index


def importers_naming(program: Program, name: str) -> Iterator[Program]:
    """The packages of the module that import this one and have the name in their text. Nothing in a module without request
    code, or when there are too many of them."""
    index = index_of(program)
    if index is None or not index.serves:
        return
    path = program.package.path.encode()
    naming = [d for d in sorted(index.importers.get(path, ())) if _names(program.world, d, name.encode())]
    if len(naming) > MAX_IMPORTERS:
        return
    program.reads.importers.update(naming)
    for directory in naming:
        package = program.world.import_package(program.world.import_path(directory), program.package)
        importer = program.sibling(package) if package is not None else None
        if importer is not None and importer is not program:
            yield importer


def _names(world: World, directory: str, name: bytes) -> bool:
    word = b"." + name
    return any(
        word in _text(world, os.path.join(directory, file))
        for file in world.names(directory)
        if file.endswith(".go") and not file.endswith("_test.go")
    )
