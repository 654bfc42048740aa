"""Write files so that they are the old text or the new one, whole, whenever somebody looks."""

from __future__ import annotations

import contextlib
import os
import tempfile


def write_atomically(path: str, data: bytes) -> None:
    """Replace the content of a file, its mode and owner kept; a link is followed. Raises OSError; then nothing is changed."""
    target = os.path.realpath(path)
    status = os.stat(target)
    descriptor, temporary = tempfile.mkstemp(prefix=".caulk-", suffix=".tmp", dir=os.path.dirname(target))
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, status.st_mode & 0o7777)
        with contextlib.suppress(OSError):  # only root may give files away
            os.chown(temporary, status.st_uid, status.st_gid)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def create(path: str, data: bytes) -> bool:
    """Write a new file; False, and nothing written, when there is one already. Raises OSError."""
    try:
        with open(path, "xb") as file:
            file.write(data)
    except FileExistsError:
        return False
    return True
