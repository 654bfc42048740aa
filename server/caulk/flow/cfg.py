"""The control-flow graph of one function body.

Blocks hold simple statements and evaluated expressions in order. ``&&``, ``||`` and ``!`` are edges, so the condition on an
edge is always atomic; a switch is a chain of ``tag == value`` edges. A function literal is a function of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from caulk.ir import nodes as ir


@dataclass(slots=True, eq=False)
class BodyEnd(ir.Node):
    """The end of a loop body: control goes round again. ``start`` is the offset of the closing brace."""


@dataclass(slots=True, eq=False)
class FunctionEnd(ir.Node):
    """Control falls off the end of the function. ``start`` is the offset of the closing brace."""


Item: TypeAlias = ir.Stmt | ir.Expr | ir.TypeCase | BodyEnd | FunctionEnd
"""What a block holds: a simple statement; an expression that is evaluated (a condition, a tag, a range subject); a
:class:`ir.Range` or :class:`ir.TypeCase` for the binding of its variables; the two markers above."""


@dataclass(slots=True, eq=False)
class Edge:
    target: Block
    cond: ir.Expr | None = None
    """The atomic condition that decides it, None for an unconditional edge."""
    value: bool = True
    """Whether the edge is taken when the condition is true."""
    comm: bool = False
    """Whether it enters a clause of a select."""
    exhausted: ir.Expr | None = None
    """The subject of the range loop that has come to its end."""


@dataclass(slots=True, eq=False)
class Block:
    index: int
    items: list[Item] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    sources: list[tuple[Block, Edge]] = field(default_factory=list)

    @property
    def entered(self) -> bool:
        """Whether an edge leads here."""
        return bool(self.sources)

    def link(self, edge: Edge) -> None:
        self.edges.append(edge)
        edge.target.sources.append((self, edge))


@dataclass(slots=True, eq=False)
class Graph:
    function: ir.Function
    blocks: list[Block]
    defers: list[ir.Defer]
    """Every defer statement of this function (not of its literals), in source order."""

    @property
    def entry(self) -> Block:
        return self.blocks[0]

    def reaches(self, start: Block, target: Block, avoiding: Block | None = None) -> bool:
        """Whether ``target`` can be reached from ``start`` over at least one edge, without entering ``avoiding``."""
        seen: set[int] = {avoiding.index} if avoiding is not None else set()
        todo = [edge.target for edge in start.edges]
        while todo:
            block = todo.pop()
            if block is target:
                return True
            if block.index not in seen:
                seen.add(block.index)
                todo += [edge.target for edge in block.edges]
        return False

    def reachable(self) -> list[Block]:
        """The blocks that control can reach from the entry, in order of discovery."""
        seen = {0}
        found = [self.entry]
        for block in found:
            for edge in block.edges:
                if edge.target.index not in seen:
                    seen.add(edge.target.index)
                    found.append(edge.target)
        return found


NoReturn: TypeAlias = Callable[[ir.Call], bool]


def build(function: ir.Function, never_returns: NoReturn) -> Graph:
    """The graph of ``function``; ``never_returns`` tells the calls that end the path (``os.Exit``, ``log.Fatal`` …)."""
    return _Builder(function, never_returns).graph()


def leaves(statement: ir.Stmt | None, never_returns: NoReturn) -> bool:
    """Whether control never falls out of the end of ``statement``: the syntactic test that Go itself uses, and calls."""
    match statement:
        case ir.Return():
            return True
        case ir.Branch():
            return statement.keyword != "fallthrough"
        case ir.ExprStmt(expr=ir.Call() as call):
            return never_returns(call)
        case ir.Block():
            return bool(statement.statements) and leaves(statement.statements[-1], never_returns)
        case ir.If():
            return statement.orelse is not None and (
                leaves(statement.then, never_returns) and leaves(statement.orelse, never_returns)
            )
        case ir.Labeled():
            return leaves(statement.statement, never_returns)
        case _:
            return False


@dataclass(slots=True)
class _Jump:
    """Where ``break`` and ``continue`` of one enclosing statement go."""

    label: str
    after: Block
    again: Block | None
    """None for a switch or select: no continue."""


class _Builder:
    def __init__(self, function: ir.Function, never_returns: NoReturn) -> None:
        self._function = function
        self._never_returns = never_returns
        self._blocks: list[Block] = []
        self._defers: list[ir.Defer] = []
        self._jumps: list[_Jump] = []
        self._labels: dict[str, Block] = {}
        self._pending_label = ""
        self._fallthrough: Block | None = None
        self._current: Block | None = self._new()

    def graph(self) -> Graph:
        body = self._function.body
        if body is not None:
            self._statements(body.statements)
            self._add(FunctionEnd(max(body.end - 1, body.start), body.end))
        return Graph(self._function, self._blocks, self._defers)

    # -- blocks

    def _new(self) -> Block:
        block = Block(len(self._blocks))
        self._blocks.append(block)
        return block

    def _add(self, item: Item) -> None:
        if self._current is not None:
            self._current.items.append(item)

    def _go(self, target: Block) -> None:
        """An unconditional edge from here; afterwards nothing is current."""
        if self._current is not None:
            self._current.link(Edge(target))
        self._current = None

    def _start(self, block: Block, *, labelled: bool = False) -> None:
        """Go on in ``block`` when anything leads there; a label may be reached by a goto that comes later."""
        self._current = block if block.entered or labelled else None

    # -- statements

    def _statements(self, statements: tuple[ir.Stmt, ...]) -> None:
        for statement in statements:
            if self._current is None and not self._has_label(statement):
                continue  # unreachable; a label further on revives the flow
            self._statement(statement)

    def _has_label(self, statement: ir.Stmt) -> bool:
        match statement:
            case ir.Labeled():
                return True
            case ir.Block():
                return any(map(self._has_label, statement.statements))
            case ir.If():
                branches = [statement.then, *([statement.orelse] if statement.orelse else [])]
                return any(map(self._has_label, branches))
            case ir.For() | ir.Range():
                return self._has_label(statement.body)
            case ir.Switch() | ir.TypeSwitch() | ir.Select():
                return any(self._has_label(case.body) for case in statement.cases)
            case _:
                return False

    def _statement(self, statement: ir.Stmt) -> None:
        label, self._pending_label = self._pending_label, ""
        match statement:
            case ir.Block():
                self._statements(statement.statements)
            case ir.If():
                self._if(statement)
            case ir.For():
                self._for(statement, label)
            case ir.Range():
                self._range(statement, label)
            case ir.Switch():
                self._switch(statement, label)
            case ir.TypeSwitch():
                self._type_switch(statement, label)
            case ir.Select():
                self._select(statement, label)
            case ir.Labeled():
                self._labeled(statement)
            case ir.Branch():
                self._branch(statement)
            case ir.Return():
                self._add(statement)
                self._current = None
            case ir.BadStmt():
                self._statements(statement.parts)
            case _:
                self._simple(statement)

    def _simple(self, statement: ir.Stmt) -> None:
        self._add(statement)
        if isinstance(statement, ir.Defer) and self._current is not None:
            self._defers.append(statement)
        call = statement.expr if isinstance(statement, ir.ExprStmt) else None
        if isinstance(call, ir.Call) and self._never_returns(call):
            self._current = None

    def _labeled(self, statement: ir.Labeled) -> None:
        block = self._label(statement.label)
        self._go(block)
        self._start(block, labelled=True)
        if statement.statement is not None:
            self._pending_label = statement.label
            self._statement(statement.statement)
            self._pending_label = ""

    def _label(self, name: str) -> Block:
        if name not in self._labels:
            self._labels[name] = self._new()
        return self._labels[name]

    def _branch(self, statement: ir.Branch) -> None:
        self._add(statement)
        match statement.keyword:
            case "goto":
                self._go(self._label(statement.label))
            case "fallthrough":
                if self._fallthrough is not None:
                    self._go(self._fallthrough)
            case keyword:
                target = self._jump_target(keyword, statement.label)
                if target is not None:
                    self._go(target)
        self._current = None

    def _jump_target(self, keyword: str, label: str) -> Block | None:
        for jump in reversed(self._jumps):
            if label and jump.label != label:
                continue
            if keyword == "break":
                return jump.after
            if jump.again is not None:
                return jump.again
        return None

    # -- conditions

    def _condition(self, cond: ir.Expr, true: Block, false: Block) -> None:
        match cond:
            case ir.Binary(op="&&"):
                middle = self._new()
                self._condition(cond.left, middle, false)
                self._start(middle)
                self._condition(cond.right, true, false)
            case ir.Binary(op="||"):
                middle = self._new()
                self._condition(cond.left, true, middle)
                self._start(middle)
                self._condition(cond.right, true, false)
            case ir.Unary(op="!"):
                self._condition(cond.operand, false, true)
            case _:
                self._atom(cond, true, false)

    def _atom(self, cond: ir.Expr, true: Block, false: Block) -> None:
        self._add(cond)
        if self._current is not None:
            constant = cond.name if isinstance(cond, ir.Name) and cond.symbol is None else ""
            if constant != "false":
                self._current.link(Edge(true, cond, True))
            if constant != "true":
                self._current.link(Edge(false, cond, False))
        self._current = None

    def _if(self, statement: ir.If) -> None:
        if statement.init is not None:
            self._statement(statement.init)
        then, orelse, after = self._new(), self._new(), self._new()
        self._condition(statement.cond, then, orelse)
        self._start(then)
        self._statement(statement.then)
        self._go(after)
        self._start(orelse)
        if statement.orelse is not None:
            self._statement(statement.orelse)
        self._go(after)
        self._start(after)

    # -- loops

    def _loop_body(self, body: ir.Block, label: str, after: Block, again: Block) -> None:
        self._jumps.append(_Jump(label, after, again))
        self._statements(body.statements)
        self._jumps.pop()
        self._add(BodyEnd(max(body.end - 1, body.start), body.end))
        self._go(again)

    def _for(self, statement: ir.For, label: str) -> None:
        if statement.init is not None:
            self._statement(statement.init)
        head, body, post, after = self._new(), self._new(), self._new(), self._new()
        self._go(head)
        self._start(head)
        if statement.cond is None:
            self._go(body)
        else:
            self._condition(statement.cond, body, after)
        self._start(body)
        self._loop_body(statement.body, label, after, post)
        self._start(post)
        if statement.post is not None:
            self._statement(statement.post)
        self._go(head)
        self._start(after)

    def _range(self, statement: ir.Range, label: str) -> None:
        self._add(statement.subject)
        head, bind, after = self._new(), self._new(), self._new()
        self._go(head)
        head.link(Edge(bind))
        head.link(Edge(after, exhausted=statement.subject))
        self._start(bind)
        self._add(statement)
        self._loop_body(statement.body, label, after, head)
        self._start(after)

    # -- switches

    def _clause(self, body: ir.Block, after: Block) -> None:
        self._statements(body.statements)
        self._go(after)

    def _switch(self, statement: ir.Switch, label: str) -> None:
        if statement.init is not None:
            self._statement(statement.init)
        if statement.tag is not None:
            self._add(statement.tag)
        after = self._new()
        bodies = [self._new() for _ in statement.cases]
        default = after
        for case, body in zip(statement.cases, bodies, strict=True):
            if case.default:
                default = body
            for value in case.values:
                following = self._new()
                self._condition(self._tested(statement.tag, value), body, following)
                self._start(following)
        self._go(default)
        self._jumps.append(_Jump(label, after, None))
        outer = self._fallthrough
        for number, (case, body) in enumerate(zip(statement.cases, bodies, strict=True)):
            self._fallthrough = bodies[number + 1] if number + 1 < len(bodies) else after
            self._start(body)
            self._clause(case.body, after)
        self._fallthrough = outer
        self._jumps.pop()
        self._start(after)

    @staticmethod
    def _tested(tag: ir.Expr | None, value: ir.Expr) -> ir.Expr:
        if tag is None:
            return value
        return ir.Binary(value.start, value.end, "==", tag, value)

    def _type_switch(self, statement: ir.TypeSwitch, label: str) -> None:
        if statement.init is not None:
            self._statement(statement.init)
        self._add(statement.subject)
        head, after = self._current, self._new()
        self._jumps.append(_Jump(label, after, None))
        for case in statement.cases:
            body = self._new()
            if head is not None:
                head.link(Edge(body))
            body.items.append(case)
            self._start(body)
            self._clause(case.body, after)
        if head is not None and not any(case.default for case in statement.cases):
            head.link(Edge(after))
        self._jumps.pop()
        self._start(after)

    def _select(self, statement: ir.Select, label: str) -> None:
        head, after = self._current, self._new()
        self._current = None
        self._jumps.append(_Jump(label, after, None))
        for case in statement.cases:
            body = self._new()
            if head is not None:
                head.link(Edge(body, comm=True))
            self._start(body)
            if case.comm is not None:
                self._statement(case.comm)
            self._clause(case.body, after)
        self._jumps.pop()
        self._start(after)


def items(graph: Graph) -> Iterator[tuple[Block, int, Item]]:
    """Every item of the reachable blocks with its place."""
    for block in graph.reachable():
        for number, item in enumerate(block.items):
            yield block, number, item
