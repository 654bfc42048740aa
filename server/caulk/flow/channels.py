"""Local channels: which channel a name stands for, and what happens to it outside the functions that can be followed.

A channel is followed from the ``make`` in one function through that function's literals, plain renamings and the parameters of
functions of the same package. Whatever else can reach it is summed up as the *ends* that others hold: somebody outside may
send on it, or receive from it, and only proofs that survive this are worth a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, Flag, auto
from typing import TYPE_CHECKING, TypeAlias

from caulk.ir import nodes as ir
from caulk.ir.visit import children
from caulk.semantics.model import Callee, CalleeKind, Chan, Signature, Type

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

STARTERS = frozenset(
    {
        "sync.WaitGroup.Go",
        "golang.org/x/sync/errgroup.Group.Go",
        "golang.org/x/sync/errgroup.Group.TryGo",
    }
)
"""Methods that run the function that they are given in a goroutine of its own."""
STARTER_NAMES = frozenset(name.rpartition(".")[2].encode() for name in STARTERS)

CALLED_ON_THE_SPOT = frozenset(
    {
        *("sync.Once.Do", "sync.Map.Range", "sort.Slice", "sort.SliceStable", "sort.Search"),
        *("slices.SortFunc", "slices.SortStableFunc", "slices.IndexFunc", "slices.ContainsFunc"),
        *("strings.Map", "strings.FieldsFunc", "strings.IndexFunc", "path/filepath.Walk", "path/filepath.WalkDir"),
    }
)
"""Functions that call the function that they are given before they return, and keep it no longer."""
_NAMES_ON_THE_SPOT = frozenset(name.rpartition(".")[2].encode() for name in CALLED_ON_THE_SPOT)

MAX_CAPACITY = 3
"""Larger buffers, and those whose size is not a literal, are taken for large enough."""


class Use(Enum):
    SEND = "send"
    RECEIVE = "receive"
    RANGE = "range"
    CLOSE = "close"
    MEASURE = "len or cap"


class Ends(Flag):
    """Which ends of a channel unknown code holds."""

    NONE = 0
    SEND = auto()
    RECEIVE = auto()
    BOTH = SEND | RECEIVE


@dataclass(frozen=True, slots=True, eq=False)
class ChannelUse:
    """One operation. ``node`` is the send, the receiving ``<-``, the range statement or the call of close, len or cap."""

    use: Use
    node: ir.Node
    unit: FunctionUnit
    function: ir.Function
    """The function or literal that it stands in."""


@dataclass(eq=False)
class Channel:
    """A channel that a local variable holds from its declaration on."""

    unit: FunctionUnit
    symbol: ir.Symbol
    make: ir.Call | None
    """None for ``var ch chan T`` that is never assigned: a nil channel."""
    declaration: ir.Assign
    capacity: int | None
    """None when it is large or unknown."""
    uses: list[ChannelUse] = field(default_factory=list)
    held: Ends = Ends.NONE
    """The ends that unknown code may use."""
    given: Ends = Ends.NONE
    """The ends that the caller gets with the result of the function."""
    returned: list[ir.Return] = field(default_factory=list)
    """The returns that do so."""
    names: set[ir.Symbol] = field(default_factory=set)
    """All variables and parameters that stand for it."""

    @property
    def function(self) -> ir.Function:
        return self.symbol.function

    def of(self, *uses: Use) -> list[ChannelUse]:
        return [use for use in self.uses if use.use in uses]


Body: TypeAlias = "tuple[FunctionUnit, ir.Function]"


class Uses:
    """Where the names of one top-level function stand: parents of nodes, and the occurrences of each variable."""

    def __init__(self, top: ir.Function) -> None:
        self._top = top
        self._parents: dict[int, ir.Node] = {}
        self.names: dict[ir.Symbol, list[ir.Name]] = {}
        self.literals: dict[ir.Function, ir.FuncLit] = {}
        if top.body is not None:
            self._index(top.body)

    def _index(self, root: ir.Node) -> None:
        todo: list[ir.Node] = [root]
        while todo:
            node = todo.pop()
            below = list(children(node))
            if isinstance(node, ir.FuncLit):
                self.literals[node.function] = node
                if node.function.body is not None:
                    below.append(node.function.body)
            elif isinstance(node, ir.Name) and node.symbol is not None:
                self.names.setdefault(node.symbol, []).append(node)
            for child in below:
                self._parents[id(child)] = node
            todo += reversed(below)

    def parent(self, node: ir.Node) -> ir.Node | None:
        return self._parents.get(id(node))

    def function_of(self, node: ir.Node) -> ir.Function:
        """The innermost function that ``node`` stands in."""
        current = self.parent(node)
        while current is not None:
            if isinstance(current, ir.FuncLit):
                return current.function
            current = self.parent(current)
        return self._top

    def around(self, node: ir.Node) -> Iterator[ir.Node]:
        """The nodes around ``node`` within its own function, innermost first."""
        current = self.parent(node)
        while current is not None and not isinstance(current, ir.FuncLit):
            yield current
            current = self.parent(current)


def make_of(value: ir.Expr) -> ir.Call | None:
    """``value`` when it is ``make`` of something that may be a channel."""
    match value:
        case ir.Call(func=ir.Name(name="make", symbol=None), args=(ir.TypeOperand(type=ir.ChanType()), *_)):
            return value
        case _:
            return None


def capacity_of(make: ir.Call) -> int | None:
    if len(make.args) < 2:
        return 0
    size = make.args[1]
    if isinstance(size, ir.Literal) and size.kind == "int" and size.text.isdigit():
        number = int(size.text)
        return number if number < MAX_CAPACITY else None
    return None


def renamed(declaration: ir.Assign, value: ir.Node) -> ir.Symbol | None:
    """The new, never reassigned variable that ``declaration`` gives just ``value``."""
    if len(declaration.left) != len(declaration.right):
        return None
    for target, source, new in zip(declaration.left, declaration.right, declaration.new, strict=False):
        if source is value and isinstance(target, ir.Name):
            return new if new is not None and not new.assigned else None
    return None


def body_of(unit: FunctionUnit, callee: Callee) -> Body | None:
    """The body that a call runs: a literal of the same top-level function, or a function of the package."""
    if callee.kind is CalleeKind.LITERAL:
        return (unit, callee.literal) if callee.literal is not None else None
    if callee.kind not in (CalleeKind.FUNCTION, CalleeKind.METHOD):
        return None
    found = unit.program.own_unit_of_callee(callee)
    return (found, found.function) if found is not None and found.function.body is not None else None


_DECLARES = re.compile(rb"make\(\s*(?:<-\s*)?chan\b|\bvar\b")


def channels_in(unit: FunctionUnit) -> list[Channel]:
    """The local channels of a top-level function and its literals, with all that is known to happen to them."""
    if b"chan" not in unit.words or _DECLARES.search(unit.code) is None:
        return []
    found: list[Channel] = []
    for function in unit.function.walk():
        if function.body is None:
            continue
        for block in unit.cfg(function).reachable():
            for item in block.items:
                if isinstance(item, ir.Assign) and item.op in (":=", "var"):
                    found += _declared(unit, item)
    for channel in found:
        _LocalTracer(channel).run()
    return found


def _declared(unit: FunctionUnit, declaration: ir.Assign) -> Iterator[Channel]:
    if not declaration.right and isinstance(declaration.type, ir.ChanType):
        for symbol in declaration.new:
            if symbol is not None and not symbol.assigned:
                yield Channel(unit, symbol, None, declaration, 0, names={symbol})
    for value in declaration.right:
        make = make_of(value)
        symbol = renamed(declaration, value) if make is not None else None
        if make is not None and symbol is not None:
            yield Channel(unit, symbol, make, declaration, capacity_of(make), names={symbol})


class Tracer:
    """Follows a channel through the names that it gets. What is done with it, who else gets it and where it is kept is for the
    subclasses to note."""

    def __init__(self, names: set[ir.Symbol]) -> None:
        self._names = names
        """All variables and parameters that stand for it."""
        self._todo: list[tuple[FunctionUnit, ir.Symbol]] = []

    # -- for the subclasses

    def _use(self, unit: FunctionUnit, use: Use, node: ir.Node) -> None:
        raise NotImplementedError

    def _leak(self, ends: Ends) -> None:
        """Somebody gets ends of the channel who is not followed."""
        raise NotImplementedError

    def _give(self, unit: FunctionUnit, statement: ir.Return, ends: Ends) -> None:
        """A caller gets ends of the channel."""
        raise NotImplementedError

    def _define(self, unit: FunctionUnit, assign: ir.Assign, node: ir.Expr, value: ir.Expr | None) -> None:
        """``node``, which stands for the channel, is assigned ``value``: None when that is not one expression."""
        raise NotImplementedError

    def _keep(self, unit: FunctionUnit, target: ir.Expr) -> None:
        """The channel is assigned to something that is no new variable."""
        self._leak(Ends.BOTH)

    def _keep_element(self, unit: FunctionUnit, literal: ir.Composite, node: ir.Expr) -> None:
        """The channel is an element of a composite literal."""
        self._leak(Ends.BOTH)

    def _is_followed_call(self, unit: FunctionUnit, call: ir.Call) -> bool:
        """Whether a call that gets the channel runs only where it is seen."""
        return True

    # -- the walk

    def _run(self) -> None:
        while self._todo:
            unit, symbol = self._todo.pop()
            for name in unit.uses.names.get(symbol, ()):
                self._expression(unit, name)

    def _expression(self, unit: FunctionUnit, node: ir.Expr) -> None:
        """What happens to the channel that the expression ``node`` stands for."""
        parent = unit.uses.parent(node)
        match parent:
            case ir.Send() if parent.channel is node:
                self._use(unit, Use.SEND, parent)
            case ir.Unary(op="<-"):
                self._use(unit, Use.RECEIVE, parent)
            case ir.Range() if parent.subject is node:
                self._use(unit, Use.RANGE, parent)
            case ir.Call():
                self._call(unit, parent, node)
            case ir.Binary(op="==" | "!="):
                pass
            case ir.Assign():
                self._assign(unit, parent, node)
            case ir.Return():
                self._return(unit, parent, node)
            case ir.Composite():
                self._keep_element(unit, parent, node)
            case _:
                self._leak(Ends.BOTH)

    def _call(self, unit: FunctionUnit, call: ir.Call, node: ir.Expr) -> None:
        match call:
            case ir.Call(func=ir.Name(name="close", symbol=None)):
                self._use(unit, Use.CLOSE, call)
                return
            case ir.Call(func=ir.Name(name="len" | "cap", symbol=None)):
                self._use(unit, Use.MEASURE, call)
                return
            case _:
                pass
        callee = unit.typer.callee(call)
        if callee.kind is CalleeKind.CONVERSION:
            self._expression(unit, call)
            return
        position = next((number for number, arg in enumerate(call.args) if arg is node), None)
        body = body_of(unit, callee)
        if position is None or call.spread:
            self._leak(Ends.BOTH)
        elif body is not None:
            self._argument(unit, call, body, position)
        else:
            self._leak(_ends_of(_parameter(callee.signature, position)))

    def _argument(self, unit: FunctionUnit, call: ir.Call, body: Body, position: int) -> None:
        """The channel becomes the parameter ``position`` of a function that can be followed."""
        called_unit, function = body
        fits = len(function.params) == len(call.args) and not function.params[position].variadic
        if not fits or not self._is_followed_call(unit, call):
            self._leak(Ends.BOTH)
            return
        symbol = function.params[position].symbol
        if symbol is not None:
            self._rename(called_unit, symbol)

    def _rename(self, unit: FunctionUnit, symbol: ir.Symbol) -> None:
        if symbol.assigned:
            self._leak(Ends.BOTH)
        elif symbol not in self._names:
            self._names.add(symbol)
            self._todo.append((unit, symbol))

    def _assign(self, unit: FunctionUnit, assign: ir.Assign, node: ir.Expr) -> None:
        paired = len(assign.left) == len(assign.right)
        for number, target in enumerate(assign.left):
            if target is node:
                self._define(unit, assign, node, assign.right[number] if paired else None)
                return
        position = next((number for number, value in enumerate(assign.right) if value is node), None)
        if position is None or not paired:
            self._leak(Ends.BOTH)
            return
        target = assign.left[position]
        if isinstance(target, ir.Name) and target.name == "_":
            return
        symbol = renamed(assign, node) if assign.op in (":=", "var") else None
        if symbol is not None:
            self._rename(unit, symbol)
        else:
            self._keep(unit, target)

    def _return(self, unit: FunctionUnit, statement: ir.Return, node: ir.Expr) -> None:
        function = unit.uses.function_of(statement)
        position = next((number for number, value in enumerate(statement.values) if value is node), None)
        ends = Ends.BOTH
        if position is not None and len(statement.values) == len(function.results):
            written = function.results[position].type
            ends = _held_through(written.direction) if isinstance(written, ir.ChanType) else Ends.BOTH
        self._give(unit, statement, ends)


class _LocalTracer(Tracer):
    """Finds all uses of one local channel."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel.names)
        self._channel = channel
        self._todo.append((channel.unit, channel.symbol))

    def run(self) -> None:
        self._run()

    def _use(self, unit: FunctionUnit, use: Use, node: ir.Node) -> None:
        function = unit.uses.function_of(node)
        self._channel.uses.append(ChannelUse(use, node, unit, function))
        if not self._runs_where_seen(unit, function):
            match use:
                case Use.SEND | Use.CLOSE:
                    self._leak(Ends.SEND)
                case Use.RECEIVE | Use.RANGE:
                    self._leak(Ends.RECEIVE)
                case Use.MEASURE:
                    pass

    def _runs_where_seen(self, unit: FunctionUnit, function: ir.Function) -> bool:
        """Whether each literal from ``function`` out to the one that owns the channel only runs by calls that are followed."""
        current: ir.Function | None = function
        while current is not None and current is not self._channel.function and current.parent is not None:
            if not is_followed(unit, unit.uses.literals[current]):
                return False
            current = current.parent
        return True

    def _is_followed_call(self, unit: FunctionUnit, call: ir.Call) -> bool:
        return self._runs_where_seen(unit, unit.uses.function_of(call))

    def _leak(self, ends: Ends) -> None:
        self._channel.held |= ends

    def _define(self, unit: FunctionUnit, assign: ir.Assign, node: ir.Expr, value: ir.Expr | None) -> None:
        if not _declares(assign, node):
            self._leak(Ends.BOTH)

    def _give(self, unit: FunctionUnit, statement: ir.Return, ends: Ends) -> None:
        if unit.uses.function_of(statement) is self._channel.function:
            self._channel.given |= ends
            self._channel.returned.append(statement)
        else:
            self._leak(ends)


def _declares(assign: ir.Assign, name: ir.Node) -> bool:
    """Whether the occurrence ``name`` on the left side is the declaration of its variable."""
    return any(
        target is name and new is not None and isinstance(target, ir.Name) and target.symbol is new
        for target, new in zip(assign.left, assign.new, strict=False)
    )


def is_followed(unit: FunctionUnit, literal: ir.FuncLit) -> bool:
    """Whether a literal runs only where it is called, deferred or started in sight."""
    uses = unit.uses
    parent = uses.parent(literal)
    match parent:
        case ir.Call():
            return parent.func is literal or is_starter(unit, parent) or runs_on_the_spot(unit, parent)
        case ir.Assign():
            return _is_followed_by_name(unit, parent, literal)
        case _:
            return False


def _is_followed_by_name(unit: FunctionUnit, assign: ir.Assign, literal: ir.FuncLit) -> bool:
    symbol = next(
        (t.symbol for t in assign.left if isinstance(t, ir.Name) and t.symbol and t.symbol.literal is literal), None
    )
    if symbol is None:
        return False
    for name in unit.uses.names.get(symbol, ()):
        parent = unit.uses.parent(name)
        called = isinstance(parent, ir.Call) and (parent.func is name or is_starter(unit, parent))
        declared = isinstance(parent, ir.Assign) and any(target is name for target in parent.left)
        if not called and not declared:
            return False
    return True


def is_starter(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether the call runs its argument in a new goroutine."""
    return _is_named(call, STARTER_NAMES) and unit.typer.callee(call).name in STARTERS


def runs_on_the_spot(unit: FunctionUnit, call: ir.Call) -> bool:
    """Whether the call runs the literal that it is given before it returns."""
    return _is_named(call, _NAMES_ON_THE_SPOT) and unit.typer.callee(call).name in CALLED_ON_THE_SPOT


def _is_named(call: ir.Call, names: frozenset[bytes]) -> bool:
    return isinstance(call.func, ir.Selector) and call.func.field.encode() in names


def _parameter(signature: Signature | None, position: int) -> Type | None:
    if (
        signature is None
        or position >= len(signature.params)
        or (signature.variadic and position + 1 >= len(signature.params))
    ):
        return None
    return signature.params[position]


def _ends_of(type_: Type | None) -> Ends:
    return _held_through(type_.direction) if isinstance(type_, Chan) else Ends.BOTH


def _held_through(direction: ir.ChanDir) -> Ends:
    """What can be done with a channel of that direction: one that can be sent on can also be closed."""
    match direction:
        case ir.ChanDir.SEND:
            return Ends.SEND
        case ir.ChanDir.RECV:
            return Ends.RECEIVE
        case ir.ChanDir.BOTH:
            return Ends.BOTH
