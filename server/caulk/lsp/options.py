"""What the client wants: what it told us, and over that what it answers when asked about each of its folders."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from caulk.lsp.documents import path_of

if TYPE_CHECKING:
    from caulk.lsp.state import CaulkServer

log = logging.getLogger(__name__)

SECTION = "caulk"
PATIENCE = 5.0
"""Seconds that a client may take to answer; afterwards what it told us counts alone."""

_NAMES = {"deferStyle": "defer-style", "moduleCache": "module-cache"}


@dataclass(frozen=True, slots=True)
class Options:
    """Options by the names of ``caulk.toml``."""

    everywhere: Mapping[str, Any] = field(default_factory=dict)
    folders: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By the path of a folder that the client has open; the innermost one counts."""

    def of(self, directory: str) -> Mapping[str, Any]:
        """Those that count in a directory."""
        around = [folder for folder in self.folders if f"{directory}/".startswith(f"{folder.rstrip('/')}/")]
        return self.folders[max(around, key=len)] if around else self.everywhere


def named(told: Any) -> dict[str, Any]:
    """Options as a client writes them; nothing when it sent something else."""
    return {_NAMES.get(str(key), str(key)): value for key, value in told.items()} if isinstance(told, dict) else {}


async def read(server: CaulkServer) -> None:
    """Ask the client for its settings, where it can be asked. Analyses wait for the answer: what they would show without it is
    wrong, and a client that pulls might never ask again."""
    folders = server.folder_uris()
    server.session.configured.clear()
    try:
        everywhere, *others = await _answers(server, [None, *folders])
        told = server.told_options
        by_path = {path_of(uri): _over(told, answer) for uri, answer in zip(folders, others, strict=True)}
        use(server, Options(_over(told, everywhere), by_path))
    finally:
        server.session.configured.set()


def use(server: CaulkServer, options: Options) -> None:
    """From now on these count."""
    log.debug("settings: %s", options)
    server.session.configure(options)
    debounce = options.everywhere.get("debounce")
    if isinstance(debounce, int | float) and 0 <= debounce <= 10_000:
        server.debounce = debounce / 1000  # milliseconds


def _over(told: Mapping[str, Any], answer: Any) -> dict[str, Any]:
    return {**told, **named(answer)}


async def _answers(server: CaulkServer, scopes: Sequence[str | None]) -> list[Any]:
    """What the client says for each scope; nothing for all of them when it cannot be asked or gives no fitting answer."""
    nothing: list[Any] = [None] * len(scopes)
    if not server.client.answers_configuration:
        return nothing
    items = [types.ConfigurationItem(scope_uri=uri, section=SECTION) for uri in scopes]
    asked = server.workspace_configuration_async(types.ConfigurationParams(items))
    try:
        answers = list(await asyncio.wait_for(asked, PATIENCE))
    except (TimeoutError, TypeError, JsonRpcException) as error:
        log.warning("the client does not tell its settings: %s", error or "no answer")
        return nothing
    return answers if len(answers) == len(scopes) else nothing
