"""Walks over the tree, in source order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from caulk.ir import nodes as ir

_EXPRESSION_CLASSES = frozenset(
    {
        *(ir.Name, ir.Literal, ir.Selector, ir.Call, ir.Index, ir.SliceExpr, ir.Unary, ir.Binary, ir.Assertion),
        *(ir.Composite, ir.FuncLit, ir.TypeOperand, ir.BadExpr),
    }
)
_NOT_STATEMENTS = _EXPRESSION_CLASSES | {ir.Case, ir.TypeCase, ir.CommCase}


def _some(*parts: ir.Node | None) -> Sequence[ir.Node]:
    return [part for part in parts if part is not None]


def _elements(node: ir.Composite) -> Sequence[ir.Node]:
    found: list[ir.Node] = []
    for element in node.elements:
        key = element.key
        if key is not None and (not element.field or (isinstance(key, ir.Name) and key.symbol is not None)):
            found.append(key)
        found.append(element.value)
    return found


_BELOW: dict[type[ir.Node], Callable[[Any], Sequence[ir.Node]]] = {
    ir.Selector: lambda node: (node.base,),
    ir.Assertion: lambda node: (node.base,),
    ir.Call: lambda node: (node.func, *node.args),
    ir.Index: lambda node: (node.base, *node.indices),
    ir.SliceExpr: lambda node: _some(node.base, *node.bounds),
    ir.Unary: lambda node: (node.operand,),
    ir.IncDec: lambda node: (node.operand,),
    ir.Binary: lambda node: (node.left, node.right),
    ir.Composite: _elements,
    ir.BadExpr: lambda node: node.parts,
    ir.BadStmt: lambda node: node.parts,
    ir.ExprStmt: lambda node: (node.expr,),
    ir.Assign: lambda node: node.right + node.left,
    ir.Send: lambda node: (node.channel, node.value),
    ir.Go: lambda node: (node.call,),
    ir.Defer: lambda node: (node.call,),
    ir.Return: lambda node: node.values,
    ir.Block: lambda node: node.statements,
    ir.If: lambda node: _some(node.init, node.cond, node.then, node.orelse),
    ir.For: lambda node: _some(node.init, node.cond, node.post, node.body),
    ir.Range: lambda node: _some(node.subject, node.key, node.value, node.body),
    ir.Switch: lambda node: _some(node.init, node.tag, *node.cases),
    ir.Case: lambda node: (*node.values, node.body),
    ir.TypeSwitch: lambda node: _some(node.init, node.subject, *node.cases),
    ir.TypeCase: lambda node: (node.body,),
    ir.Select: lambda node: node.cases,
    ir.CommCase: lambda node: _some(node.comm, node.body),
    ir.Labeled: lambda node: _some(node.statement),
}
"""What stands directly below a node of a class; a class that is not named has nothing there."""


def children(node: ir.Node) -> Sequence[ir.Node]:
    """The statements and expressions directly below a node; types, parameters and the bodies of literals are left out."""
    below = _BELOW.get(type(node))
    return below(node) if below is not None else ()


def walk(node: ir.Node, *, literals: bool = False) -> Sequence[ir.Node]:
    """``node`` and everything below it, parents first; the bodies of function literals only with ``literals``. What is below a
    block is kept with it: every rule walks the same bodies."""
    if type(node) is not ir.Block:
        return _walk(node, literals)
    if literals:
        if node.all_below is None:
            node.all_below = _walk(node, True)
        return node.all_below
    if node.own_below is None:
        node.own_below = _walk(node, False)
    return node.own_below


def _walk(node: ir.Node, literals: bool) -> Sequence[ir.Node]:
    found: list[ir.Node] = []
    todo = [node]
    while todo:
        current = todo.pop()
        found.append(current)
        below = _BELOW.get(type(current))
        if below is not None:
            todo += below(current)[::-1]
        elif literals and isinstance(current, ir.FuncLit) and current.function.body is not None:
            todo.append(current.function.body)
    return found


def expressions(node: ir.Node, *, literals: bool = False) -> Iterable[ir.Expr]:
    """The expressions in a statement or expression (itself included), parents first."""
    return [found for found in walk(node, literals=literals) if type(found) in _EXPRESSION_CLASSES]  # type: ignore[misc]


def statements(block: ir.Node, *, literals: bool = False) -> Iterable[ir.Stmt]:
    """The statements below a block or statement (itself included when it is one), parents first."""
    return [found for found in walk(block, literals=literals) if type(found) not in _NOT_STATEMENTS]  # type: ignore[misc]
