"""Profiles that are served on all interfaces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Rewrite
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.shapes import last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.composites import field_of, literal_of
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.requests.addresses import is_loopback, literal_address
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests

_CODE = "pprof-exposed"
_SERVES = {"net/http.ListenAndServe": 1, "net/http.ListenAndServeTLS": 3}
"""Which argument is the handler."""
_SERVER = re.compile(rb"\bListenAndServe|\bServer\{")
_PORT_ONLY = re.compile(r'"(?:0\.0\.0\.0)?(:\d+)"')


def _check(program: Program) -> Iterator[Finding]:
    if is_for_tests(program) or not any(_has_profiles(file.decls.imports) for file in program.files):
        return
    for unit in program.matching(_SERVER):
        if unit.file.is_test:
            continue
        for part in expressions(unit.function.body, literals=True) if unit.function.body is not None else ():
            address = _served(unit, part)
            if address is not None and literal_address(address) is not None and not is_loopback(unit, address):
                yield _finding(unit, address)


def _has_profiles(imports: tuple[ir.ImportDecl, ...]) -> bool:
    return any(imported.path == "net/http/pprof" for imported in imports)


def _served(unit: FunctionUnit, part: ir.Expr) -> ir.Expr | None:
    """The address on which the mux that has the profiles is served: the default one, or none."""
    if isinstance(part, ir.Call) and last_name(part.func).startswith("ListenAndServe"):
        number = _SERVES.get(unit.typer.callee(part).name)
        if number is not None and len(part.args) == number + 1 and _is_default(part.args[number]):
            return part.args[0]
    elif isinstance(part, ir.Composite) and literal_of(unit, part, "net/http.Server") is not None:
        handler = field_of(part, "Handler")
        if handler is None and b".Handler" in unit.code:
            return None
        return field_of(part, "Addr") if handler is None or _is_default(handler) else None
    return None


def _is_default(handler: ir.Expr) -> bool:
    match handler:
        case ir.Name(name="nil"):
            return True
        case ir.Selector(field="DefaultServeMux"):
            return True
        case _:
            return False


def _finding(unit: FunctionUnit, address: ir.Expr) -> Finding:
    return finding_at(
        unit,
        address,
        code=_CODE,
        tier=Tier.CORE,
        message=(
            "the profiles of net/http/pprof (what is in memory, the command line) are served on all interfaces here: whoever"
            " reaches this port can read them, and slow the process down"
        ),
        evidence=_local(unit, address),
    )


def _local(unit: FunctionUnit, address: ir.Expr) -> Evidence:
    match = _PORT_ONLY.fullmatch(unit.source_text(address))
    if match is None:
        return NO_EVIDENCE
    text = f'"localhost{match[1]}"'
    return Rewrite(*unit.span(address), text, f"Serve on {text}")


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="the profiles of the process are served on all interfaces",
    check_package=_check,
    needs=("net/http/pprof",),
    fix="unsafe",
    tests_too=False,
)
