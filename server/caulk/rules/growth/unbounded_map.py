"""Maps that get an entry a request and never lose one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence_requests import GrowingMap
from caulk.findings.finding import Confidence, Finding, Related, Span, Tier
from caulk.flow.containers import Insert, Shrinks, inserts
from caulk.flow.program import Program
from caulk.flow.requests import PACKAGES
from caulk.ir import nodes as ir
from caulk.rules.growth.keyed import is_request_keyed, request_keyed
from caulk.rules.rule import Rule
from caulk.semantics.model import Basic, Map, Type, named

_CALLERS_KEY = re.compile(
    r"(?i)ip\b|addr|client|session|user|email|token|jti|order|request|stream|url|path|query|device|visitor|remote"
)
"""What a key is called that callers choose: asked for where the write is not in the handler itself."""

_SMALL = frozenset({"bool", "int8", "uint8"})


def _check(program: Program) -> Iterator[Finding]:
    shrinks = Shrinks(program)
    seen: set[tuple[str, ...]] = set()
    for insert in inserts(program):
        if insert.identity in seen or insert.code.unit.file.is_test:
            continue
        if _is_bounded_key(insert) or shrinks.bounds(insert.identity):
            continue
        seen.add(insert.identity)
        yield _finding(insert)


def _is_bounded_key(insert: Insert) -> bool:
    """Constants, flags and enumerations have few values."""
    if isinstance(insert.key, ir.Literal):
        return True
    typer = insert.code.unit.typer
    type_ = typer.type_of(insert.key)
    declared = typer.package_symbol(insert.key) if isinstance(insert.key, ir.Name | ir.Selector) else None
    if declared is not None and isinstance(declared.node, ir.ValueDecl) and declared.node.const:
        return True
    return _is_small(type_) or _is_enumeration(insert, type_)


def _is_small(type_: Type | None) -> bool:
    return isinstance(type_, Basic) and type_.name in _SMALL


def _is_enumeration(insert: Insert, type_: Type | None) -> bool:
    """A named integer or string type with constants of its own: a kind, a state, a role. An unknown one may be that."""
    owner = named(type_)
    if owner is None or not owner.path:
        return False
    program = insert.code.unit.program
    if not isinstance(insert.code.unit.typer.underlying(owner), Basic):
        return False
    package = program.world.import_package(owner.path, program.package)
    return package is None or any(
        node.const and isinstance(node.type, ir.NamedType) and node.type.name == owner.name
        for file in package.files
        for node in file.decls.values
    )


def _holds_locks(insert: Insert) -> bool:
    """Whether the entries are locks: dropping one that is held lets two in."""
    typer = insert.code.unit.typer
    type_ = typer.underlying(typer.type_of(insert.container))
    value = named(type_.value) if isinstance(type_, Map) else None
    return value is not None and value.path == "sync"


def _finding(insert: Insert) -> Finding:
    code, unit = insert.code, insert.code.unit
    container, key = unit.source_text(insert.container), unit.source_text(insert.key)
    derived = code.derives(insert.key) and (code.context is not None or _CALLERS_KEY.search(key) is not None)
    tier = Tier.CORE if derived else Tier.EXPERIMENTAL
    chosen = f"and its key ({key}) is chosen by the caller" if derived else f"and nothing bounds its key ({key})"
    by_request = is_request_keyed(insert)
    if by_request:
        chosen, tier = "and its keys are the requests themselves, which it keeps alive", Tier.CORE
    related = [Related(Span(*unit.span(insert.node)), "an entry is added here, for every new key")]
    if code.caller is not None and code.caller.file is unit.file:
        related.append(
            Related(
                Span(code.caller.chunk.start, code.caller.chunk.start + 4),
                f"called for requests by {code.caller.qualified}",
            )
        )
    return Finding(
        code="unbounded-map",
        path=unit.file.path,
        span=Span(*unit.span(insert.container)),
        message=f"{container} never shrinks, {chosen}: one entry for every key stays for ever",
        evidence=GrowingMap(
            container=container,
            write=unit.span(insert.node),
            is_sync_map=insert.sync_map,
            whole_statement=isinstance(insert.node, ir.Assign | ir.IncDec) and not _holds_locks(insert),
            keyed=request_keyed(insert),
            request_keys=by_request,
        ),
        related=tuple(related),
        tier=tier,
        severity=tier.severity,
        confidence=Confidence.HIGH if derived else Confidence.LOW,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


RULE = Rule(
    module=__name__,
    code="unbounded-map",
    tier=Tier.CORE,
    summary="a long-lived map gets an entry for every request key and never loses one",
    check_package=_check,
    needs=PACKAGES,
    fix="unsafe",
)
