"""Messages from standard input, each read in one step."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from concurrent.futures import Executor
from typing import BinaryIO

_LENGTH = re.compile(rb"^Content-Length: (\d+)\r\n$")


class MessageReader:
    """What pygls reads lines and bodies from. A thread waits for the input, and every change of threads takes a part of a
    millisecond: so the thread reads on until it has a whole message."""

    def __init__(self, stdin: BinaryIO, executor: Executor) -> None:
        self._stdin = stdin
        self._executor = executor
        self._parts: deque[bytes] = deque()

    async def readline(self) -> bytes:
        """The next line of a header; empty at the end of the input."""
        if not self._parts:
            self._parts.extend(await asyncio.get_running_loop().run_in_executor(self._executor, self._message))
        return self._parts.popleft()

    async def readexactly(self, count: int) -> bytes:
        """The body, of as many bytes as the header says."""
        return self._parts.popleft() if self._parts else b""

    def _message(self) -> list[bytes]:
        """The lines of a header, and the body behind it."""
        parts: list[bytes] = []
        length = 0
        while True:
            line = self._stdin.readline()
            parts.append(line)
            if not line:
                return parts
            found = _LENGTH.match(line)
            if found is not None and not length:
                length = int(found[1])
            if not line.strip():
                return [*parts, self._stdin.read(length)] if length else parts
