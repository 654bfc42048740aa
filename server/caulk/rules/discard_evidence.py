"""What the fixes need to know of a value that gets no name: how it can get one, and where it may be released."""

from __future__ import annotations

from caulk.findings.evidence import Discarded, Evidence, Header, Inline, Place, Where
from caulk.flow.leaks import Leak, LeakKind
from caulk.flow.placement import Position, error_test
from caulk.flow.program import FunctionUnit
from caulk.flow.scope import meaning
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.rules.context_life import context_outlives
from caulk.rules.error_result import error_result, has_goto
from caulk.rules.fix_names import free_name, type_text
from caulk.rules.release_call import release_of
from caulk.semantics.contracts import CALL_ITSELF, Contract

_NAMES = {
    "body": "resp",
    "rows": "rows",
    "stmt": "stmt",
    "tx": "tx",
    "file": "file",
    "conn": "conn",
    "poolconn": "conn",
    "listener": "listener",
    "cancel": "cancel",
    "span": "span",
    "client": "client",
    "session": "session",
    "watch": "watcher",
}
_BUSY = frozenset({"listener", "cancel", "span", "subscription"})
"""Kinds of values that do something while they are open, though nobody asks them."""


def discarded(leak: Leak) -> Evidence:
    """A result that is thrown away: ``_``, or an expression statement."""
    unit, acquire, contract = leak.unit, leak.acquire, leak.acquire.contract
    name = _name(leak)
    release = release_of(leak, name)
    if release is None or context_outlives(leak) or contract.kind == "stop":
        return Evidence()  # when to stop what was registered is not known here
    item, target, error = acquire.item, acquire.target, acquire.error_symbol
    placement = unit.placement(acquire.function)
    position = placement.of(item)
    may_be_missing = contract.unless_error is not None and error is None
    found = None if may_be_missing and target is not None else placement.after_check(item, error, None)
    defer_at = Place(Where(found.where), unit.offset(found.offset)) if found is not None else None
    return Discarded(
        statement_start=unit.offset(item.start),
        statement_end=unit.offset(item.end),
        blank=unit.span(target) if target is not None else None,
        name=name,
        release=release,
        results=_result_names(unit, contract, name) if target is None else (),
        chained=_chained(contract) if target is None else "",
        defines=isinstance(item, ir.Assign) and item.op == ":=",
        redefines=_redefinition(leak, position),
        type=_type(leak, position),
        error_name=error.name if error is not None else "",
        defer_at=defer_at,
        in_loop=unit.cfg(acquire.function).reaches(acquire.block, acquire.block),
        header=_header(leak, position, defer_at),
        in_header=position is None or position.owner is not None,
        needed=contract.kind in _BUSY,
        error=error_result(unit, acquire.function),
    )


def _name(leak: Leak) -> str:
    """A free name, another one for each value of the function that has none."""
    kind = leak.acquire.contract.kind
    wanted = _NAMES.get(kind, "value")
    nameless = [
        other
        for other in leak.unit.leaks
        if other.kind is LeakKind.INLINE or (other.kind is LeakKind.DISCARDED and other.acquire.target is not None)
    ]
    same = [other for other in nameless if _NAMES.get(other.acquire.contract.kind, "value") == wanted]
    return free_name(leak.unit, wanted, same.index(leak) if leak in same else 0)


def _result_names(unit: FunctionUnit, contract: Contract, name: str) -> tuple[str, ...]:
    count = max(contract.result, contract.unless_error or 0) + 1
    names = ["_"] * count
    names[contract.result] = name
    if contract.unless_error is not None:
        names[contract.unless_error] = free_name(unit, "err")
    return tuple(names)


def _chained(contract: Contract) -> str:
    """``.Body.Close()``, for a call with that one result."""
    method = contract.released_through or contract.release
    if contract.unless_error is not None or contract.result or contract.release_argument or not method:
        return ""
    if method == CALL_ITSELF:
        return "()"
    return (
        "".join(f".{part}" for part in ((*contract.resource, method) if not contract.released_through else (method,)))
        + "()"
    )


def _redefinition(leak: Leak, position: Position | None) -> tuple[int, int] | None:
    """The ``=`` of ``_, err = f()`` where ``:=`` would declare nothing but the new name."""
    unit, item = leak.unit, leak.acquire.item
    if not isinstance(item, ir.Assign) or item.op != "=" or position is None or position.owner is not None:
        return None
    if has_goto(leak.acquire.function) or position.in_clause:
        return None
    for target in item.left:
        if not isinstance(target, ir.Name) or (target.symbol is None and target.name != "_"):
            return None
        if target.symbol is not None and not _declared_in_block(leak, position.block, target.symbol):
            return None
    between = unit.text[item.left[-1].end : item.right[0].start]
    at = between.find(b"=")
    start = unit.offset(item.left[-1].end + at)
    return (start, start + 1) if at >= 0 else None


def _type(leak: Leak, position: Position | None) -> str:
    """The type of a new variable that a line in front of the statement may declare; empty where none may be."""
    signature = leak.unit.typer.callee(leak.acquire.call).signature
    if signature is None or position is None or position.owner is not None or has_goto(leak.acquire.function):
        return ""
    result = leak.acquire.contract.result
    return type_text(leak.unit, signature.results[result]) if result < len(signature.results) else ""


def _declared_in_block(leak: Leak, block: ir.Block, symbol: ir.Symbol) -> bool:
    """Whether ``:=`` in the block only assigns to the variable."""
    function = leak.acquire.function
    if block is function.body and any(param.symbol is symbol for param in (*function.params, *function.results)):
        return True
    return any(isinstance(statement, ir.Assign) and symbol in statement.new for statement in block.statements)


def _header(leak: Leak, position: Position | None, branch: Place | None) -> Header | None:
    owner = position.owner if position is not None else None
    if not isinstance(owner, ir.If):
        return None
    if branch is not None:
        return Header(branch, -1)
    error = leak.acquire.error_symbol
    if error is None or owner.orelse is not None or not error_test(owner.cond, error):
        return None
    return Header(None, leak.unit.offset(owner.then.end))


def inline(leak: Leak) -> Evidence:
    """A value that is used on the spot."""
    unit, acquire = leak.unit, leak.acquire
    statement = _enclosing(unit, acquire.function, acquire.call)
    if statement is None or acquire.contract.unless_error is not None or has_goto(acquire.function):
        return Evidence()
    name = _name(leak)
    release = release_of(leak, name)
    if release is None or meaning(unit, statement, name) is not None:
        return Evidence()
    in_loop = unit.cfg(acquire.function).reaches(acquire.block, acquire.block)
    if in_loop and isinstance(statement, ir.If | ir.Switch):
        return Evidence()
    return Inline(
        statement_start=unit.offset(statement.start),
        statement_end=unit.offset(statement.end),
        call=unit.span(acquire.call),
        name=name,
        release=release,
        in_loop=in_loop,
        leaves=isinstance(statement, ir.Return),
        first=_comes_first(statement, acquire.call),
        error=error_result(unit, acquire.function),
    )


def _enclosing(unit: FunctionUnit, function: ir.Function, call: ir.Call) -> ir.Stmt | None:
    """The statement in front of which a declaration means the same for the call: it runs once, directly before it."""
    placement = unit.placement(function)
    node: ir.Node | None = call
    child: ir.Node = call
    while node is not None and placement.of(node) is None:
        if isinstance(node, ir.Case | ir.CommCase | ir.FuncLit | ir.Block):
            return None
        child, node = node, unit.uses.parent(node)
    position = placement.of(node) if node is not None else None
    if node is None or position is None:
        return None
    if position.owner is not None:
        node, child = position.owner, node
    match node:
        case ir.Assign() | ir.ExprStmt() | ir.Return() | ir.Send():
            return node
        case ir.If() if not isinstance(unit.uses.parent(node), ir.If) and (node.init is None or child is node.init):
            return node
        case ir.Switch() if node.init is None or child is node.init:
            return node
        case _:
            return None


def _comes_first(statement: ir.Stmt, call: ir.Call) -> bool:
    """Whether nothing that could matter is evaluated before the call."""
    others = (part for part in expressions(statement) if isinstance(part, ir.Call) or _receives(part))
    return not any(other.end <= call.start for other in others)


def _receives(expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Unary) and expr.op == "<-"
