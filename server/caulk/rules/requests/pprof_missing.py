"""Services that nobody can look into: without profiles a leak is only seen from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Place, Where
from caulk.findings.evidence_insertions import MissingStatements
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import FRAMEWORKS
from caulk.flow.shapes import last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.fix_names import http_name, package_name
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests, module_mentions

_CODE = "pprof-missing"
_SERVES = re.compile(
    r"net/http\.(?:ListenAndServe(?:TLS)?|Serve(?:TLS)?|Server\.(?:ListenAndServe|Serve)(?:TLS)?)"
    r"|github\.com/gin-gonic/gin\.Engine\.Run\w*|github\.com/labstack/echo/v\d+\.Echo\.Start\w*"
    r"|github\.com/gofiber/fiber/v\d+\.App\.Listen\w*"
)
_NAMES = ("Listen", "Serve", "Run", "Start")
_CALLS = re.compile(rb"\b(?:ListenAndServe|Serve|Run|Start|Listen)\w*\(")
_PROFILES = re.compile(rb'/pprof"|\bpprof\.\w|fgprof|pyroscope|profiler|statsviz|autoprofile|parca')
"""Where a module mentions profiles of any kind."""
_DEFAULT_MUX = re.compile(rb"\bhttp\.Handle(?:Func)?\(|DefaultServeMux|,\s*nil\)")
"""Who serves the default mux: to import the profiles is to serve them there, too."""
_LINES = (
    "go func() {",
    "\tdebug := {http}.NewServeMux()",
    '\tdebug.HandleFunc("/debug/pprof/", {pprof}.Index)',
    '\tdebug.HandleFunc("/debug/pprof/profile", {pprof}.Profile)',
    '\tdebug.HandleFunc("/debug/pprof/trace", {pprof}.Trace)',
    '\t_ = {http}.ListenAndServe("localhost:6060", debug)',
    "}()",
)


def _check(program: Program) -> Iterator[Finding]:
    if program.package.name != "main" or is_for_tests(program):
        return
    served = next(_served(program), None)
    if served is not None and not module_mentions(program, _PROFILES):
        unit, call = served
        yield finding_at(
            unit,
            call.func,
            code=_CODE,
            tier=Tier.EXPERIMENTAL,
            message=(
                "this service has no profiles: when its memory or its goroutines grow, nobody can see of what; serve"
                " net/http/pprof on an address of this machine only"
            ),
            evidence=_evidence(program, unit, call),
        )


def _served(program: Program) -> Iterator[tuple[FunctionUnit, ir.Call]]:
    """The calls that serve requests until the process ends."""
    for unit in program.matching(_CALLS):
        if unit.file.is_test or unit.file.is_generated or unit.function.body is None:
            continue
        for part in expressions(unit.function.body, literals=True):
            if not isinstance(part, ir.Call) or not last_name(part.func).startswith(_NAMES):
                continue
            if _SERVES.fullmatch(unit.typer.callee(part).name):
                yield unit, part


def _evidence(program: Program, unit: FunctionUnit, call: ir.Call) -> Evidence:
    """A server for the profiles in front of the statement, where importing them serves them nowhere else."""
    http, pprof = http_name(unit), package_name(unit, "net/http/pprof")
    node: ir.Node | None = call
    while node is not None and not isinstance(unit.uses.parent(node), ir.Block):
        node = unit.uses.parent(node)
    if node is None or not http or pprof is None or program.says(_DEFAULT_MUX):
        return NO_EVIDENCE
    lines = tuple(line.replace("{http}", http).replace("{pprof}", pprof[0]) for line in _LINES)
    return MissingStatements(
        Place(Where.BEFORE, unit.offset(node.start)),
        lines,
        "Serve the profiles on localhost:6060",
        imports=frozenset({"net/http", pprof[1]}),
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXPERIMENTAL,
    summary="a service has no profiles",
    check_package=_check,
    needs=("net/http", *FRAMEWORKS),
    fix="unsafe",
    tests_too=False,
)
