"""What the server knows between messages: open documents, one workspace a configuration, the analyses of their versions."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import attrs

from caulk.batch.discover import Exclusion, discover
from caulk.config.errors import ConfigError
from caulk.config.load import check_codes, find_config, from_table, load
from caulk.config.settings import Settings
from caulk.engine.analyze import Analysis
from caulk.engine.workspace import Workspace
from caulk.lsp.convert import line_edits
from caulk.lsp.documents import Document, uri_of
from caulk.lsp.options import Options
from caulk.lsp.protocol import OutOfDate
from caulk.rules import registry
from caulk.semantics.contracts import ContractError
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, Fix, FixSettings
from caulk_codefixes.loop import FixResult, fix_package, settings_for

log = logging.getLogger(__name__)
T = TypeVar("T")

KNOWN_OPTIONS = frozenset({"select", "ignore", "severity", "defer-style", "module-cache", "goroot"})
GOPLS = "gopls: "
"""How a rule says that gopls reports the same by default."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """What fix-all made of one file."""

    document: Document
    result: FixResult

    @property
    def fixes(self) -> list[Fix]:
        """The whole change as one fix, in small edits."""
        edits = tuple(line_edits(self.result.before, self.result.after))
        return [Fix("fix-all", "", edits, Applicability.SAFE, new_files=self.result.new_files)]


class Session:
    """All analysis happens on one thread of its own, in the order asked for, and nothing else touches the workspaces. Results are
    kept until some text changes: what a file shows may depend on every other."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.options = Options()
        """The client's settings; they lie over the nearest caulk.toml."""
        self.configured = asyncio.Event()
        """Whether the settings are known; analyses wait for them."""
        self.configured.set()
        self.problems: list[str] = []
        """Mistakes in configurations, to be told once."""
        self.analyses = 0
        """How many were made: for the tests and the log."""
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="analysis")
        self._workspaces: dict[str, Workspace] = {}
        self._results: dict[str, tuple[int, Analysis]] = {}
        self._moment = 0
        """Counts what changes: a text, a configuration, the disk."""
        self._saved = 0
        """Counts the last two only."""
        self._stopped = False
        self._looked_at: Document | None = None
        """The document that is analysed now; a newer version of it ends that."""

    # -- configuration

    def configure(self, options: Options) -> None:
        if options != self.options:
            self.options = options
            self.reset()

    def reset(self) -> None:
        """Some configuration or go.mod changed: everything is looked at anew."""
        self.saved()
        self._pool.submit(self._workspaces.clear)

    def changed_on_disk(self) -> None:
        """Some Go file changed outside the editor."""
        self.saved()
        self._pool.submit(self._invalidate)

    def saved(self, path: str = "") -> None:
        """A text, or who knows what, went to the disk."""
        self._moment += 1
        self._saved += 1
        self._pool.submit(self._forget_texts, path)

    def state(self, directory: str | None = None) -> tuple[bool, int]:
        """Changes with whatever files that are not open depend on, as far as it is saved; in a directory where one is open,
        with every text."""
        edited = any(os.path.dirname(document.path) == directory for document in self.documents.values())
        return edited, self._moment if edited else self._saved

    def _forget_texts(self, path: str) -> None:
        for workspace in self._workspaces.values():
            workspace.saved(path)

    def _invalidate(self) -> None:
        for workspace in self._workspaces.values():
            workspace.invalidate("")

    def _settings(self, directory: str) -> Settings:
        options = self.options.of(directory)
        try:
            path = find_config(Path(directory))
            settings = load(path) if path is not None else Settings()
            chosen = {key: value for key, value in options.items() if key in KNOWN_OPTIONS and value}
            if chosen:
                wanted = from_table(chosen)
                names = {key.replace("-", "_") for key in chosen}
                settings = attrs.evolve(settings, **{name: getattr(wanted, name) for name in names})
            check_codes([*settings.select, *settings.ignore, *settings.severity], registry.by_code())
        except ConfigError as error:
            if str(error) not in self.problems:
                self.problems.append(str(error))
            return Settings()
        if options.get("deferToGopls") is True:
            settings = attrs.evolve(settings, ignore=(*settings.ignore, *_of_gopls()))
        return settings

    def _workspace(self, path: str) -> Workspace:
        settings = self._settings(os.path.dirname(path))
        key = repr(settings)
        if key not in self._workspaces:
            try:
                self._workspaces[key] = Workspace(settings, keeps=True)
            except ContractError as error:
                self.problems.append(str(error))
                self._workspaces[key] = Workspace(attrs.evolve(settings, contracts=()), keeps=True)
            self._workspaces[key].checkpoint = self._go_on
        return self._workspaces[key]

    def _go_on(self) -> None:
        """Asked between functions. What was found out by then is kept for the newer version."""
        wanted = self._looked_at
        if self._stopped or (wanted is not None and self.documents.get(wanted.uri) is not wanted):
            raise OutOfDate

    # -- analysis

    async def analysis(self, document: Document) -> Analysis:
        """The analysis of exactly this version; made when nobody has made it yet. Raises OutOfDate when there is a newer one."""
        await self.configured.wait()
        found = self._known(document)
        if found is None:
            found = await self._run(self._analyze, document)
        if self.documents.get(document.uri) is not document:
            raise OutOfDate
        return found

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        """The result of some work on the thread of the analyses."""
        await self.configured.wait()
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    def _known(self, document: Document) -> Analysis | None:
        moment, analysis = self._results.get(document.uri, (-1, None))
        return analysis if moment == self._moment else None

    def _analyze(self, document: Document) -> Analysis:
        if self.documents.get(document.uri) is not document:
            raise OutOfDate  # before its turn came
        known = self._known(document)
        if known is not None:
            return known
        moment = self._moment
        workspace, _ = self._overlaid(document.path)
        self.analyses += 1
        started, loads = time.perf_counter(), workspace.loads
        self._looked_at = document
        try:
            analysis = workspace.analyze_file(document.path)
        finally:
            self._looked_at = None
        log.debug("%s version %s: %.1f ms", document.path, document.version, 1000 * (time.perf_counter() - started))
        self._results[document.uri] = moment, analysis
        if workspace.loads != loads:
            with suppress(RuntimeError):  # the server ends
                self._pool.submit(_settle)
        for error in analysis.errors:
            if error.internal:
                log.error("%s: %s", error.path, error.message)
        return analysis

    def _overlaid(self, path: str) -> tuple[Workspace, Mapping[str, Document]]:
        """The workspace of a path, with all open documents laid over the disk (those of other packages may be imported), and
        these documents by path."""
        workspace = self._workspace(path)
        opened = {document.path: document for document in list(self.documents.values())}
        for document in opened.values():
            workspace.overlay(document.path, document.source.data)
        return workspace, opened

    async def settings(self, document: Document) -> Settings:
        """What the configuration and the client say of this document."""
        return await self._run(lambda: self._workspace(document.path).settings)

    async def fix_settings(self, document: Document) -> FixSettings:
        """How fixes are written in this document."""
        return await self._run(lambda: settings_for(self._workspace(document.path), document.path))

    async def fix_package(self, directory: str, paths: Sequence[str], codes: Collection[str] | None) -> list[Fixed]:
        """All safe fixes (of some rules) in files of one directory, as they are when their turn comes."""
        return await self._run(self._fix_package, directory, paths, codes)

    def _fix_package(self, directory: str, paths: Sequence[str], codes: Collection[str] | None) -> list[Fixed]:
        workspace, opened = self._overlaid(os.path.join(directory, "caulk.go"))
        results = fix_package(workspace, directory, paths, codes=codes)
        return [Fixed(_document(SourceFile(path, result.before), opened), result) for path, result in results.items()]

    # -- files that are not open

    async def packages(self, folders: Sequence[str]) -> dict[str, list[str]]:
        """The Go files below some folders that the configuration does not exclude, by directory."""

        def find() -> dict[str, list[str]]:
            return discover(folders, self._exclusion).packages if folders else {}

        return await self._run(find)

    def _exclusion(self, directory: str) -> Exclusion:
        settings = self._settings(directory)
        return Exclusion(settings.root, settings.exclude)

    async def package_files(self, directory: str) -> list[str]:
        """The Go files of one directory."""
        found = (await self.packages([directory])).get(directory, [])
        return sorted({*found, *(d.path for d in self.documents.values() if os.path.dirname(d.path) == directory)})

    async def package(self, directory: str, paths: Sequence[str]) -> list[tuple[Document, Analysis]]:
        """The analyses of files of one directory, open or not."""
        return await self._run(self._package, directory, paths)

    def _package(self, directory: str, paths: Sequence[str]) -> list[tuple[Document, Analysis]]:
        workspace, opened = self._overlaid(os.path.join(directory, "caulk.go"))
        analyses = workspace.analyze(directory, paths)
        return [(_document(analysis.source, opened), analysis) for analysis in analyses.values()]

    # -- documents

    def put(self, document: Document) -> None:
        """A document was opened or changed."""
        self.documents[document.uri] = document
        self._moment += 1

    def close(self, uri: str) -> None:
        document = self.documents.pop(uri, None)
        self._results.pop(uri, None)
        if document is not None:
            self.saved()  # what was not is lost
            self._pool.submit(self._uncover, document.path)

    def _uncover(self, path: str) -> None:
        for workspace in self._workspaces.values():
            workspace.overlay(path, None)

    def beside(self, document: Document) -> list[Document]:
        """The other open documents of the same directory."""
        directory = os.path.dirname(document.path)
        return [d for d in self.documents.values() if d.uri != document.uri and os.path.dirname(d.path) == directory]

    def stop(self) -> None:
        """Nothing is wanted any more, an analysis that runs included."""
        self._stopped = True
        self._pool.shutdown(wait=False, cancel_futures=True)


def _settle() -> None:
    """What was loaded stays for long: no search for garbage needs to go through it with every few keys."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _document(source: SourceFile, opened: Mapping[str, Document]) -> Document:
    """The open document of a file, else one without a version."""
    return opened.get(source.path) or Document(uri_of(source.path), source.path, None, source)


@cache
def _of_gopls() -> tuple[str, ...]:
    """The codes of what gopls reports as well."""
    return tuple(rule.code for rule in registry.RULES if any(name.startswith(GOPLS) for name in rule.duplicates))
