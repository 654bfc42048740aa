"""Goroutines of a request whose panic ends the process."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Place, Where
from caulk.findings.evidence_insertions import MissingStatements
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import FRAMEWORKS, PACKAGES, RequestCode
from caulk.flow.shapes import last_name
from caulk.flow.spawns import Spawn
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.naming import free_name
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests
from caulk.semantics.model import CalleeKind

_CODE = "goroutine-without-recover"
_IMPORTS = frozenset({"log", "runtime/debug"})


def _check(program: Program) -> Iterator[Finding]:
    if is_for_tests(program):
        return
    for code in program.requests:
        if code.context is None or code.unit.file.is_test or b"go" not in code.unit.words:
            continue
        for spawn in code.unit.spawns:
            if spawn.function is code.function and isinstance(spawn.statement, ir.Go) and _may_end_process(spawn):
                yield _finding(code, spawn)


def _may_end_process(spawn: Spawn) -> bool:
    """Whether the goroutine runs code in sight that does more than wait, and nothing recovers from its panics."""
    unit = spawn.unit if spawn.literal is not None else spawn.callee
    function = spawn.literal or (spawn.callee.function if spawn.callee is not None else None)
    if unit is None or function is None or function.body is None:
        return False
    nodes = walk(function.body, literals=True)
    calls = [node for node in nodes if isinstance(node, ir.Call)]
    return any(_may_panic(unit, call) for call in calls) and not any(_recovers(unit, call) for call in calls)


def _may_panic(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether the call runs code of others than Go's library and the framework: what only waits, tells and prints does not
    panic."""
    callee = unit.typer.callee(call)
    if callee.kind in (CalleeKind.BUILTIN, CalleeKind.CONVERSION, CalleeKind.LITERAL):
        return False
    is_tried = unit.program.is_std(callee.package) or callee.package.startswith(FRAMEWORKS)
    return not is_tried


def _recovers(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether the call recovers, by its name or by what the function of the module that it calls does."""
    name = last_name(call.func).lower()
    if "recover" in name or "panic" in name:
        return True
    called = unit.program.unit_of_callee(unit.typer.callee(call))
    return called is not None and b"recover" in called.words


def _finding(code: RequestCode, spawn: Spawn) -> Finding:
    return finding_at(
        code.unit,
        ir.Node(spawn.statement.start, spawn.statement.start + len("go")),
        code=_CODE,
        tier=Tier.EXPERIMENTAL,
        message="a panic in this goroutine ends the process with all its requests: the recover of the server is not above it",
        evidence=_deferred_recover(code.unit, spawn),
    )


def _deferred_recover(unit: FunctionUnit, spawn: Spawn) -> Evidence:
    """Where the goroutine can log its panic and end alone."""
    literal = spawn.literal
    if literal is None or literal.body is None or not all(_may_be_imported(unit, path) for path in _IMPORTS):
        return NO_EVIDENCE
    name = free_name(unit, "p")
    lines = (
        "defer func() {",
        f"\tif {name} := recover(); {name} != nil {{",
        f'\t\tlog.Printf("panic in a goroutine: %v\\n%s", {name}, debug.Stack())',
        "\t}",
        "}()",
    )
    place = Place(Where.BLOCK_START, unit.offset(literal.body.start))
    return MissingStatements(place, lines, "Recover from its panics and log them", imports=_IMPORTS)


def _may_be_imported(unit: FunctionUnit, path: str) -> bool:
    """Whether the name of the package means it in the function, or nothing yet."""
    name = path.rpartition("/")[2]
    package = unit.program.package
    hidden = name in (*package.values, *package.functions, *package.types)
    return (
        not hidden
        and unit.file.package_file.path_of(name) in (None, path)
        and not any(symbol.name == name for symbol in unit.function.symbols)
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXPERIMENTAL,
    summary="a handler starts a goroutine whose panic ends the process",
    check_package=_check,
    needs=PACKAGES,
    fix="unsafe",
    tests_too=False,
)
