"""Walks over the tree, in source order."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.ir import nodes as ir

_EXPRESSION_CLASSES = (
    *(ir.Name, ir.Literal, ir.Selector, ir.Call, ir.Index, ir.SliceExpr, ir.Unary, ir.Binary, ir.Assertion),
    *(ir.Composite, ir.FuncLit, ir.TypeOperand, ir.BadExpr),
)


def children(node: ir.Node) -> Iterator[ir.Node]:
    """The statements and expressions directly below a node; types, parameters and the bodies of literals are left out."""
    match node:
        case ir.Name() | ir.Literal() | ir.TypeOperand() | ir.FuncLit() | ir.Branch() | ir.LocalType():
            return
        case ir.Selector() | ir.Assertion():
            yield node.base
        case ir.Call():
            yield node.func
            yield from node.args
        case ir.Index():
            yield node.base
            yield from node.indices
        case ir.SliceExpr():
            yield node.base
            yield from (bound for bound in node.bounds if bound is not None)
        case ir.Unary() | ir.IncDec():
            yield node.operand
        case ir.Binary():
            yield node.left
            yield node.right
        case ir.Composite():
            for element in node.elements:
                if (element.key is not None and not element.field) or (
                    isinstance(element.key, ir.Name) and element.key.symbol is not None
                ):
                    yield element.key
                yield element.value
        case ir.BadExpr() | ir.BadStmt():
            yield from node.parts
        case ir.ExprStmt():
            yield node.expr
        case ir.Assign():
            yield from node.right
            yield from node.left
        case ir.Send():
            yield node.channel
            yield node.value
        case ir.Go() | ir.Defer():
            yield node.call
        case ir.Return():
            yield from node.values
        case ir.Block():
            yield from node.statements
        case ir.If():
            yield from (part for part in (node.init, node.cond, node.then, node.orelse) if part is not None)
        case ir.For():
            yield from (part for part in (node.init, node.cond, node.post, node.body) if part is not None)
        case ir.Range():
            yield from (part for part in (node.subject, node.key, node.value, node.body) if part is not None)
        case ir.Switch():
            yield from (part for part in (node.init, node.tag, *node.cases) if part is not None)
        case ir.Case():
            yield from node.values
            yield node.body
        case ir.TypeSwitch():
            yield from (part for part in (node.init, node.subject, *node.cases) if part is not None)
        case ir.TypeCase():
            yield node.body
        case ir.Select():
            yield from node.cases
        case ir.CommCase():
            yield from (part for part in (node.comm, node.body) if part is not None)
        case ir.Labeled():
            if node.statement is not None:
                yield node.statement
        case _:
            return


def walk(node: ir.Node, *, literals: bool = False) -> Iterator[ir.Node]:
    """``node`` and everything below it, parents first; the bodies of function literals only with ``literals``."""
    todo = [node]
    while todo:
        current = todo.pop()
        yield current
        below = list(children(current))
        if literals and isinstance(current, ir.FuncLit) and current.function.body is not None:
            below.append(current.function.body)
        todo += reversed(below)


def expressions(node: ir.Node, *, literals: bool = False) -> Iterator[ir.Expr]:
    """The expressions in a statement or expression (itself included), parents first."""
    for found in walk(node, literals=literals):
        if isinstance(found, _EXPRESSION_CLASSES):
            yield found


def statements(block: ir.Node, *, literals: bool = False) -> Iterator[ir.Stmt]:
    """The statements below a block or statement (itself included when it is one), parents first."""
    not_statements = (*_EXPRESSION_CLASSES, ir.Case, ir.TypeCase, ir.CommCase)
    for found in walk(block, literals=literals):
        if not isinstance(found, not_statements):
            yield found  # type: ignore[misc]
