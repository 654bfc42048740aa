"""Where a statement stands among its neighbours, and where a new one fits: what the fixes need from the tree."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.flow.access import mentions
from caulk.flow.cfg import NoReturn, leaves
from caulk.flow.shapes import asserts_no_error
from caulk.ir import nodes as ir

LOOKAHEAD = 6
"""How many statements after the acquire the check of its error is looked for."""


@dataclass(frozen=True, slots=True)
class Position:
    """A statement's place: number ``index`` of ``statements`` in ``block``, or the header of ``owner``."""

    block: ir.Block
    index: int
    owner: ir.If | ir.For | ir.Switch | ir.TypeSwitch | None = None
    """The statement whose header it is the initialiser of; ``block`` and ``index`` are then those of ``owner``."""
    in_clause: bool = False
    """Whether ``block`` is the body of a case: it has no braces."""

    @property
    def following(self) -> tuple[ir.Stmt, ...]:
        return self.block.statements[self.index + 1 :]


@dataclass(frozen=True, slots=True)
class NewPlace:
    """Where a new statement fits; offsets as in the tree. ``where``: after, before, block start."""

    where: str
    offset: int


class Placement:
    """The position of every statement of one function (its literals are functions of their own)."""

    def __init__(self, function: ir.Function, never_returns: NoReturn) -> None:
        self._never_returns = never_returns
        self._positions: dict[int, Position] = {}
        self._loops: dict[int, ir.For | ir.Range] = {}
        self._loop: ir.For | ir.Range | None = None
        if function.body is not None:
            self._block(function.body, in_clause=False)

    def of(self, statement: ir.Node) -> Position | None:
        return self._positions.get(id(statement))

    def loop_around(self, statement: ir.Node) -> ir.For | ir.Range | None:
        """The innermost loop of the function that the statement stands in the body of."""
        return self._loops.get(id(statement))

    def _loop_body(self, loop: ir.For | ir.Range) -> None:
        outer, self._loop = self._loop, loop
        self._block(loop.body, in_clause=False)
        self._loop = outer

    def _block(self, block: ir.Block, *, in_clause: bool) -> None:
        for index, statement in enumerate(block.statements):
            self._statement(statement, Position(block, index, in_clause=in_clause))

    def _statement(self, statement: ir.Stmt, position: Position) -> None:
        self._positions[id(statement)] = position
        if self._loop is not None:
            self._loops[id(statement)] = self._loop
        match statement:
            case ir.Block():
                self._block(statement, in_clause=False)
            case ir.If():
                self._header(statement.init, statement, position)
                self._block(statement.then, in_clause=False)
                if statement.orelse is not None:
                    self._statement(statement.orelse, position)
            case ir.For():
                self._header(statement.init, statement, position)
                self._loop_body(statement)
            case ir.Range():
                self._loop_body(statement)
            case ir.Switch() | ir.TypeSwitch():
                self._header(statement.init, statement, position)
                for case in statement.cases:
                    self._block(case.body, in_clause=True)
            case ir.Select():
                for clause in statement.cases:
                    self._block(clause.body, in_clause=True)
            case ir.Labeled(statement=inner) if inner is not None:
                self._statement(inner, position)
            case _:
                pass

    def _header(
        self, init: ir.Stmt | None, owner: ir.If | ir.For | ir.Switch | ir.TypeSwitch, position: Position
    ) -> None:
        if init is not None:
            self._positions[id(init)] = Position(position.block, position.index, owner, position.in_clause)

    # -- where the value is surely there

    def after_check(
        self,
        acquire: ir.Node,
        error: ir.Symbol | None,
        value: ir.Symbol | None,
    ) -> NewPlace | None:
        """Where the acquired value is known to exist: directly behind the acquire when it cannot fail (``error`` None),
        else behind the check of that error, or inside the branch that the check opens. None when there is no such place."""
        position = self.of(acquire)
        if position is None:
            return None
        if position.owner is not None:
            return self._in_header(position.owner, error)
        if error is None:
            return NewPlace("after", acquire.end)
        for statement in position.following[:LOOKAHEAD]:
            found = self._behind(statement, error)
            if found is not None:
                return found
            if not self._may_stand_between(statement, error, value):
                return None
        return None

    def _in_header(self, owner: ir.Stmt, error: ir.Symbol | None) -> NewPlace | None:
        """``if f, err := os.Open(p); err != nil { … } else { … }``: the value lives in the branches only."""
        if not isinstance(owner, ir.If) or error is None:
            return None
        test = error_test(owner.cond, error)
        if test is False:
            return NewPlace("block start", owner.then.start)
        if test is True and isinstance(owner.orelse, ir.Block):
            return NewPlace("block start", owner.orelse.start)
        return None

    def _behind(self, statement: ir.Stmt, error: ir.Symbol) -> NewPlace | None:
        match statement:
            case ir.If(init=None):
                return self._behind_if(statement, error)
            case ir.ExprStmt(expr=ir.Call() as call) if asserts_no_error(call) and mentions(call, frozenset([error])):
                return NewPlace("after", statement.end)
            case ir.Switch(init=None):
                return self._behind_switch(statement, error)
            case _:
                return None

    def _behind_if(self, statement: ir.If, error: ir.Symbol) -> NewPlace | None:
        test = error_test(statement.cond, error)
        if test is False:
            return NewPlace("block start", statement.then.start)
        if test is not True or not leaves(statement.then, self._never_returns):
            if test is True and isinstance(statement.orelse, ir.Block):
                return NewPlace("block start", statement.orelse.start)
            return None
        if isinstance(statement.orelse, ir.Block):
            return NewPlace("block start", statement.orelse.start)
        return NewPlace("after", statement.end) if statement.orelse is None else None

    def _behind_switch(self, statement: ir.Switch, error: ir.Symbol) -> NewPlace | None:
        """``switch { case err != nil: return err }`` with nothing else in it."""
        if statement.tag is not None or len(statement.cases) != 1:
            return None
        (case,) = statement.cases
        if len(case.values) == 1 and error_test(case.values[0], error) and leaves(case.body, self._never_returns):
            return NewPlace("after", statement.end)
        return None

    @staticmethod
    def _may_stand_between(statement: ir.Stmt, error: ir.Symbol, value: ir.Symbol | None) -> bool:
        """Plain statements that touch neither the value nor its error."""
        touched = frozenset(symbol for symbol in (error, value) if symbol is not None)
        match statement:
            case ir.ExprStmt() | ir.IncDec():
                expr = statement.expr if isinstance(statement, ir.ExprStmt) else statement.operand
                return not mentions(expr, touched)
            case ir.Assign():
                return not any(mentions(part, touched) for part in (*statement.left, *statement.right))
            case ir.Defer():
                return True
            case _:
                return False


def error_test(cond: ir.Expr, error: ir.Symbol) -> bool | None:
    """True for ``err != nil``, False for ``err == nil``, None for any other condition."""
    match cond:
        case ir.Binary(op="==" | "!="):
            sides = (cond.left, cond.right)
            is_error = any(isinstance(side, ir.Name) and side.symbol is error for side in sides)
            is_nil = any(isinstance(side, ir.Name) and side.symbol is None and side.name == "nil" for side in sides)
            return (cond.op == "!=") if is_error and is_nil else None
        case _:
            return None
