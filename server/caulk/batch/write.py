"""Write files so that they are the old text or the new one, whole, whenever somebody looks."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator


class ChangedMeanwhile(OSError):
    """Somebody else wrote the file since it was read."""


def write_atomically(path: str, before: bytes, after: bytes) -> None:
    """Replace the content ``before`` of a file, its mode and owner kept; a link is followed.

    Raises ChangedMeanwhile when the content is another one by now, and OSError; then nothing is changed."""
    target = os.path.realpath(path)
    status = os.stat(target)
    if not os.access(target, os.W_OK):  # replacing it would only need leave to write the directory
        raise PermissionError(None, "Permission denied")
    with _written_beside(target, after) as temporary:
        with contextlib.suppress(OSError):  # only root may give files away
            os.chown(temporary, status.st_uid, status.st_gid)
        os.chmod(temporary, status.st_mode & 0o7777)
        with open(target, "rb") as file:
            if file.read() != before:
                raise ChangedMeanwhile(None, "the file was changed meanwhile")
        os.replace(temporary, target)


def create(path: str, data: bytes) -> bool:
    """Write a new file; False, and nothing written, when there is one already. Raises OSError."""
    if os.path.lexists(path):
        return False
    with _written_beside(path, data) as temporary:
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    return True


@contextlib.contextmanager
def _written_beside(path: str, data: bytes) -> Iterator[str]:
    """A temporary file in the same directory, safely on the disk; gone afterwards, unless it was renamed."""
    descriptor, temporary = tempfile.mkstemp(prefix=".caulk-", suffix=".tmp", dir=os.path.dirname(path))
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
