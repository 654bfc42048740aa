"""The signature database that comes with caulk: one stub source a package, read by the same parser as all sources.

``python -m caulk.dev signatures`` writes it; see ``docs/types.md``."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from importlib import resources
from io import BytesIO

GO_VERSION = (1, 27)
"""The Go whose public packages the database describes. Go keeps what it has: it holds for older ones too."""


@lru_cache(maxsize=1)
def _archive() -> zipfile.ZipFile | None:
    entry = resources.files("caulk.semantics").joinpath("stubs", "stubs.zip")
    try:
        return zipfile.ZipFile(BytesIO(entry.read_bytes()))
    except (OSError, zipfile.BadZipFile):
        return None  # a damaged installation: everything is unknown, nothing is wrong


def signatures(path: str) -> bytes | None:
    """The stub source of the package with that import path; None when none is shipped."""
    archive = _archive()
    if archive is None:
        return None
    try:
        return archive.read(f"{path}.go")
    except KeyError:
        return None
