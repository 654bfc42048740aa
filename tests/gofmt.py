"""What gofmt makes of a text: that of the wheel, so that it is the same everywhere."""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def command() -> str:
    go = Path(sys.executable).parent / "go"
    root = subprocess.run([go, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    return str(Path(root) / "bin" / "gofmt")


def gofmt(text: bytes) -> bytes:
    return subprocess.run([command()], input=text, capture_output=True, check=True).stdout
