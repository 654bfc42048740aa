"""Long-lived maps that get an entry for every key and never lose one: which, how sure, and how to say it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from caulk.findings.evidence_requests import GrowingMap
from caulk.findings.finding import Confidence, Finding, Related, Span, Tier
from caulk.flow.containers import Insert, Shrinks
from caulk.flow.program import Program
from caulk.ir import nodes as ir
from caulk.rules.growth.bounded_keys import is_bounded
from caulk.rules.growth.hashed_locks import hashed_locks
from caulk.rules.growth.keyed import is_request_keyed, request_keyed
from caulk.rules.growth.write_counters import write_counter
from caulk.rules.surroundings import is_for_tests
from caulk.semantics.model import Map, Type, named

_CALLERS_KEY = re.compile(
    r"(?i)ip\b|addr|client|session|user|email|token|jti|order|request|stream|url|path|query|device|visitor|remote"
)
"""What a key is called that callers choose: asked for where the write is not in the handler itself."""


def growing_maps(program: Program) -> Iterator[Insert]:
    """The first write to each map that only grows."""
    if is_for_tests(program):
        return
    shrinks = Shrinks(program)
    seen: set[tuple[str, ...]] = set()
    for insert in program.map_inserts:
        if insert.identity in seen or insert.code.unit.file.is_test:
            continue
        if is_bounded(insert) or shrinks.bounds(insert.identity):
            continue
        seen.add(insert.identity)
        yield insert


_LOCKS = frozenset({"sync.Mutex", "sync.RWMutex", "golang.org/x/sync/semaphore.Weighted"})
_LIMITERS = frozenset({"golang.org/x/time/rate.Limiter", "go.uber.org/ratelimit.Limiter"})
_LOCK_NAME = re.compile(r"(?:[mM]utex|[lL]ock)$")
_LIMITER_NAME = re.compile(r"[lL]imiter$")


class Entry(Enum):
    """What the entries of a map are for."""

    VALUE = "value"
    LOCK = "lock"
    """Dropping one that is held lets two in."""
    LIMITER = "limiter"


def entry_of(insert: Insert) -> Entry:
    """What an insert puts into its map."""
    owner = named(_value_type(insert))
    if owner is None:
        return Entry.VALUE
    if owner.qualified in _LOCKS or (owner.path != "sync" and _LOCK_NAME.search(owner.name)):
        return Entry.LOCK
    is_limiter = owner.qualified in _LIMITERS or _LIMITER_NAME.search(owner.name)
    return Entry.LIMITER if is_limiter else Entry.VALUE


def _value_type(insert: Insert) -> Type | None:
    typer = insert.code.unit.typer
    if not insert.sync_map:
        type_ = typer.underlying(typer.type_of(insert.container))
        return type_.value if isinstance(type_, Map) else None
    stored = insert.node.args[1] if isinstance(insert.node, ir.Call) and len(insert.node.args) > 1 else None
    return typer.type_of(stored) if stored is not None else None


def is_callers_key(insert: Insert) -> bool:
    """Whether whoever sends requests chooses the key."""
    code = insert.code
    if not code.derives(insert.key):
        return False
    if code.is_handler or entry_of(insert) is Entry.LIMITER:
        return True
    return _CALLERS_KEY.search(code.unit.source_text(insert.key)) is not None


def growth_finding(insert: Insert, rule: str, message: str) -> Finding:
    """The finding of ``rule`` at an insert into a map that only grows."""
    code, unit = insert.code, insert.code.unit
    derived, by_request = is_callers_key(insert), is_request_keyed(insert)
    tier = Tier.CORE if derived or by_request else Tier.EXPERIMENTAL
    related = [Related(Span(*unit.span(insert.node)), "an entry is added here, for every new key")]
    if code.caller is not None and code.caller.file is unit.file:
        related.append(
            Related(
                Span(code.caller.chunk.start, code.caller.chunk.start + 4),
                f"called for requests by {code.caller.qualified}",
            )
        )
    return Finding(
        code=rule,
        path=unit.file.path,
        span=Span(*unit.span(insert.container)),
        message=message,
        evidence=GrowingMap(
            container=unit.source_text(insert.container),
            write=unit.span(insert.node),
            is_sync_map=insert.sync_map,
            whole_statement=isinstance(insert.node, ir.Assign | ir.IncDec) and entry_of(insert) is not Entry.LOCK,
            keyed=request_keyed(insert),
            request_keys=by_request,
            counter=write_counter(insert) if entry_of(insert) is not Entry.LOCK else None,
            hashed=hashed_locks(insert) if entry_of(insert) is Entry.LOCK else None,
        ),
        related=tuple(related),
        tier=tier,
        severity=tier.severity,
        confidence=Confidence.HIGH if derived else Confidence.LOW,
        function=Span(unit.chunk.start, unit.chunk.end),
    )
