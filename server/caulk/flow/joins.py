"""Whether a function waits for a goroutine on every way out: only then does what it captures not outlive the function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caulk.flow.cfg import Block, FunctionEnd, Graph
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, walk

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit


def is_joined(unit: FunctionUnit, function: ir.Function, start: ir.Stmt, body: ir.Node) -> bool:
    """Whether every path from the statement ``start`` (that starts a goroutine running ``body``) waits for it: a ``Wait`` on
    something that the goroutine uses, or a receive, outside a select with other arms, on a channel that it uses."""
    shared = {part.symbol for part in expressions(body, literals=True) if isinstance(part, ir.Name) and part.symbol}
    shared |= _receiver_symbols(start)
    graph = unit.cfg(function)
    if any(_waits(statement.call, shared) for statement in graph.defers if statement.start < start.start):
        return True
    place = _place(graph, start)
    if place is None:
        return False
    arms = _select_arms(function)
    block, index = place
    seen: set[int] = set()
    todo = [(block, index + 1)]
    while todo:
        block, index = todo.pop()
        joined = False
        for item in block.items[index:]:
            if id(item) not in arms and _waits(item, shared):
                joined = True
                break
            if isinstance(item, ir.Return | FunctionEnd):
                return False
        if joined:
            continue
        for edge in block.edges:
            if edge.target.index not in seen:
                seen.add(edge.target.index)
                todo.append((edge.target, 0))
    return True


def _receiver_symbols(start: ir.Stmt) -> set[ir.Symbol]:
    """``g.Go(func…)``: the group itself."""
    call = start.expr if isinstance(start, ir.ExprStmt) else None
    if isinstance(call, ir.Call) and isinstance(call.func, ir.Selector) and isinstance(call.func.base, ir.Name):
        return {call.func.base.symbol} if call.func.base.symbol else set()
    return set()


def _place(graph: Graph, start: ir.Stmt) -> tuple[Block, int] | None:
    for block in graph.blocks:
        for index, item in enumerate(block.items):
            if item is start:
                return block, index
    return None


def _select_arms(function: ir.Function) -> set[int]:
    """The communications of selects with more than one arm: another one may be taken."""
    found: set[int] = set()
    if function.body is None:
        return found
    for node in walk(function.body):
        if isinstance(node, ir.Select) and len(node.cases) > 1:
            found |= {id(case.comm) for case in node.cases if case.comm is not None}
    return found


def _waits(item: ir.Node, shared: set[ir.Symbol]) -> bool:
    if isinstance(item, ir.Range):
        subject = item.subject
        return isinstance(subject, ir.Name) and subject.symbol in shared
    for part in expressions(item):
        func = part.func if isinstance(part, ir.Call) else None
        if isinstance(func, ir.Selector) and func.field == "Wait" and _symbol(func.base) in shared:
            return True
        if isinstance(part, ir.Unary) and part.op == "<-" and _symbol(part.operand) in shared:
            return True
    return False


def _symbol(expr: ir.Expr) -> ir.Symbol | None:
    return expr.symbol if isinstance(expr, ir.Name) else None
