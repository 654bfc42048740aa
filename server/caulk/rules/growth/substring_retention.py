"""Small pieces of large texts that are kept, and keep the whole text."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Rewrite
from caulk.findings.finding import Finding, Tier
from caulk.flow.containers import identity_of
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.fix_names import package_name
from caulk.rules.growth.whole_texts import READS_WHOLE, is_whole, only_value
from caulk.rules.report import NO_EVIDENCE, finding_at, related_at
from caulk.rules.rule import Rule, words
from caulk.semantics.model import STRING, Basic, Slice

_TRIMS = frozenset({"TrimSpace", "Trim", "TrimLeft", "TrimRight", "TrimPrefix", "TrimSuffix"})
_SPLITS = frozenset({"Split", "SplitN", "Fields", "SplitAfter"})


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    for node in walk(unit.function.body, literals=True) if unit.function.body is not None else ():
        if not isinstance(node, ir.Assign) or node.op != "=" or len(node.left) != len(node.right):
            continue
        for target, value in zip(node.left, node.right, strict=True):
            whole = _whole_of(unit, value)
            if whole is not None and _lasts(unit, target) and not _is_one_of_many(unit, node):
                yield _finding(unit, target, value, whole)


def _whole_of(unit: FunctionUnit, value: ir.Expr) -> ir.Expr | None:
    """The large text of which the value is a small piece that lies in it."""
    match value:
        case ir.Name(symbol=symbol):
            given = only_value(symbol)
            return _whole_of(unit, given) if given is not None and not isinstance(given, ir.Name) else None
        case ir.SliceExpr(base=base, bounds=(_, high, *_)):
            return base if high is not None and is_whole(unit, base) else None
        case ir.Index(base=ir.Call() as split, indices=(ir.Literal(),)):
            return _first_argument(unit, split, _SPLITS)
        case ir.Index(base=ir.Name(symbol=symbol), indices=(ir.Literal(),)):
            given = only_value(symbol)
            return _first_argument(unit, given, _SPLITS) if isinstance(given, ir.Call) else None
        case ir.Call(args=(piece, *_)) if _is_of_text(unit, value, _TRIMS):
            return _whole_of(unit, piece)
        case _:
            return None


def _first_argument(unit: FunctionUnit, call: ir.Call, names: frozenset[str]) -> ir.Expr | None:
    whole = call.args[0] if call.args and _is_of_text(unit, call, names) else None
    return whole if whole is not None and is_whole(unit, whole) else None


def _is_of_text(unit: FunctionUnit, call: ir.Call, names: frozenset[str]) -> bool:
    """Whether it calls a function of that name of packages strings or bytes, whose results lie in their first argument."""
    callee = unit.typer.callee(call)
    return callee.short in names and callee.package in ("strings", "bytes")


def _lasts(unit: FunctionUnit, target: ir.Expr) -> bool:
    container = target.base if isinstance(target, ir.Index) else target
    return identity_of(unit, container) is not None


def _is_one_of_many(unit: FunctionUnit, node: ir.Assign) -> bool:
    """Whether a loop keeps the pieces one by one: then the whole is wanted."""
    return any(isinstance(around, ir.For | ir.Range) for around in unit.uses.around(node))


def _finding(unit: FunctionUnit, target: ir.Expr, value: ir.Expr, whole: ir.Expr) -> Finding:
    kept, name = unit.source_text(target), unit.source_text(whole)
    return finding_at(
        unit,
        value,
        code=RULE.code,
        tier=Tier.EXPERIMENTAL,
        message=f"{kept} keeps a piece of {name} that lies in it: all of {name} stays in memory as long",
        evidence=_evidence(unit, value),
        related=(related_at(unit, whole, "the whole text"),),
    )


def _evidence(unit: FunctionUnit, value: ir.Expr) -> Evidence:
    type_ = unit.typer.type_of(value)
    package = "strings" if type_ == STRING else "bytes" if type_ == Slice(Basic("uint8")) else ""
    named = package_name(unit, package) if package and unit.program.go >= (1, 20) else None
    if named is None:
        return NO_EVIDENCE
    text = f"{named[0]}.Clone({unit.source_text(value)})"
    return Rewrite(*unit.span(value), text, f"Keep a copy: `{text}`", (named[1],))


RULE = Rule(
    module=__name__,
    code="substring-retention",
    tier=Tier.EXPERIMENTAL,
    summary="a small piece of a large text is kept, and the whole text with it",
    check_function=_check,
    gate=words(*sorted({name.rpartition(".")[2] for name in READS_WHOLE})),
    fix="unsafe",
    tests_too=False,
)
