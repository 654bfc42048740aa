"""Fix the files of a package until nothing is left to fix: analyse, offer, apply, analyse again.

A round analyses the package once for all its files. Every edit is checked: its finding must be gone, no new one of the same or a
higher tier may have come anywhere in the package, and no text may parse worse than before."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from caulk.config.settings import TIERS, Settings
from caulk.engine.analyze import Analysis, AnalysisError
from caulk.engine.workspace import Workspace
from caulk.findings.finding import Finding, Tier
from caulk.semantics.gomod import Module
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, Fix, FixSettings, NewFile
from caulk_codefixes.merge import apply
from caulk_codefixes.registry import NOT_IN_BATCH, repairs

MAX_ROUNDS = 10

Choice: TypeAlias = tuple[Finding, Fix]
Analyses: TypeAlias = Mapping[str, Analysis]
"""By path: all files of the package that are reported."""


@dataclass(slots=True)
class FixResult:
    """What became of one file. ``before`` and ``after`` are its whole text."""

    path: str
    before: bytes
    after: bytes
    applied: list[tuple[str, Fix]] = field(default_factory=list)
    """(code of the finding, fix), in the order of application."""
    dropped: list[tuple[str, Fix, str]] = field(default_factory=list)
    """Fixes taken back, and why."""
    remaining: tuple[Finding, ...] = ()
    unsafe_left: int = 0
    """How many of the remaining findings have a fix that was not applied because it may change behaviour."""
    new_files: tuple[NewFile, ...] = ()
    error: str = ""
    """An internal error: the fixes did not come to rest. The text is the last good one."""
    analysis_errors: tuple[AnalysisError, ...] = ()
    """What kept the file, or a part of it, from being looked at."""

    @property
    def changed(self) -> bool:
        return self.after != self.before


def settings_for(workspace: Workspace, path: str) -> FixSettings:
    """What the module and the configuration of a file or directory say about how fixes are written."""
    return fix_settings(workspace.settings, workspace.module_of(path))


def fix_settings(settings: Settings, module: Module | None) -> FixSettings:
    """How fixes are written under these settings in that module."""
    chosen = FixSettings(settings.defer_style, settings.defer_import)
    return replace(chosen, go_version=module.go) if module is not None and module.go is not None else chosen


def applicability(finding: Finding, fix: Fix, settings: Settings) -> Applicability:
    """How safe the fix counts under the user's settings."""
    if fix.applicability is Applicability.UNSAFE and finding.code in settings.extend_safe_fixes:
        return Applicability.SAFE
    if fix.applicability is Applicability.SAFE and finding.code in settings.extend_unsafe_fixes:
        return Applicability.UNSAFE
    return fix.applicability


def is_test(path: str) -> bool:
    """Whether a file is one of tests."""
    return path.endswith("_test.go")


def applicability_in_bulk(finding: Finding, fix: Fix, settings: Settings) -> Applicability:
    """How safe the fix counts where nobody looks at each place: safe are safe fixes of core rules, and what the user says is.
    Tests are left alone: many hold values on purpose, and a release that comes with their fakes may not even work."""
    if fix.id in NOT_IN_BATCH:
        return Applicability.DISPLAY
    doubtful = finding.tier is not Tier.CORE or is_test(finding.path)
    if doubtful and finding.code not in settings.extend_safe_fixes:
        return min(Applicability.UNSAFE, fix.applicability)
    return applicability(finding, fix, settings)


def fix_file(
    workspace: Workspace, path: str, *, unsafe: bool = False, codes: Collection[str] | None = None
) -> FixResult:
    """Fix one file as it is in the workspace; the caller writes ``after``. ``unsafe``: fixes that may change behaviour too.

    Raises OSError when the file cannot be read."""
    workspace.source(path)
    return fix_package(workspace, os.path.dirname(path), [path], unsafe=unsafe, codes=codes)[path]


def fix_package(
    workspace: Workspace,
    directory: str,
    paths: Sequence[str],
    *,
    unsafe: bool = False,
    codes: Collection[str] | None = None,
) -> dict[str, FixResult]:
    """Fix the files ``paths`` of one directory together; the caller writes what changed. The overlays of the workspace are
    afterwards what they were."""
    overlays = {path: workspace.overlaid(path) for path in paths}
    run = _Run(workspace, directory, tuple(paths), unsafe, codes)
    try:
        return run.to_rest()
    finally:
        for path in run.texts:
            workspace.overlay(path, overlays[path])


@dataclass(slots=True)
class _Run:
    workspace: Workspace
    directory: str
    paths: tuple[str, ...]
    unsafe: bool
    codes: Collection[str] | None
    settings: FixSettings = field(init=False)
    results: dict[str, FixResult] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    """The files as the workspace sees them now, those that were not touched left out."""
    refused: set[tuple[str, str, str, bytes]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.settings = settings_for(self.workspace, self.directory)

    def to_rest(self) -> dict[str, FixResult]:
        now: Analyses = self.workspace.analyze(self.directory, self.paths)
        for path, analysis in now.items():
            self.results[path] = FixResult(path, analysis.source.data, analysis.source.data)
        seen = {self._texts(now)}
        for _ in range(MAX_ROUNDS):
            chosen = self._choices(now)
            if not chosen:
                break
            now = self._round(now, chosen)
            texts = self._texts(now)
            if texts in seen:
                self._blame(self._choices(now), "undo each other")
                break
            seen.add(texts)
        else:
            self._blame(self._choices(now), f"are not at rest after {MAX_ROUNDS} rounds")
        for path, analysis in now.items():
            result = self.results[path]
            result.remaining = analysis.findings
            result.unsafe_left = sum(1 for _ in self._choose(analysis, unsafe=True)) if not self.unsafe else 0
            result.analysis_errors = analysis.errors
        return self.results

    @staticmethod
    def _texts(analyses: Analyses) -> tuple[bytes, ...]:
        return tuple(analysis.source.data for analysis in analyses.values())

    def _blame(self, chosen: Mapping[str, list[Choice]], what: str) -> None:
        for path, choices in chosen.items():
            names = ", ".join(sorted({fix.id for _, fix in choices}))
            self.results[path].error = f"the fixes {names} {what}"

    # -- choosing

    def _choices(self, analyses: Analyses) -> dict[str, list[Choice]]:
        """What is to be done in each file; files with nothing to do are left out."""
        declared: set[str] = set()
        found: dict[str, list[Choice]] = {}
        for path, analysis in analyses.items():
            for finding, fix in self._choose(analysis, unsafe=self.unsafe):
                if declared.isdisjoint(fix.declares):
                    declared |= fix.declares
                    found.setdefault(path, []).append((finding, fix))
        return found

    def _choose(self, analysis: Analysis, *, unsafe: bool) -> Iterator[Choice]:
        """One fix a finding: the best one that is allowed."""
        allowed = Applicability.UNSAFE if unsafe else Applicability.SAFE
        for finding in analysis.findings:
            if self.codes is not None and finding.code not in self.codes:
                continue
            for fix in repairs(finding, analysis.source, self.settings):
                if applicability_in_bulk(finding, fix, self.workspace.settings) < allowed:
                    continue
                if _key(finding, fix, analysis.source) not in self.refused:
                    yield finding, fix
                    break

    # -- applying

    def _round(self, now: Analyses, chosen: Mapping[str, list[Choice]]) -> Analyses:
        """Apply what goes together. Files whose result is not clean, or all when another file suffers, go fix by fix."""
        after, done = self._try(now, chosen)
        troubled = self._troubles(now, after, done)
        if not troubled:
            self._record(after, done)
            return after
        suspects = set(troubled) if set(troubled) <= set(chosen) else set(chosen)
        good = {path: choices for path, choices in chosen.items() if path not in suspects}
        kept: Analyses = now
        if good:
            after, done = self._try(now, good)
            if self._troubles(now, after, done):
                suspects = set(chosen)
            else:
                self._record(after, done)
                kept = after
        for path in sorted(suspects):
            kept = self._one_by_one(kept, path, chosen[path])
        return kept

    def _one_by_one(self, now: Analyses, path: str, choices: list[Choice]) -> Analyses:
        good: list[Choice] = []
        best = now
        for choice in choices:
            after, done = self._try(now, {path: [*good, choice]})
            if len(done[path]) <= len(good):
                continue  # overlaps: its turn comes in the next round
            troubled = self._troubles(now, after, done)
            if troubled:
                finding, fix = choice
                self.refused.add(_key(finding, fix, now[path].source))
                self.results[path].dropped.append((finding.code, fix, next(iter(troubled.values()))))
            else:
                good.append(choice)
                best = after
        for other, analysis in best.items():
            self._put(other, analysis.source.data)
        if good:
            self._record(best, {path: good})
        return best

    def _try(self, now: Analyses, chosen: Mapping[str, Iterable[Choice]]) -> tuple[Analyses, dict[str, list[Choice]]]:
        """The package with the chosen fixes, and those of them that did not overlap."""
        done: dict[str, list[Choice]] = {}
        for path, analysis in now.items():
            choices = list(chosen.get(path, ()))
            merged = apply(analysis.source, [fix for _, fix in choices])
            done[path] = [(finding, fix) for finding, fix in choices if fix in merged.applied]
            self._put(path, merged.text)
        return self.workspace.analyze(self.directory, self.paths), done

    def _put(self, path: str, text: bytes) -> None:
        """Lay a text over a file, unless it is there already: every change makes the workspace forget."""
        if self.texts.get(path, self.results[path].before) != text:
            self.texts[path] = text
            self.workspace.overlay(path, text)

    @staticmethod
    def _troubles(before: Analyses, after: Analyses, done: Mapping[str, list[Choice]]) -> dict[str, str]:
        """Why the result is not acceptable, by file; empty when it is."""
        found = {
            path: _problem(analysis, after[path], [finding for finding, _ in done.get(path, ())])
            for path, analysis in before.items()
        }
        return {path: problem for path, problem in found.items() if problem}

    def _record(self, after: Analyses, done: Mapping[str, list[Choice]]) -> None:
        for path, choices in done.items():
            result = self.results[path]
            result.after = after[path].source.data
            result.applied += [(finding.code, fix) for finding, fix in choices]
            known = {
                file.name: file for file in (*result.new_files, *(new for _, fix in choices for new in fix.new_files))
            }
            result.new_files = tuple(known.values())


def _problem(before: Analysis, after: Analysis, fixed: list[Finding]) -> str:
    """Why the result of fixes in one file is not acceptable; empty when it is. A leak may give way to a finding of a weaker
    tier: what is closed at last may still be closed without a look at the error."""
    if len(after.errors) > len(before.errors):
        return "the file parses worse"
    old = Counter(finding.code for finding in before.findings)
    new = Counter(finding.code for finding in after.findings)
    gone = Counter(finding.code for finding in fixed)
    for code, count in gone.items():
        if new[code] > old[code] - count:
            return f"{code} is still reported"
    mended = max((TIERS.index(finding.tier.value) for finding in fixed), default=len(TIERS))
    counted = {finding.code for finding in after.findings if TIERS.index(finding.tier.value) <= mended}
    added = sorted(code for code in counted if new[code] > old[code])
    return f"{added[0]} is reported instead" if added else ""


def _key(finding: Finding, fix: Fix, source: SourceFile) -> tuple[str, str, str, bytes]:
    """A fix of a finding by what it looks like, wherever it has moved to."""
    start = source.line_start(finding.span.start)
    return source.path, finding.code, fix.id, source.data[start : source.line_end(finding.span.end)]
