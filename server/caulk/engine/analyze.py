"""Run the rules over one package. Never fails: what goes wrong inside a rule is an error of that rule."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from caulk.engine import suppressions
from caulk.engine.moving import last_offset, moved, names_line
from caulk.findings.finding import Finding, Severity
from caulk.flow import directives
from caulk.flow.edits import Edit, edit_body
from caulk.flow.program import FileUnit, FunctionUnit, Program
from caulk.flow.reads import Reader
from caulk.rules.rule import Gate, Rule
from caulk.syntax.source import SourceFile
from caulk.syntax.tree import first_error, parse

T = TypeVar("T")
R = TypeVar("R", bound=Reader)


@dataclass(frozen=True, slots=True)
class AnalysisError:
    """Something that kept a file, or a part of it, from being looked at. ``internal`` ones are faults of caulk."""

    path: str
    message: str
    rule: str = ""
    internal: bool = False
    is_syntax: bool = False
    """Whether the file was looked at all the same, as far as it parses."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is known of one file. Findings are sorted by place; silenced and unselected ones are left out."""

    source: SourceFile
    findings: tuple[Finding, ...] = ()
    errors: tuple[AnalysisError, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What rules said about one function, or one rule about the package."""

    findings: tuple[Finding, ...]
    errors: tuple[AnalysisError, ...]
    last: int | None = None
    """The greatest offset in the findings, when somebody has looked."""

    def after(self, edit: Edit) -> Result:
        """The same with its places in the text after an edit to which it has nothing to say."""
        last = last_offset(self.findings) if self.last is None else self.last
        if last < edit.end:
            return replace(self, last=last) if self.last is None else self
        return replace(self, findings=moved(self.findings, edit), last=last + edit.growth)


raise_errors = False
"""Set by the tests: a rule that raises fails the test instead of becoming an error in the result."""


def go_on() -> None:
    """The checkpoint of an analysis that nobody wants to stop."""


class PackageAnalysis:
    """What the rules say about a package, function by function, kept while bodies are edited."""

    def __init__(self, program: Program, rules: Sequence[Rule]) -> None:
        self.program = program
        self._package_rules = tuple(rule for rule in rules if rule.check_package is not None)
        self._function_rules = {file: _rules_of(file, rules) for file in program.files}
        self._of_functions: dict[FunctionUnit, Result] = {}
        self._of_package: dict[str, Result] = {}

    def of(self, wanted: Collection[str] | None = None, checkpoint: Callable[[], None] = go_on) -> dict[str, Analysis]:
        """The findings by file path, before any settings are applied. What is known since the last time is not looked at again.

        ``wanted``: the paths of the files that are asked about (None: all).
        ``checkpoint`` is called between functions and may raise to end the analysis; what is known by then stays."""
        for unit in self.program.units:
            if unit not in self._of_functions and (wanted is None or unit.file.path in wanted):
                checkpoint()
                self._of_functions[unit] = self._about(unit, self._run_on_function, unit)
        for rule in self._package_rules:
            if rule.code not in self._of_package:
                checkpoint()
                self._of_package[rule.code] = self._about(rule.code, self._run_on_package, rule)
        return self._by_file([file for file in self.program.files if wanted is None or file.path in wanted])

    def _about(self, reader: Reader, run: Callable[[T], Result], subject: T) -> Result:
        return self.program.reads.about(reader, lambda: run(subject))

    def _run_on_function(self, unit: FunctionUnit) -> Result:
        return run_function_rules(unit, self._function_rules[unit.file])

    def _run_on_package(self, rule: Rule) -> Result:
        files = self.program.files
        return _run(rule, rule.check_package, self.program, files[0].path if files else "")

    def _by_file(self, files: Sequence[FileUnit]) -> dict[str, Analysis]:
        findings: dict[str, list[Finding]] = {}
        errors: dict[str, list[AnalysisError]] = {
            file.path: [*syntax_errors(file, self.program), *directive_errors(file)] for file in files
        }
        for result in (*self._of_functions.values(), *self._of_package.values()):
            for finding in result.findings:
                findings.setdefault(finding.path, []).append(finding)
            for problem in result.errors:
                errors.setdefault(problem.path, []).append(problem)
        return {
            file.path: Analysis(file.source, _ordered(file, findings.get(file.path, ())), tuple(errors[file.path]))
            for file in files
        }

    def edit(self, path: str, data: bytes) -> Edit | None:
        """Make ``data`` the text of a file. What was said about all that has nothing to do with it stays, and moves along.
        None, and nothing is done, when more than one body changes."""
        file = next((file for file in self.program.files if file.path == path), None)
        edit = edit_body(self.program, file, data) if file is not None else None
        if edit is not None:
            self._of_functions = _kept(self._of_functions, edit)
            self._of_package = _kept(self._of_package, edit)
        return edit


def _kept(results: dict[R, Result], edit: Edit) -> dict[R, Result]:
    """The results that an edit has nothing to say to, with their places in the new text."""
    kept = {
        reader: result
        for reader, result in results.items()
        if reader not in edit.stale and not (result.findings and names_line(result.findings, edit))
    }
    for reader, result in kept.items():
        if result.findings and edit.growth:
            kept[reader] = result.after(edit)
    return kept


def _rules_of(file: FileUnit, rules: Iterable[Rule]) -> tuple[tuple[Gate, tuple[Rule, ...]], ...]:
    """The function rules that look at a file, by their gates: what rules share is asked once a function."""
    found: dict[Gate, tuple[Rule, ...]] = {}
    for rule in rules:
        if rule.check_function is None or file.is_generated or (file.is_test and not rule.tests_too):
            continue
        if not rule.needs or file.imports(*rule.needs):
            found[rule.gate] = (*found.get(rule.gate, ()), rule)
    return tuple(found.items())


def run_function_rules(unit: FunctionUnit, rules: Iterable[tuple[Gate, Sequence[Rule]]]) -> Result:
    """What the function rules say about one function. ``rules``: those of each gate."""
    findings: list[Finding] = []
    errors: list[AnalysisError] = []
    for gate, behind in rules:
        if not gate(unit):
            continue
        for rule in behind:
            result = _run(rule, rule.check_function, unit, unit.file.path)
            findings += result.findings
            errors += result.errors
    return Result(tuple(findings), tuple(errors))


def _run(rule: Rule, check: object, subject: object, path: str) -> Result:
    try:
        return Result(tuple(check(subject)), ())  # type: ignore[operator]
    except Exception as error:
        if raise_errors:
            raise
        where = traceback.extract_tb(error.__traceback__)[-1]
        message = f"{rule.code}: internal error: {type(error).__name__}: {error} ({where.name}:{where.lineno})"
        return Result((), (AnalysisError(path, message, rule.code, internal=True),))


def _ordered(file: FileUnit, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    silenced = suppressions.read(file.source)
    kept = list(findings)
    if silenced is not suppressions.NONE:
        kept = [finding for finding in kept if not silenced.silences(finding, file.source)]
    if file.is_test:
        kept = [replace(finding, severity=Severity.HINT) for finding in kept]
    unique = {(finding.code, finding.span): finding for finding in kept}
    return tuple(sorted(unique.values(), key=lambda finding: (finding.span, finding.code)))


def directive_errors(file: FileUnit) -> list[AnalysisError]:
    """Messages for ``//caulk:`` comments that say nothing."""
    functions = ((file.at(head.start), head) for head in file.decls.functions)
    return [
        AnalysisError(file.path, f"line {line + 1}: {message}", is_syntax=True)
        for line, message in directives.problems(file.source, functions)
    ]


def syntax_errors(file: FileUnit, program: Program) -> list[AnalysisError]:
    """A message for a file that does not parse; it is analysed as far as it goes."""
    damaged = [unit for unit in program.units_of[file] if unit.is_damaged]
    if file.split.balanced and not file.decls.has_errors and not damaged:
        return []
    places = [(unit.chunk.start, first_error(parse(unit.text))) for unit in damaged]
    offsets = [start + offset for start, offset in places if offset is not None]
    if file.decls.has_errors:
        declared = first_error(parse(file.split.skeleton))
        offsets += [file.at(declared)] if declared is not None else []
    if not offsets:
        return []
    line = file.source.lines.line_of(min(offsets)) + 1
    return [AnalysisError(file.path, f"syntax error near line {line}: analysed as far as it goes", is_syntax=True)]
