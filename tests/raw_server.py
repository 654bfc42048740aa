"""Our server, spoken to message by message, by no client's rules."""

from __future__ import annotations

import sys

from benchmarks.latency.client import Client


class Raw(Client):
    """A server process."""

    def __init__(self, *options: str) -> None:
        super().__init__([sys.executable, "-m", "caulk.cli.main", "lsp", *options])
