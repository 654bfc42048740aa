"""Producers of a stream that go on sending when the client has gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caulk.findings.evidence import OtherStatements
from caulk.findings.finding import Finding, Related, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import PACKAGES, Framework, RequestCode
from caulk.flow.scope import context_at
from caulk.flow.shapes import last_name
from caulk.flow.spawns import Spawn
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements
from caulk.rules.report import NO_EVIDENCE, finding_at, related_at
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests

_CODE = "stream-producer-blocks"
_LEAVES = frozenset({"Done", "After", "CloseNotify"})
"""Calls whose channel tells that nobody listens any more."""


def _check(program: Program) -> Iterator[Finding]:
    if is_for_tests(program):
        return
    sends: set[ir.Send] = set()
    for code in program.requests:
        unit = code.unit
        if unit.file.is_test or code.context is None or not {b"chan", b"go"} <= unit.words:
            continue
        for stream in _streams(code):
            if stream.send not in sends:  # handlers may share a producer
                sends.add(stream.send)
                yield _finding(stream)


@dataclass(frozen=True, slots=True, eq=False)
class _Stream:
    """A channel of a handler whose producer blocks at ``send`` when the consumer has left."""

    code: RequestCode
    spawn: Spawn
    symbol: ir.Symbol
    consumer: ir.Node
    producer: FunctionUnit
    """The function in which the send stands."""
    send: ir.Send


def _streams(code: RequestCode) -> Iterator[_Stream]:
    unit, body = code.unit, code.function.body
    made = _channels(body) if body is not None else {}
    for symbol in made:
        consumer = _consumer(code, symbol)
        if consumer is None or _is_drained(code, symbol):
            continue
        for spawn in unit.spawns:
            producer = _producer(spawn, symbol) if spawn.function is code.function else None
            send = _blocking_send(*producer) if producer is not None else None
            if producer is not None and send is not None and not _is_known_elsewhere(unit, symbol):
                yield _Stream(code, spawn, symbol, consumer, producer[0], send)
                break


def _producer(spawn: Spawn, symbol: ir.Symbol) -> tuple[FunctionUnit, ir.Function, ir.Symbol] | None:
    """What the goroutine runs, and what the channel is called there."""
    if spawn.literal is not None:
        return spawn.unit, spawn.literal, symbol
    helper, param = _given(spawn.unit, spawn.call, symbol)
    return (helper, helper.function, param) if helper is not None and param is not None else None


def _channels(body: ir.Block) -> dict[ir.Symbol, ir.Stmt]:
    """The channels that the handler makes: ``ch := make(chan T)``."""
    found: dict[ir.Symbol, ir.Stmt] = {}
    for statement in statements(body):
        match statement:
            case ir.Assign(
                new=(ir.Symbol(assigned=0) as symbol,),
                right=(ir.Call(func=ir.Name(name="make", symbol=None), args=(ir.TypeOperand(type=ir.ChanType()), *_)),),
            ):
                found[symbol] = statement
            case _:
                pass
    return found


# -- who receives, and leaves


def _consumer(code: RequestCode, symbol: ir.Symbol) -> ir.Node | None:
    """What receives from the channel until the client goes: ``c.Stream(…)``, or a select with an arm that leaves."""
    body = code.function.body
    for statement in statements(body) if body is not None else ():
        if isinstance(statement, ir.Select) and _receives_until_gone(code.unit, statement, symbol):
            return statement
        call = statement.expr if isinstance(statement, ir.ExprStmt) else None
        if isinstance(statement, ir.Assign) and len(statement.right) == 1:
            call = statement.right[0]
        match call:
            case ir.Call(func=ir.Selector(base=ir.Name(symbol=owner), field="Stream"), args=(ir.FuncLit() as step,)):
                reads = step.function.body is not None and _receives(step.function.body, symbol)
                if owner is code.context and code.framework is Framework.GIN and reads:
                    return call
            case ir.Call() if _helper_leaves(code, call, symbol):
                return call
            case _:
                pass
    return None


def _helper_leaves(code: RequestCode, call: ir.Call, symbol: ir.Symbol) -> bool:
    """Whether a function of the package takes the channel, receives from it in that way, and leaves the rest."""
    helper, param = _given(code.unit, call, symbol)
    other = code.unit.program.requests.of(helper.function) if helper is not None else None
    if other is None or other.context is None or param is None or _is_drained(other, param):
        return False
    return _consumer(other, param) is not None


def _given(unit: FunctionUnit, call: ir.Call, symbol: ir.Symbol) -> tuple[FunctionUnit | None, ir.Symbol | None]:
    """The function of the package that gets the variable as an argument, and its parameter."""
    number = next((n for n, arg in enumerate(call.args) if _is(arg, symbol)), None)
    helper = unit.program.own_unit_of_callee(unit.typer.callee(call)) if number is not None else None
    if helper is None or number is None or number >= len(helper.function.params):
        return None, None
    return helper, helper.function.params[number].symbol


def _receives_until_gone(unit: FunctionUnit, select: ir.Select, symbol: ir.Symbol) -> bool:
    reads = any(case.comm is not None and _receives(case.comm, symbol) for case in select.cases)
    return reads and any(_is_leaving(case) for case in select.cases)


def _is_leaving(case: ir.CommCase) -> bool:
    """``case <-ctx.Done(): return``."""
    match case.comm:
        case ir.ExprStmt(expr=ir.Unary(op="<-", operand=ir.Call(func=ir.Selector(field=name)))) if name in _LEAVES:
            last = case.body.statements[-1] if case.body.statements else None
            return isinstance(last, ir.Return)
        case _:
            return False


def _receives(node: ir.Node, symbol: ir.Symbol) -> bool:
    return any(
        isinstance(part, ir.Unary) and part.op == "<-" and _is(part.operand, symbol)
        for part in expressions(node, literals=True)
    )


def _takes(helper: FunctionUnit, param: ir.Symbol) -> bool:
    """Whether a function receives from its parameter."""
    return any(isinstance(helper.uses.parent(name), ir.Unary | ir.Range) for name in helper.uses.names.get(param, ()))


def _is_drained(code: RequestCode, symbol: ir.Symbol) -> bool:
    """Whether something takes the rest: a loop over the channel, in a deferred function or a goroutine."""
    body = code.function.body
    return body is not None and any(
        isinstance(statement, ir.Range) and _is(statement.subject, symbol)
        for statement in statements(body, literals=True)
    )


def _is(expr: ir.Expr, symbol: ir.Symbol) -> bool:
    return isinstance(expr, ir.Name) and expr.symbol is symbol


# -- who sends


def _blocking_send(unit: FunctionUnit, goroutine: ir.Function, symbol: ir.Symbol) -> ir.Send | None:
    """The first send of the goroutine that may come again and has no other way out, callbacks included."""
    if goroutine.body is None:
        return None
    for statement in statements(goroutine.body, literals=True):
        if not isinstance(statement, ir.Send) or not _is(statement.channel, symbol):
            continue
        if not isinstance(unit.uses.parent(statement), ir.CommCase) and _comes_again(unit, goroutine, statement):
            return statement
    return None


def _comes_again(unit: FunctionUnit, goroutine: ir.Function, send: ir.Send) -> bool:
    """Whether it stands in a loop, or in a callback."""
    if any(isinstance(part, ir.For | ir.Range) for part in unit.uses.around(send)):
        return True
    function = unit.uses.function_of(send)
    if function is goroutine:
        return False
    literal: ir.Expr = unit.uses.literals[function]
    parent = unit.uses.parent(literal)
    if isinstance(parent, ir.Assign) and len(parent.new) == 1 and parent.new[0] is not None:
        return any(_is_callback(unit, name) for name in unit.uses.names.get(parent.new[0], ()))
    return _is_callback(unit, literal)


def _is_callback(unit: FunctionUnit, function: ir.Expr) -> bool:
    """Whether somebody gets the function who may call it again and again."""
    call = unit.uses.parent(function)
    return isinstance(call, ir.Call) and call.func is not function and last_name(call.func) != "Do"


def _is_known_elsewhere(unit: FunctionUnit, symbol: ir.Symbol, depth: int = 1) -> bool:
    """Whether the channel itself is given to somebody whom the walk does not know, and who may receive from it."""
    for name in unit.uses.names.get(symbol, ()):
        parent = unit.uses.parent(name)
        match parent:
            case ir.Unary(op="<-") | ir.Send():
                if isinstance(parent, ir.Send) and parent.value is name:
                    return True
            case ir.Call(func=ir.Name(name="close" | "len" | "cap", symbol=None)):
                pass
            case ir.Assign(new=new) if symbol in new:
                pass
            case ir.Range():
                pass
            case ir.Call() if not isinstance(unit.uses.parent(parent), ir.Defer):
                helper, param = _given(unit, parent, symbol)
                if helper is None or param is None or depth == 0 or _is_known_elsewhere(helper, param, depth - 1):
                    return True
                if isinstance(unit.uses.parent(parent), ir.Go) and _takes(helper, param):
                    return True
            case _:
                return True
    return False


def _finding(stream: _Stream) -> Finding:
    home = stream.producer
    return finding_at(
        home,
        stream.send,
        code=_CODE,
        tier=Tier.CORE,
        message=(
            f"when the client goes nobody receives from {home.source_text(stream.send.channel)} any more: this goroutine waits"
            " here for ever, with whatever it reads from"
        ),
        evidence=_until_done(stream) or NO_EVIDENCE,
        related=_related(stream),
    )


def _related(stream: _Stream) -> Iterator[Related]:
    unit, home, consumer = stream.code.unit, stream.producer, stream.consumer
    if home is not unit:
        start = stream.spawn.statement.start
        yield related_at(unit, ir.Node(start, start + len("go")), "the goroutine starts", home)
    yield related_at(unit, ir.Node(consumer.start, consumer.start + 6), "this ends when the client goes", home)


def _until_done(stream: _Stream) -> OtherStatements | None:
    """Where the goroutine can leave: it sends, or ends with the request."""
    home, send = stream.producer, stream.send
    context = _context(stream.code, send) if home is stream.code.unit else _context_of_producer(stream)
    if not context or "\n" in home.source_text(send) or home.uses.function_of(send).results:
        return None
    lines = ("select {", f"case {home.source_text(send)}:", f"case <-{context}.Done():", "\treturn", "}")
    return OtherStatements(*home.span(send), lines, f"Give up when {context} ends")


def _context_of_producer(stream: _Stream) -> str:
    """The parameter by which a named producer gets the context of the request."""
    symbol = context_at(stream.producer, stream.send)
    params = stream.producer.function.params
    number = next((n for n, param in enumerate(params) if param.symbol is symbol), None) if symbol is not None else None
    if symbol is None or number is None or number >= len(stream.spawn.call.args):
        return ""
    return symbol.name if stream.code.derives(stream.spawn.call.args[number]) else ""


def _context(code: RequestCode, send: ir.Send) -> str:
    """The context that ends with the request, as written at the send; empty when none is at hand that a goroutine may use."""
    unit = code.unit
    for symbol in unit.function.symbols:
        if symbol.function is not code.function or symbol.assigned or symbol.start >= send.start:
            continue
        made = symbol.definition.expr if symbol.definition is not None else None
        match made:
            case ir.Call(func=ir.Selector(field="Context")) if symbol in code.tainted:
                return symbol.name
            case _:
                pass
    if code.framework is Framework.HTTP and code.context is not None and code.context.assigned == 0:
        return f"{code.context.name}.Context()"
    return ""


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.CORE,
    summary="the producer of a stream goes on sending when the client has gone",
    check_package=_check,
    needs=PACKAGES,
    fix="unsafe",
    tests_too=False,
)
