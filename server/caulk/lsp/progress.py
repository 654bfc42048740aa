"""Work that takes a while: shown to the user, who can end it."""

from __future__ import annotations

import logging
import uuid
from typing import Self

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from caulk.lsp.state import CaulkServer

log = logging.getLogger(__name__)


class Work:
    """An asynchronous context in which :meth:`step` tells how far the work is; for clients without progress it is silent."""

    def __init__(self, server: CaulkServer, title: str, total: int, token: types.ProgressToken | None = None) -> None:
        """``token``: where the client wants to see it; without one it is asked for a place."""
        self._progress = server.work_done_progress
        self._shown = server.client.shows_progress or token is not None
        self._is_asked_for = token is None
        self._token = token if token is not None else str(uuid.uuid4())
        self._title = title
        self._total = max(total, 1)
        self._done = 0

    async def __aenter__(self) -> Self:
        if self._shown and self._is_asked_for:
            try:
                await self._progress.create_async(self._token)
            except JsonRpcException as error:
                log.info("the client shows no progress: %s", error)
                self._shown = False
        if self._shown:
            self._progress.begin(self._token, types.WorkDoneProgressBegin(self._title, cancellable=True, percentage=0))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._shown:
            self._progress.end(self._token, types.WorkDoneProgressEnd())
            self._progress.tokens.pop(self._token, None)

    @property
    def is_cancelled(self) -> bool:
        """Whether the user has ended the work."""
        token = self._progress.tokens.get(self._token)
        return token is not None and token.cancelled()

    def step(self, message: str) -> None:
        """One more part is done."""
        self._done += 1
        if self._shown:
            percentage = 100 * self._done // self._total
            report = types.WorkDoneProgressReport(message=message, percentage=min(percentage, 100), cancellable=True)
            self._progress.report(self._token, report)
