"""Facts: the known truth of simple conditions over variables, along one path."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from caulk.flow.cfg import Block, Graph
from caulk.flow.dominators import between, immediate_dominators
from caulk.flow.shapes import bool_constant
from caulk.ir import nodes as ir

Fact: TypeAlias = tuple[str, bool]
Facts: TypeAlias = frozenset[Fact]

_QUESTION = re.compile(r"(?:Is|Has|Can|Should|Need|Enabled)")
"""Methods without arguments that start so are taken to answer the same twice."""

_FLAG = re.compile(r"#\d+;")
_NIL = re.compile(r"\(#\d+;==nil\)")

_NEGATED = {"!=": "==", ">=": "<", "<=": ">"}


def token(symbol: ir.Symbol) -> str:
    """How a symbol stands in the key of a fact."""
    return f"#{symbol.index};"


def nil_fact(symbol: ir.Symbol) -> Fact:
    """The fact that ``symbol`` is nil."""
    return f"({token(symbol)}==nil)", True


def key(expr: ir.Expr) -> Fact | None:
    """The canonical text of a pure condition and whether it stands for the condition itself (or its negation)."""
    match expr:
        case ir.Name():
            return (token(expr.symbol) if expr.symbol else expr.name), True
        case ir.Literal():
            return expr.text, True
        case ir.Selector():
            base = key(expr.base)
            return (f"{base[0]}.{expr.field}", True) if base else None
        case ir.Unary(op="!"):
            inner = key(expr.operand)
            return (inner[0], not inner[1]) if inner else None
        case ir.Unary(op="*" | "&" | "-"):
            inner = key(expr.operand)
            return (expr.op + inner[0], inner[1]) if inner else None
        case ir.Call(func=ir.Name(name="len", symbol=None), args=(arg,)):
            inner = key(arg)
            return (f"len({inner[0]})", True) if inner else None
        case ir.Call(func=ir.Selector() as method, args=()) if _QUESTION.match(method.field):
            base = key(method.base)
            return (f"{base[0]}.{method.field}()", True) if base else None
        case ir.Binary(op="==" | "!=" | "<" | ">" | "<=" | ">="):
            left, right = key(expr.left), key(expr.right)
            if left is None or right is None:
                return None
            if expr.op == ">" and left[0].startswith("len(") and right[0] == "0":
                return f"({left[0]}==0)", False
            positive = _NEGATED.get(expr.op, expr.op)
            return f"({left[0]}{positive}{right[0]})", positive == expr.op
        case _:
            return None


def not_empty(symbol: ir.Symbol) -> Facts:
    """What is known once something was appended to ``symbol``."""
    length = f"len({token(symbol)})"
    return frozenset({(f"({length}==0)", False)})


def without(facts: Facts, symbol: ir.Symbol) -> Facts:
    """What is still known after ``symbol`` got another value."""
    if not facts:
        return facts
    mark = token(symbol)
    return frozenset(fact for fact in facts if mark not in fact[0])


def repeated(graph: Graph) -> frozenset[str]:
    """The keys of the conditions that are worth knowing: those that occur at least twice in the function, bare flags (which
    assignments of constants decide) and tests of a length (which ``append`` decides)."""
    found: Counter[str] = Counter()
    for block in graph.blocks:
        conditions = {id(edge.cond): edge.cond for edge in block.edges if edge.cond is not None}
        for condition in conditions.values():
            known = key(condition)
            if known:
                found[known[0]] += 1
    return frozenset(
        text
        for text, count in found.items()
        if count > 1 or _FLAG.fullmatch(text) or _NIL.fullmatch(text) or text.startswith("(len(")
    )


def taken(facts: Facts, cond: ir.Expr | None, value: bool, wanted: frozenset[str]) -> Facts | None:
    """What is known behind the edge of a condition; None when what was known before says that the edge is not taken."""
    fact = key(cond) if cond is not None else None
    if fact is None or fact[0] not in wanted:
        return facts
    text, positive = fact
    return None if (text, value != positive) in facts else facts | {(text, value == positive)}


def told(item: object, facts: Facts) -> Facts:
    """What is known behind an item: it may give a variable another value, or the constant true or false."""
    for symbol in assigned_by(item):
        facts = without(facts, symbol)
    match item:
        case ir.Assign(
            left=(ir.Name(symbol=ir.Symbol() as symbol),), right=(ir.Name(symbol=None, name="true" | "false") as value,)
        ):
            return facts | {(token(symbol), value.name == "true")}
        case _:
            return facts


def dominating(graph: Graph, block: Block, index: int, wanted: frozenset[str]) -> Facts:
    """What is known at item ``index`` of ``block``: from the branches that all ways there lead by, and from what was
    appended on the way. A variable that may have been assigned since tells nothing."""
    facts: set[Fact] = set()
    assigned: set[ir.Symbol] = set()
    dominators: dict[int, Block] | None = None
    seen: set[int] = set()
    items = block.items[:index]
    while block.index not in seen:
        seen.add(block.index)
        for item in reversed(items):
            facts |= _appended(item, assigned, wanted)
        if len(block.sources) == 1:
            source, edge = block.sources[0]
            known = key(edge.cond) if edge.cond is not None else None
            if known and known[0] in wanted and not any(token(symbol) in known[0] for symbol in assigned):
                facts.add((known[0], edge.value == known[1]))
        else:
            dominators = immediate_dominators(graph) if dominators is None else dominators
            above = dominators.get(block.index)
            if above is None:
                break
            for other in between(above, block):
                assigned |= {symbol for item in other.items for symbol in assigned_by(item)}
            source = above
        block, items = source, source.items
    return frozenset(facts)


def assigned_by(item: object) -> Iterator[ir.Symbol]:
    """The variables that get another value."""
    match item:
        case ir.Assign():
            targets = item.left
        case ir.Range():
            targets = tuple(part for part in (item.key, item.value) if part is not None)
        case ir.IncDec():
            targets = (item.operand,)
        case _:
            return
    yield from (target.symbol for target in targets if isinstance(target, ir.Name) and target.symbol is not None)


def _appended(item: object, assigned: set[ir.Symbol], wanted: frozenset[str]) -> Facts:
    """What an assignment tells, walking backwards: what was appended, true and false; its targets are noted in ``assigned``.
    A declaration without a value leaves an error nil."""
    if not isinstance(item, ir.Assign):
        return frozenset()
    found: set[Fact] = set()
    for number, target in enumerate(item.left):
        symbol = target.symbol if isinstance(target, ir.Name) else None
        if symbol is None:
            continue
        if item.op == "var" and not item.right and symbol not in assigned and not symbol.captured:
            found |= {fact for fact in (nil_fact(symbol),) if fact[0] in wanted}
        value = item.right[number] if len(item.left) == len(item.right) else None
        flag = bool_constant(value) if value is not None else None
        if flag is not None and symbol not in assigned and not symbol.captured and token(symbol) in wanted:
            found.add((token(symbol), flag))
        if value is not None and symbol not in assigned and appends_to(value, symbol):
            found |= {fact for fact in not_empty(symbol) if fact[0] in wanted}
        assigned.add(symbol)
    return frozenset(found)


def appends_to(value: ir.Expr, symbol: ir.Symbol) -> bool:
    """Whether ``value`` is ``append(symbol, x…)``."""
    if not isinstance(value, ir.Call) or not isinstance(value.func, ir.Name) or value.func.name != "append":
        return False
    first = value.args[0] if len(value.args) > 1 and not value.spread else None
    return isinstance(first, ir.Name) and first.symbol is symbol
