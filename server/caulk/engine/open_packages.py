"""The packages that an editor works on: what was found out about them is kept from edit to edit."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from caulk.engine.analyze import PackageAnalysis
from caulk.flow.edits import Edit

MAX_OPEN = 6
"""How many directories are kept; the one that was asked for longest ago is forgotten first."""
MAX_EDITS = 1000
"""After so many a package is looked at anew: the types of what was typed in between are remembered until then."""

Stamps: TypeAlias = Mapping[str, tuple[int, int] | None]
"""The Go files of a directory: time (in nanoseconds) and size (in bytes) of each on disk, None for an editor's text."""


def stamps(directory: str, overlaid: Collection[str]) -> Stamps:
    """See :data:`Stamps`. A directory that cannot be read has no files but those of the editor."""
    found: dict[str, tuple[int, int] | None] = {
        path: None for path in overlaid if os.path.dirname(path) == directory and path.endswith(".go")
    }
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.name.endswith(".go") and entry.name[0] not in "._" and entry.path not in found:
                    status = entry.stat()
                    found[entry.path] = status.st_mtime_ns, status.st_size
    except OSError:
        pass
    return found


@dataclass(slots=True)
class _Open:
    packages: Sequence[PackageAnalysis]
    stamps: Stamps
    edits: int = 0


def _sees(package: PackageAnalysis, paths: Collection[str], directory: str) -> bool:
    """Whether one of these packages, or the one in the directory, was looked at for it."""
    seen = package.program.package
    imports = seen.path in paths or not seen.imported.isdisjoint(paths)
    return imports or directory in package.program.reads.importers


class OpenPackages:
    """By directory; each holds a package, its external tests, or both."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, _Open] = OrderedDict()

    def get(self, directory: str, stamps: Stamps) -> Sequence[PackageAnalysis] | None:
        """What is known of a directory, None when there are other files in it now."""
        found = self._open.get(directory)
        if found is None or found.stamps != stamps:
            return None
        self._open.move_to_end(directory)
        return found.packages

    def put(self, directory: str, packages: Sequence[PackageAnalysis], stamps: Stamps) -> None:
        """Keep what is found out from now on."""
        for package in packages:
            package.program.reads.is_kept = True
        self._open[directory] = _Open(packages, stamps)
        while len(self._open) > MAX_OPEN:
            self._open.popitem(last=False)

    def knows(self, path: str, data: bytes) -> bool:
        """Whether the text of the file is this one, on disk until now and in the editor from now on."""
        found = self._open.get(os.path.dirname(path))
        if found is None:
            return False
        known = any(
            file.path == path and file.source.data == data
            for package in found.packages
            for file in package.program.files
        )
        if known:
            found.stamps = {**found.stamps, path: None}
        return known

    def edit(self, path: str, data: bytes) -> Edit | None:
        """Let a package have a new text of one of its files; None when it must be looked at anew for that."""
        found = self._open.get(os.path.dirname(path))
        if found is None or found.stamps.get(path, ()) is not None or found.edits >= MAX_EDITS:
            return None
        found.edits += 1
        for package in found.packages:
            edit = package.edit(path, data)
            if edit is not None:
                if not package.program.package.is_external_test:
                    found.packages = [package]  # its external tests are loaded when somebody asks for them
                return edit
        return None

    def close(self, directory: str) -> None:
        self._open.pop(directory, None)

    def close_importers(self, paths: Collection[str], but: str) -> None:
        """Forget the packages of those import paths, which see something else now, and those that the one in the directory
        ``but`` was looked at for. That one itself stays."""
        for directory, known in list(self._open.items()):
            if directory != but and any(_sees(package, paths, but) for package in known.packages):
                del self._open[directory]

    def saved(self, but: str) -> None:
        """A file in the directory ``but`` was saved: forget the other packages that were asked what their module says."""
        for directory, known in list(self._open.items()):
            if directory != but and any(package.program.reads.of_module for package in known.packages):
                del self._open[directory]

    def clear(self) -> None:
        self._open.clear()
