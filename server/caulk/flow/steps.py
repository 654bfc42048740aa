"""Functions reduced to what matters to channels: operations, calls, ``go`` statements, loops and telling conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from caulk.flow import facts as known
from caulk.flow.cfg import Edge, FunctionEnd, Graph, Item
from caulk.flow.channels import Body, body_of, is_starter, runs_on_the_spot
from caulk.ir import nodes as ir
from caulk.ir.visit import walk

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit


class Kind(Enum):
    SEND = "send"
    RECEIVE = "receive"
    CLOSE = "close"
    MAKE = "make"
    BIND = "bind"
    CALL = "call"
    SPAWN = "spawn"
    DEFER = "defer"
    FORGET = "forget"
    LEARN = "learn"
    EXIT = "exit"
    WAIT = "wait"


@dataclass(slots=True, eq=False)
class Step:
    """One thing that a thread does. ``symbols``: the operand of a channel operation, or what a FORGET is about. ``fact``: what
    is known afterwards, behind a RECEIVE only when a value came."""

    kind: Kind
    node: ir.Node | FunctionEnd
    symbols: tuple[ir.Symbol, ...] = ()
    call: ir.Call | None = None
    body: Body | None = None
    fact: known.Fact | None = None


class Loops(Enum):
    ENTER = "enter"
    LEAVE = "leave"


@dataclass(slots=True, eq=False)
class Loop:
    """A loop that communicates or starts goroutines."""

    node: ir.For | ir.Range
    talks: bool
    """Whether its body sends or receives."""
    counts: bool
    """Whether each round stands for one partner: a range, or a ``for`` with a post statement."""
    rounds: int | None
    """The number of rounds when that is a constant."""


@dataclass(eq=False)
class Code:
    """One function, reduced to its steps."""

    unit: FunctionUnit
    function: ir.Function
    graph: Graph
    steps: list[list[Step]]
    after_first: list[int]
    """How many steps of each block belong to its first item."""
    loops: dict[tuple[int, bool], tuple[Loop, Loops]]
    """The conditions of loops: (id of the atomic condition, outcome) to what it does."""
    ranges: dict[int, tuple[Edge, Edge, ir.Range, Loop | None]]
    """Index of the head of a range loop: the edges into and out of it."""
    comms: frozenset[int]
    """The ids of the communications of all selects."""


@dataclass(slots=True, eq=False)
class Telling:
    """Which conditions of a top-level function and its literals are worth knowing."""

    wanted: frozenset[str]
    shared: frozenset[ir.Symbol]

    def about(self, key: str) -> bool:
        return key in self.wanted and not any(known.token(symbol) in key for symbol in self.shared)


class Codes:
    """Reduces functions to steps, once each."""

    def __init__(self, names: frozenset[ir.Symbol]) -> None:
        self._names = names
        self._codes: dict[ir.Function, Code] = {}
        self._relevant: dict[ir.Function, bool] = {}
        self._telling: dict[FunctionUnit, Telling] = {}

    def of(self, unit: FunctionUnit, function: ir.Function) -> Code:
        found = self._codes.get(function)
        if found is None:
            found = self._codes[function] = self._reduce(unit, function)
        return found

    def _reduce(self, unit: FunctionUnit, function: ir.Function) -> Code:
        graph = unit.cfg(function)
        steps: list[list[Step]] = []
        after_first: list[int] = []
        for block in graph.blocks:
            found: list[Step] = []
            first = 0
            for number, item in enumerate(block.items):
                found += self._item(unit, item)
                if not number:
                    first = len(found)
            steps.append(found)
            after_first.append(first)
        code = Code(unit, function, graph, steps, after_first, {}, {}, frozenset(_communications(function)))
        self._find_loops(code)
        return code

    # -- loops

    def _find_loops(self, code: Code) -> None:
        body = code.function.body
        loops: dict[ir.Node, Loop] = {}
        for node in walk(body) if body is not None else ():
            if isinstance(node, ir.For | ir.Range):
                talks = self._talks(code.unit, node.body)
                if talks or self._starts(code.unit, node.body):
                    loops[node] = Loop(node, talks, _is_counted(node), _rounds(node))
        for node, loop in loops.items():
            if isinstance(node, ir.For) and node.cond is not None:
                for atom, value, what in _outcomes(node.cond, Loops.ENTER, Loops.LEAVE):
                    if what is not None:
                        code.loops[id(atom), value] = loop, what
        for block in code.graph.blocks:
            for edge in block.edges:
                first = edge.target.items[0] if edge.target.items else None
                if isinstance(first, ir.Range) and edge.cond is None and len(block.edges) == 2 and not edge.comm:
                    (out,) = (other for other in block.edges if other is not edge)
                    code.ranges[block.index] = edge, out, first, loops.get(first)

    def _talks(self, unit: FunctionUnit, body: ir.Node) -> bool:
        for node in walk(body):
            operand: ir.Expr | None = None
            match node:
                case ir.Send():
                    operand = node.channel
                case ir.Unary(op="<-"):
                    operand = node.operand
                case ir.Range():
                    operand = node.subject
                case ir.Call() if not self._is_spawned(unit, node) and self._called(unit, node) is not None:
                    return True
                case _:
                    pass
            if isinstance(operand, ir.Name) and operand.symbol in self._names:
                return True
        return False

    @staticmethod
    def _is_spawned(unit: FunctionUnit, call: ir.Call) -> bool:
        return isinstance(unit.uses.parent(call), ir.Go)

    def _starts(self, unit: FunctionUnit, body: ir.Node) -> bool:
        return any(
            isinstance(node, ir.Go) or (isinstance(node, ir.Call) and is_starter(unit, node)) for node in walk(body)
        )

    # -- steps

    def _item(self, unit: FunctionUnit, item: Item) -> Iterator[Step]:
        match item:
            case ir.Go(call=ir.Call() as call):
                yield from self._operands(unit, call)
                yield from self._run(unit, Kind.SPAWN, item, call)
            case ir.Defer(call=ir.Call() as call):
                yield from self._operands(unit, call)
                yield from self._deferred(unit, item, call)
            case ir.Send():
                yield from self._expression(unit, item.value)
                yield from self._operation(Kind.SEND, item, item.channel)
            case ir.Assign():
                yield from self._assign(unit, item)
            case ir.Return():
                for value in item.values:
                    yield from self._expression(unit, value)
                yield Step(Kind.EXIT, item)
            case FunctionEnd():
                yield Step(Kind.EXIT, item)
            case ir.ExprStmt():
                yield from self._expression(unit, item.expr)
            case ir.IncDec():
                yield from self._forget(unit, item, (item.operand,))
            case ir.Range():
                yield from self._forget(unit, item, tuple(part for part in (item.key, item.value) if part is not None))
            case ir.Name() | ir.Call() | ir.Unary() | ir.Binary() | ir.Selector() | ir.Index() | ir.Assertion():
                yield from self._expression(unit, item)
            case _:
                pass

    def _assign(self, unit: FunctionUnit, assign: ir.Assign) -> Iterator[Step]:
        if _asks_whether_closed(assign):
            yield from self._forget(unit, assign, assign.left)
        for value in assign.right:
            for step in self._expression(unit, value):
                if step.kind is Kind.RECEIVE and step.node is value:
                    step.fact = self._received(unit, assign)
                yield step
        for number, symbol in enumerate(assign.new):
            if symbol is None or symbol not in self._names:
                continue
            source = _source(assign, number)
            if source is not None and source in self._names:
                yield Step(Kind.BIND, assign, (symbol, source))
            else:
                yield Step(Kind.MAKE, assign, (symbol,))
        if not _asks_whether_closed(assign):
            yield from self._forget(unit, assign, assign.left)
        for fact in _told(assign):
            if fact[0] in self._tells(unit).wanted:
                yield Step(Kind.LEARN, assign, fact=fact)

    def _forget(self, unit: FunctionUnit, node: ir.Node, targets: tuple[ir.Expr, ...]) -> Iterator[Step]:
        symbols = tuple(t.symbol for t in targets if isinstance(t, ir.Name) and t.symbol is not None)
        if any(known.token(symbol) in key for symbol in symbols for key in self._tells(unit).wanted):
            yield Step(Kind.FORGET, node, symbols)

    def _expression(self, unit: FunctionUnit, expr: ir.Expr) -> Iterator[Step]:
        match expr:
            case ir.Unary(op="<-"):
                yield from self._expression(unit, expr.operand)
                yield from self._operation(Kind.RECEIVE, expr, expr.operand)
            case ir.Call(func=ir.Name(name="close", symbol=None), args=(operand,)):
                yield from self._operation(Kind.CLOSE, expr, operand)
            case ir.Call():
                yield from self._operands(unit, expr)
                yield from self._run(unit, Kind.CALL, expr, expr)
            case ir.Selector() | ir.Assertion():
                yield from self._expression(unit, expr.base)
            case ir.Unary():
                yield from self._expression(unit, expr.operand)
            case ir.Binary():
                yield from self._expression(unit, expr.left)
                yield from self._expression(unit, expr.right)
            case ir.Index():
                for part in (expr.base, *expr.indices):
                    yield from self._expression(unit, part)
            case ir.Composite():
                for element in expr.elements:
                    yield from self._expression(unit, element.value)
            case _:
                pass

    def _operands(self, unit: FunctionUnit, call: ir.Call) -> Iterator[Step]:
        for part in (call.func, *call.args):
            yield from self._expression(unit, part)

    def _operation(self, kind: Kind, node: ir.Node, operand: ir.Expr) -> Iterator[Step]:
        if isinstance(operand, ir.Name) and operand.symbol in self._names:
            yield Step(kind, node, (operand.symbol,))

    def _run(self, unit: FunctionUnit, kind: Kind, node: ir.Node, call: ir.Call) -> Iterator[Step]:
        body = self._called(unit, call)
        if body is not None:
            yield Step(kind, node, call=call, body=body)
        elif isinstance(call.func, ir.Selector) and call.func.field == "Wait" and kind is Kind.CALL:
            yield Step(Kind.WAIT, node)
        elif is_starter(unit, call):
            for started in _given_literals(unit, call):
                if self._is_relevant(*started):
                    yield Step(Kind.SPAWN, node, body=started)
        elif call.args and isinstance(call.args[-1], ir.FuncLit) and runs_on_the_spot(unit, call):
            for started in _given_literals(unit, call):
                if self._is_relevant(*started):
                    yield Step(kind, node, body=started)

    def _deferred(self, unit: FunctionUnit, item: ir.Defer, call: ir.Call) -> Iterator[Step]:
        match call:
            case ir.Call(func=ir.Name(name="close", symbol=None), args=(ir.Name(symbol=ir.Symbol() as symbol),)):
                if symbol in self._names:
                    yield Step(Kind.DEFER, item, (symbol,))
            case _:
                body = self._called(unit, call)
                if body is not None:
                    yield Step(Kind.DEFER, item, call=call, body=body)

    def _called(self, unit: FunctionUnit, call: ir.Call) -> Body | None:
        """The body behind a call, when it has to do with the channels in sight."""
        match call.func:
            case ir.FuncLit() as literal:
                body: Body | None = (unit, literal.function)
            case ir.Name(symbol=ir.Symbol(literal=ir.FuncLit() as literal)):
                body = unit, literal.function
            case _:
                if not any(isinstance(arg, ir.Name) and arg.symbol in self._names for arg in call.args):
                    return None
                body = body_of(unit, unit.typer.callee(call))
        return body if body is not None and self._is_relevant(*body) else None

    def _is_relevant(self, unit: FunctionUnit, function: ir.Function) -> bool:
        """Whether running the body can touch a channel in sight."""
        found = self._relevant.get(function)
        if found is None:
            self._relevant[function] = False  # recursion adds nothing
            found = self._relevant[function] = self._touches(unit, function)
        return found

    def _touches(self, unit: FunctionUnit, function: ir.Function) -> bool:
        if function.body is None:
            return False
        for node in walk(function.body, literals=True):
            if isinstance(node, ir.Name) and node.symbol is not None:
                if node.symbol in self._names:
                    return True
                literal = node.symbol.literal
                if literal is not None and self._is_relevant(unit, literal.function):
                    return True
        return False

    def fact(self, unit: FunctionUnit, edge: Edge) -> known.Fact | None:
        """What taking the edge tells, when it is worth knowing."""
        fact = known.key(edge.cond) if edge.cond is not None else None
        if fact is None or not self._tells(unit).about(fact[0]):
            return None
        return fact[0], edge.value == fact[1]

    def _received(self, unit: FunctionUnit, assign: ir.Assign) -> known.Fact | None:
        """What ``v, ok := <-c`` tells when a value came; the opposite when the channel is closed."""
        ok = assign.left[1] if _asks_whether_closed(assign) else None
        if not isinstance(ok, ir.Name) or ok.symbol is None or not self._tells(unit).about(known.token(ok.symbol)):
            return None
        return known.token(ok.symbol), True

    def _tells(self, unit: FunctionUnit) -> Telling:
        found = self._telling.get(unit)
        if found is None:
            found = self._telling[unit] = Telling(_repeated(unit), _assigned_elsewhere(unit))
        return found


def _source(assign: ir.Assign, number: int) -> ir.Symbol | None:
    """The variable whose value, perhaps converted, the name ``number`` gets."""
    value = assign.right[number] if number < len(assign.right) else None
    if isinstance(value, ir.Call) and len(value.args) == 1:
        value = value.args[0]
    return value.symbol if isinstance(value, ir.Name) else None


def communicating(item: object) -> ir.Symbol | None:
    """The variable that holds the channel of a communication clause."""
    operand: ir.Expr | None = None
    match item:
        case ir.Send():
            operand = item.channel
        case ir.ExprStmt(expr=ir.Unary(op="<-") as receive) | ir.Assign(right=(ir.Unary(op="<-") as receive,)):
            operand = receive.operand
        case _:
            pass
    return operand.symbol if isinstance(operand, ir.Name) else None


def _communications(function: ir.Function) -> Iterator[int]:
    for node in walk(function.body) if function.body is not None else ():
        if isinstance(node, ir.CommCase) and node.comm is not None:
            yield id(node.comm)


def _given_literals(unit: FunctionUnit, call: ir.Call) -> Iterator[Body]:
    for arg in call.args:
        match arg:
            case ir.FuncLit():
                yield unit, arg.function
            case ir.Name(symbol=ir.Symbol(literal=ir.FuncLit() as literal)):
                yield unit, literal.function
            case _:
                pass


def _outcomes(cond: ir.Expr, true: Loops | None, false: Loops | None) -> Iterator[tuple[ir.Expr, bool, Loops | None]]:
    """What each outcome of the atoms of a loop condition does; mirrors how the graph takes conditions apart."""
    match cond:
        case ir.Binary(op="&&"):
            yield from _outcomes(cond.left, None, false)
            yield from _outcomes(cond.right, true, false)
        case ir.Binary(op="||"):
            yield from _outcomes(cond.left, true, None)
            yield from _outcomes(cond.right, true, false)
        case ir.Unary(op="!"):
            yield from _outcomes(cond.operand, false, true)
        case _:
            yield cond, True, true
            yield cond, False, false


def _is_counted(loop: ir.For | ir.Range) -> bool:
    return isinstance(loop, ir.Range) or loop.post is not None


def _rounds(loop: ir.For | ir.Range) -> int | None:
    """How often the loop runs, when that is a number in the text."""
    match loop:
        case ir.Range(subject=ir.Literal(kind="int", text=text)):
            limit = text
        case ir.For(
            init=ir.Assign(right=(ir.Literal(text="0"),)),
            cond=ir.Binary(op="<", right=ir.Literal(kind="int", text=text)),
            post=ir.IncDec(op="++"),
        ):
            limit = text
        case _:
            return None
    return int(limit) if limit.isdigit() else None


def _told(assign: ir.Assign) -> Iterator[known.Fact]:
    """What an assignment of ``true``, ``false`` or ``nil``, or a declaration without a value, tells about its variables."""
    if assign.op == "var" and not assign.right:
        for symbol in assign.new:
            if symbol is not None:
                is_bool = isinstance(assign.type, ir.NamedType) and assign.type.name == "bool"
                yield (known.token(symbol), False) if is_bool else known.nil_fact(symbol)
    if len(assign.left) == len(assign.right) == 1:
        fact = _constant(assign.left[0], assign.right[0])
        if fact is not None:
            yield fact


def _constant(target: ir.Expr, value: ir.Expr) -> known.Fact | None:
    """What a constant tells about the variable that gets it. Panics are no paths here, so that recover gives nil."""
    if not isinstance(target, ir.Name) or target.symbol is None:
        return None
    match value:
        case ir.Name(symbol=None, name="true" | "false" as name):
            return known.token(target.symbol), name == "true"
        case ir.Name(symbol=None, name="nil") | ir.Call(func=ir.Name(symbol=None, name="recover"), args=()):
            return known.nil_fact(target.symbol)
        case _:
            return None


def _asks_whether_closed(assign: ir.Assign) -> bool:
    """Whether the statement is ``v, ok := <-c``."""
    match assign:
        case ir.Assign(left=(_, _), right=(ir.Unary(op="<-"),)):
            return True
        case _:
            return False


def _assigned_elsewhere(unit: FunctionUnit) -> frozenset[ir.Symbol]:
    """The variables that a literal assigns although another function declares them: any thread may change them."""
    found: set[ir.Symbol] = set()
    for function in unit.function.walk():
        if function.body is None:
            continue
        for node in walk(function.body):
            targets: tuple[ir.Expr, ...] = ()
            if isinstance(node, ir.Assign):
                targets = node.left
            elif isinstance(node, ir.IncDec):
                targets = (node.operand,)
            for target in targets:
                if isinstance(target, ir.Name) and target.symbol is not None and target.symbol.function is not function:
                    found.add(target.symbol)
    return frozenset(found)


def _repeated(unit: FunctionUnit) -> frozenset[str]:
    """The conditions that the function with its literals tests twice, or tests and sets; with them what switches the clause
    of a select off."""
    seen: set[str] = set()
    twice: set[str] = set()

    def note(fact: known.Fact | None) -> None:
        if fact is not None:
            (twice if fact[0] in seen else seen).add(fact[0])

    for function in unit.function.walk():
        if function.body is None:
            continue
        conditions = {
            id(edge.cond): edge.cond
            for block in unit.cfg(function).blocks
            for edge in block.edges
            if edge.cond is not None
        }
        for condition in conditions.values():
            note(known.key(condition))
        for node in walk(function.body):
            if isinstance(node, ir.Assign):
                for fact in _told(node):
                    note(fact)
                if _asks_whether_closed(node):
                    note(known.key(node.left[1]))
            elif isinstance(node, ir.CommCase):
                symbol = communicating(node.comm)
                if symbol is not None:
                    note(known.nil_fact(symbol))
    return frozenset(twice)
