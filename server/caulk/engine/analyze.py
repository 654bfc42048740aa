"""Run the rules over one package. Never fails: what goes wrong inside a rule is an error of that rule."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from caulk.engine import suppressions
from caulk.findings.finding import Finding, Severity
from caulk.flow import directives
from caulk.flow.program import FileUnit, FunctionUnit, Program
from caulk.rules.rule import Gate, Rule
from caulk.syntax.source import SourceFile
from caulk.syntax.tree import first_error, parse


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
class FunctionResult:
    """What the function rules said about one function, with spans relative to it, so that it can move."""

    findings: tuple[Finding, ...]
    errors: tuple[AnalysisError, ...]


raise_errors = False
"""Set by the tests: a rule that raises fails the test instead of becoming an error in the result."""


def go_on() -> None:
    """The checkpoint of an analysis that nobody wants to stop."""


def analyze(
    program: Program,
    rules: Sequence[Rule],
    wanted: Collection[str] | None = None,
    checkpoint: Callable[[], None] = go_on,
) -> dict[str, Analysis]:
    """The findings of a package by file path, before any settings are applied.

    ``wanted``: the paths whose functions are looked at (None: all); the findings of other files are not complete.
    ``checkpoint`` is called between functions and may raise to end the analysis."""
    findings: dict[str, list[Finding]] = {file.path: [] for file in program.files}
    errors: dict[str, list[AnalysisError]] = {file.path: [] for file in program.files}
    for file in program.files:
        error = syntax_error(file)
        if error is not None:
            errors[file.path].append(error)
        errors[file.path] += directive_errors(file)
    function_rules = {file: _rules_of(file, rules) for file in program.files if wanted is None or file.path in wanted}
    for unit in program.functions:
        if unit.file not in function_rules:
            continue
        checkpoint()
        result = run_function_rules(unit, function_rules[unit.file])
        findings[unit.file.path] += result.findings
        errors[unit.file.path] += result.errors
    for rule in rules:
        if rule.check_package is not None:
            checkpoint()
            result = _run(rule, rule.check_package, program, program.files[0].path if program.files else "")
            for finding in result.findings:
                findings.setdefault(finding.path, []).append(finding)
            for problem in result.errors:
                errors.setdefault(problem.path, []).append(problem)
    return {
        file.path: Analysis(file.source, _ordered(file, findings[file.path]), tuple(errors[file.path]))
        for file in program.files
    }


def _rules_of(file: FileUnit, rules: Iterable[Rule]) -> tuple[tuple[Gate, tuple[Rule, ...]], ...]:
    """The function rules that look at a file, by their gates: what rules share is asked once a function."""
    found: dict[Gate, tuple[Rule, ...]] = {}
    for rule in rules:
        if rule.check_function is None or file.is_generated or (file.is_test and not rule.tests_too):
            continue
        if not rule.needs or file.imports(*rule.needs):
            found[rule.gate] = (*found.get(rule.gate, ()), rule)
    return tuple(found.items())


def run_function_rules(unit: FunctionUnit, rules: Iterable[tuple[Gate, Sequence[Rule]]]) -> FunctionResult:
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
    return FunctionResult(tuple(findings), tuple(errors))


def _run(rule: Rule, check: object, subject: object, path: str) -> FunctionResult:
    try:
        return FunctionResult(tuple(check(subject)), ())  # type: ignore[operator]
    except Exception as error:
        if raise_errors:
            raise
        where = traceback.extract_tb(error.__traceback__)[-1]
        message = f"{rule.code}: internal error: {type(error).__name__}: {error} ({where.name}:{where.lineno})"
        return FunctionResult((), (AnalysisError(path, message, rule.code, internal=True),))


def _ordered(file: FileUnit, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    silenced = suppressions.read(file.source)
    kept = [finding for finding in findings if not silenced.silences(finding, file.source)]
    if file.is_test:
        kept = [replace(finding, severity=Severity.HINT) for finding in kept]
    unique = {(finding.code, finding.span): finding for finding in kept}
    return tuple(sorted(unique.values(), key=lambda finding: (finding.span, finding.code)))


def directive_errors(file: FileUnit) -> list[AnalysisError]:
    """Messages for ``//caulk:`` comments that say nothing."""
    return [
        AnalysisError(file.path, f"line {line + 1}: {message}", is_syntax=True)
        for line, message in directives.problems(file.source, file.decls.functions)
    ]


def syntax_error(file: FileUnit) -> AnalysisError | None:
    """A message for a file that does not parse; it is analysed as far as it goes."""
    if file.split.balanced and not file.decls.has_errors:
        return None
    offset = first_error(parse(file.source.data))
    if offset is None:
        return None
    line = file.source.lines.line_of(offset) + 1
    return AnalysisError(file.path, f"syntax error near line {line}: analysed as far as it goes", is_syntax=True)
