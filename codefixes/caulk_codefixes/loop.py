"""Fix a file until nothing is left to fix: analyse, offer, apply, analyse again.

Every edit is checked: its finding must be gone, no new one may have come, and the text must parse no worse than before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from caulk.config.settings import Settings
from caulk.engine.analyze import Analysis
from caulk.engine.workspace import Workspace
from caulk.findings.finding import Finding, Tier
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, Fix, FixSettings, NewFile
from caulk_codefixes.merge import apply
from caulk_codefixes.registry import NOT_IN_BATCH, repairs

MAX_ROUNDS = 10


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
    new_files: tuple[NewFile, ...] = ()
    error: str = ""
    """An internal error: the fixes did not come to rest. The text is the last good one."""

    @property
    def changed(self) -> bool:
        return self.after != self.before


def settings_for(workspace: Workspace, path: str) -> FixSettings:
    """What the file's module and configuration say about how fixes are written."""
    module = workspace.module_of(path)
    style = workspace.settings.defer_style
    return FixSettings(style, module.go) if module is not None else FixSettings(style)


def applicability(finding: Finding, fix: Fix, settings: Settings) -> Applicability:
    """How safe the fix counts under the user's settings."""
    if fix.applicability is Applicability.UNSAFE and finding.code in settings.extend_safe_fixes:
        return Applicability.SAFE
    if fix.applicability is Applicability.SAFE and finding.code in settings.extend_unsafe_fixes:
        return Applicability.UNSAFE
    return fix.applicability


def applicability_in_bulk(finding: Finding, fix: Fix, settings: Settings) -> Applicability:
    """How safe the fix counts where nobody looks at each place: safe are safe fixes of core rules, and what the user says is."""
    if fix.id in NOT_IN_BATCH:
        return Applicability.DISPLAY
    if finding.tier is not Tier.CORE and finding.code not in settings.extend_safe_fixes:
        return min(Applicability.UNSAFE, fix.applicability)
    return applicability(finding, fix, settings)


def fix_file(
    workspace: Workspace, path: str, *, unsafe: bool = False, codes: Collection[str] | None = None
) -> FixResult:
    """Fix one file in the workspace's overlay; the caller writes ``after``. ``unsafe``: fixes that may change behaviour too.

    Raises OSError when the file cannot be read."""
    before = workspace.source(path).data
    result = FixResult(path, before, before)
    run = _Run(workspace, path, settings_for(workspace, path), unsafe, codes)
    try:
        run.to_rest(result)
    finally:
        workspace.overlay(path, None)
    return result


@dataclass(slots=True)
class _Run:
    workspace: Workspace
    path: str
    settings: FixSettings
    unsafe: bool
    codes: Collection[str] | None
    refused: set[tuple[str, str, bytes]] = field(default_factory=set)

    def to_rest(self, result: FixResult) -> None:
        seen = {result.before}
        analysis = self._analyze(result.after)
        for _ in range(MAX_ROUNDS):
            chosen = list(self._choose(analysis))
            if not chosen:
                break
            analysis = self._apply(result, analysis, chosen)
            if result.after in seen and chosen:
                if not any(True for _ in self._choose(analysis)):
                    break
                names = ", ".join(sorted({fix.id for _, fix in chosen}))
                result.error = f"the fixes {names} undo each other"
                break
            seen.add(result.after)
        else:
            if next(iter(self._choose(analysis)), None) is not None:
                result.error = f"still not at rest after {MAX_ROUNDS} rounds"
        result.remaining = analysis.findings

    def _analyze(self, text: bytes) -> Analysis:
        self.workspace.overlay(self.path, text)
        return self.workspace.analyze_file(self.path)

    def _choose(self, analysis: Analysis) -> Iterable[tuple[Finding, Fix]]:
        """One fix a finding: the best one that is allowed."""
        for finding in analysis.findings:
            if self.codes is not None and finding.code not in self.codes:
                continue
            for fix in repairs(finding, analysis.source, self.settings):
                allowed = Applicability.UNSAFE if self.unsafe else Applicability.SAFE
                if applicability_in_bulk(finding, fix, self.workspace.settings) < allowed:
                    continue
                if _key(finding, fix, analysis.source) not in self.refused:
                    yield finding, fix
                    break

    def _apply(self, result: FixResult, analysis: Analysis, chosen: list[tuple[Finding, Fix]]) -> Analysis:
        """Apply what goes together; when the result is not clean, one by one, leaving out what spoils it."""
        after, done = self._try(analysis, chosen)
        problem = self._problem(analysis, after, [finding for finding, _ in done])
        if problem and len(done) > 1:
            return self._one_by_one(result, analysis, chosen)
        if problem:
            for finding, fix in done:
                self.refused.add(_key(finding, fix, analysis.source))
                result.dropped.append((finding.code, fix, problem))
            self.workspace.overlay(self.path, analysis.source.data)
            return analysis
        self._record(result, after, done)
        return after

    def _one_by_one(self, result: FixResult, analysis: Analysis, chosen: list[tuple[Finding, Fix]]) -> Analysis:
        good: list[tuple[Finding, Fix]] = []
        for finding, fix in chosen:
            after, done = self._try(analysis, [*good, (finding, fix)])
            if len(done) <= len(good):
                continue  # overlaps: its turn comes in the next round
            problem = self._problem(analysis, after, [known for known, _ in done])
            if problem:
                self.refused.add(_key(finding, fix, analysis.source))
                result.dropped.append((finding.code, fix, problem))
            else:
                good.append((finding, fix))
        after, done = self._try(analysis, good)
        if good:
            self._record(result, after, done)
        return after

    def _try(self, analysis: Analysis, chosen: list[tuple[Finding, Fix]]) -> tuple[Analysis, list[tuple[Finding, Fix]]]:
        merged = apply(analysis.source, [fix for _, fix in chosen])
        done = [(finding, fix) for finding, fix in chosen if fix in merged.applied]
        return self._analyze(merged.text), done

    @staticmethod
    def _problem(before: Analysis, after: Analysis, fixed: list[Finding]) -> str:
        """Why the result of a fix is not acceptable; empty when it is."""
        if len(after.errors) > len(before.errors):
            return "the file parses worse"
        old = Counter(finding.code for finding in before.findings)
        new = Counter(finding.code for finding in after.findings)
        gone = Counter(finding.code for finding in fixed)
        for code, count in gone.items():
            if new[code] > old[code] - count:
                return f"{code} is still reported"
        added = sorted(code for code in new if new[code] > old[code])
        return f"{added[0]} is reported instead" if added else ""

    @staticmethod
    def _record(result: FixResult, after: Analysis, done: list[tuple[Finding, Fix]]) -> None:
        result.after = after.source.data
        result.applied += [(finding.code, fix) for finding, fix in done]
        known = {file.name: file for file in (*result.new_files, *(new for _, fix in done for new in fix.new_files))}
        result.new_files = tuple(known.values())


def _key(finding: Finding, fix: Fix, source: SourceFile) -> tuple[str, str, bytes]:
    """A fix of a finding by what it looks like, wherever it has moved to."""
    start = source.line_start(finding.span.start)
    return finding.code, fix.id, source.data[start : source.line_end(finding.span.end)]
