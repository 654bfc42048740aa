"""Pools of redis connections without limits, and clients that wait for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from caulk.findings.evidence_clients import NewField
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.composites import field_of, literal_of, missing_fields
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.rule import Rule

_CODE = "redis-pool-unbounded"
_POOLS = ("github.com/gomodule/redigo/redis.Pool", "github.com/garyburd/redigo/redis.Pool")
_OPTIONS = tuple(
    f"github.com/{path}.{name}"
    for path in ("redis/go-redis/v9", "go-redis/redis/v8", "go-redis/redis/v7", "go-redis/redis")
    for name in ("Options", "ClusterOptions", "FailoverOptions", "UniversalOptions", "RingOptions")
)
_WANTED = {
    "MaxActive": (NewField("MaxActive", "100"), NewField("Wait", "true")),
    "IdleTimeout": (NewField("IdleTimeout", "5 * time.Minute"),),
}
_MEANS = {
    "MaxActive": "no MaxActive, so that it opens as many connections as there are callers",
    "IdleTimeout": "no IdleTimeout, so that it hands out connections that the server has long closed",
    "MaxIdle": "no MaxIdle, so that no connection is used twice",
}


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if (b"Pool{" not in unit.text and b"Options{" not in unit.text) or unit.function.body is None:
        return
    for part in expressions(unit.function.body, literals=True):
        if isinstance(part, ir.Composite):
            yield from _pool(unit, part)
            yield from _options(unit, part)


def _pool(unit: FunctionUnit, part: ir.Composite) -> Iterator[Finding]:
    literal = next((found for name in _POOLS if (found := literal_of(unit, part, name))), None)
    if literal is None or any(not element.field for element in literal.elements):
        return
    lacking = [name for name in _MEANS if _is_lacking(unit, literal, name)]
    if not lacking:
        return
    fields = tuple(new for name in lacking for new in _WANTED.get(name, ()) if field_of(literal, new.name) is None)
    imports = ("time",) if "IdleTimeout" in lacking else ()
    missing = missing_fields(unit, literal, fields, imports) if fields else None
    yield finding_at(
        unit,
        literal,
        code=_CODE,
        tier=Tier.EXTENDED,
        message="this pool has " + " and ".join(_MEANS[name] for name in lacking),
        evidence=replace(missing, limits=True) if missing is not None else NO_EVIDENCE,
    )


def _is_lacking(unit: FunctionUnit, literal: ir.Composite, name: str) -> bool:
    """Not set in the literal, or set to nothing, and not set later on."""
    value = field_of(literal, name)
    if value is not None:
        return isinstance(value, ir.Literal) and value.text == "0"
    return f".{name} =".encode() not in unit.text


def _options(unit: FunctionUnit, part: ir.Composite) -> Iterator[Finding]:
    """The defaults of go-redis are sane: only who turns a timeout off is told."""
    timeout = field_of(part, "ReadTimeout")
    if timeout is None or not any(literal_of(unit, part, name) for name in _OPTIONS):
        return
    if isinstance(timeout, ir.Unary) and timeout.op == "-" and isinstance(timeout.operand, ir.Literal):
        yield finding_at(
            unit,
            timeout,
            code=_CODE,
            tier=Tier.EXTENDED,
            message="a negative ReadTimeout means none: a server that stays silent keeps this connection and its caller for ever",
        )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="a pool of redis connections has no limit or no idle time",
    check_function=_check,
    needs=(
        "github.com/gomodule/redigo",
        "github.com/garyburd/redigo",
        "github.com/redis/go-redis",
        "github.com/go-redis/redis",
    ),
    fix="unsafe",
    tests_too=False,
)
