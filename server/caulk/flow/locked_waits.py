"""Operations that wait for another goroutine while a lock is held, where every goroutine that could answer needs that lock first.

The answer must come from functions in sight: the thing waited for is a variable of the function, or a field or variable that only
the package can name, and nobody hands it on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from caulk.flow.channels import capacity_of, make_of
from caulk.flow.lock_calls import Held, LockCall, Mode, class_of
from caulk.flow.locks import LockUse, holder
from caulk.ir import nodes as ir
from caulk.ir.visit import walk

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

Identity: TypeAlias = "ir.Symbol | str"
"""A variable of a function, or a field or variable of the package."""


@dataclass(frozen=True, slots=True, eq=False)
class Partner:
    """An operation that could answer."""

    unit: FunctionUnit
    function: ir.Function
    node: ir.Node


@dataclass(frozen=True, slots=True, eq=False)
class LockedWait:
    """``node`` waits with ``lock`` held; ``partner`` is one of those that need the lock first."""

    unit: FunctionUnit
    node: ir.Node
    subject: ir.Expr
    lock: LockCall
    partner: Partner


def group_waits(unit: FunctionUnit) -> Iterator[LockedWait]:
    """``wg.Wait()`` under a lock that every goroutine takes before it calls ``Done``."""
    for use in unit.locks.all:
        for node in list(use.nodes.values()):
            match node:
                case ir.Call(func=ir.Selector(field="Wait", base=base), args=()) if use.locked_before(node):
                    if unit.typer.callee(node).declared_name == "sync.WaitGroup.Wait":
                        yield from _waits(unit, use, node, base, _dones(unit, base))
                case _:
                    pass


def channel_waits(unit: FunctionUnit) -> Iterator[LockedWait]:
    """Sends to and receives from unbuffered channels under a lock that everybody at the other end needs first."""
    for use in unit.locks.all:
        for node in list(use.nodes.values()):
            if not use.locked_before(node) or _is_choice(unit, node):
                continue
            match node:
                case ir.Send():
                    yield from _waits(unit, use, node, node.channel, _other_ends(unit, node.channel, sends=True))
                case ir.Unary(op="<-"):
                    yield from _waits(unit, use, node, node.operand, _other_ends(unit, node.operand, sends=False))
                case _:
                    pass


def _waits(
    unit: FunctionUnit, use: LockUse, node: ir.Node, subject: ir.Expr, partners: list[Partner] | None
) -> Iterator[LockedWait]:
    if not partners:
        return
    for held in use.locked_before(node):
        lock = holder(use, held)
        if (
            lock is not None
            and use.is_own(lock.path)
            and all(_needs(unit, lock, held, partner) for partner in partners)
        ):
            yield LockedWait(unit, node, subject, lock, partners[0])


def _is_choice(unit: FunctionUnit, node: ir.Node) -> bool:
    """Whether the operation is a case of a select with others."""
    for above in unit.uses.around(node):
        if isinstance(above, ir.CommCase):
            select = unit.uses.parent(above)
            in_comm = above.comm is not None and above.comm.start <= node.start < above.comm.end
            return in_comm and isinstance(select, ir.Select) and len(select.cases) > 1
    return False


def identity(unit: FunctionUnit, expr: ir.Expr) -> Identity:
    """What an expression stands for; empty where that is not known, or where others than the package may use it."""
    if isinstance(expr, ir.Name):
        if expr.symbol is not None:
            return expr.symbol if expr.symbol.kind is ir.SymbolKind.LOCAL and not expr.symbol.assigned else ""
        return class_of(unit, expr) if expr.name[:1].islower() else ""
    return class_of(unit, expr) if isinstance(expr, ir.Selector) and expr.field[:1].islower() else ""


def _occurrences(unit: FunctionUnit, wanted: Identity) -> Iterator[tuple[FunctionUnit, ir.Expr]]:
    if isinstance(wanted, ir.Symbol):
        yield from ((unit, name) for name in unit.uses.names.get(wanted, ()) if name.start != wanted.start)
        return
    name = wanted.rpartition(".")[2]
    for other in unit.program.mentioning(name.encode()):
        if other.function.body is not None:
            for node in walk(other.function.body, literals=True):
                match node:
                    case ir.Selector(field=written) | ir.Name(name=written, symbol=None) if written == name:
                        if class_of(other, node) == wanted:
                            yield other, node
                    case _:
                        pass


def _dones(unit: FunctionUnit, group: ir.Expr) -> list[Partner] | None:
    """The calls of ``Done``; None when somebody else may count the group down."""
    wanted = identity(unit, group)
    found: list[Partner] = []
    counting: set[ir.Function] = set()
    for other, node in _occurrences(unit, wanted) if wanted else ():
        method = other.uses.parent(node)
        call = other.uses.parent(method) if isinstance(method, ir.Selector) else None
        if not isinstance(call, ir.Call) or not isinstance(method, ir.Selector) or call.func is not method:
            return None
        if method.field == "Done":
            found.append(Partner(other, other.uses.function_of(call), call))
        elif method.field == "Add":
            counting.add(other.uses.function_of(call))
        elif method.field != "Wait":
            return None
    counts_itself = any(partner.function in counting for partner in found)
    return None if counts_itself else found  # it may be past the lock when somebody begins to wait


def _other_ends(unit: FunctionUnit, channel: ir.Expr, *, sends: bool) -> list[Partner] | None:
    """The operations at the other end of an unbuffered channel; None when there may be others, or a buffer."""
    wanted = identity(unit, channel)
    made = _is_unbuffered(wanted.definition.expr) if isinstance(wanted, ir.Symbol) and wanted.definition else False
    found: list[Partner] = []
    for other, node in _occurrences(unit, wanted) if wanted else ():
        parent = other.uses.parent(node)
        function = other.uses.function_of(node)
        match parent:
            case ir.Send() if parent.channel is node:
                if not sends:
                    found.append(Partner(other, function, parent))
            case ir.Unary(op="<-"):
                if sends:
                    found.append(Partner(other, function, parent))
            case ir.Call(func=ir.Name(name="close", symbol=None)):
                if not sends:
                    found.append(Partner(other, function, parent))
            case ir.Assign() if any(target is node for target in parent.left) and len(parent.left) == len(parent.right):
                value = parent.right[next(n for n, target in enumerate(parent.left) if target is node)]
                if not _is_unbuffered(value):
                    return None
                made = True
            case _:
                return None
    return found if made else None


def _is_unbuffered(value: ir.Expr) -> bool:
    make = make_of(value)
    return make is not None and capacity_of(make) == 0


def _needs(unit: FunctionUnit, lock: LockCall, held: Held, partner: Partner) -> bool:
    """Whether the partner comes to its operation only with the lock, or after having had it."""
    use = partner.unit.locks.of(partner.function)
    for call in use.calls:
        if not call.locks or not (held[1] is Mode.WRITE or call.mode is Mode.WRITE):
            continue
        if not _is_same(unit, lock, partner.unit, call):
            continue
        if (call.path, call.mode) in use.locked_before(partner.node) or _comes_first(partner, call):
            return True
    return False


def _is_same(unit: FunctionUnit, lock: LockCall, other: FunctionUnit, call: LockCall) -> bool:
    if other is unit and lock.path == call.path:
        return True
    name = class_of(unit, lock.name.base)
    both_of_receiver = _is_of_receiver(unit, lock) and _is_of_receiver(other, call)
    return both_of_receiver and bool(name) and name == class_of(other, call.name.base)


def _is_of_receiver(unit: FunctionUnit, lock: LockCall) -> bool:
    receiver = unit.function.receiver
    return receiver is not None and receiver.symbol is not None and lock.path.root is receiver.symbol


def _comes_first(partner: Partner, call: LockCall) -> bool:
    """Whether the partner's function takes the lock on every way to the operation, which runs once."""
    body = partner.function.body
    around = list(partner.unit.uses.around(partner.node))
    if body is None or any(isinstance(node, ir.For | ir.Range) for node in around):
        return False
    deferred = any(isinstance(node, ir.Defer) for node in around)
    return any(
        isinstance(statement, ir.ExprStmt)
        and statement.expr is call.call
        and (deferred or statement.end <= partner.node.start)
        for statement in body.statements
    )
