"""What an assignment does to an obligation: aliases come and go, errors and flags begin to speak about it."""

from __future__ import annotations

import re

from caulk.flow import facts as known
from caulk.flow.access import ELEMENT, Path, Place
from caulk.flow.nilness import told_by_results
from caulk.flow.outcomes import Aliases, Ending, Errors, PathEnd
from caulk.flow.shapes import bool_constant, closure_of, is_nil
from caulk.flow.uses import Uses
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements

_STARTS = frozenset({"Start", "Run", "Output", "CombinedOutput"})
_RETRY_NAME = re.compile(r"(?i)(should)?retry|temporary|again|isnot|not")


class Bindings(Uses):
    """The assignments of a walk."""

    def _assign(self, item: ir.Assign, facts: known.Facts) -> tuple[Aliases, Errors, known.Facts]:
        if item.op not in ("=", ":=", "var", "const"):
            for part in (*item.right, *item.left):
                self._use(part)
            return self._aliases, self._errors, self._forget(item.left[0], facts) if item.left else facts
        if not item.right:
            return self._bind(item.left, [None] * len(item.left), (), facts)
        for value in item.right:
            if self._errors and self._dereferences_error(value):
                raise PathEnd(Ending.ABSENT)
        values = self._values(item)
        flags, retry = self._flags(item, values)
        self._errors = self._errors_after(item, retry)
        paired = item.right if len(item.left) == len(item.right) else ()
        aliases, errors, facts = self._bind(item.left, values, paired, facts)
        return aliases, errors, facts | flags | told_by_results(self._unit, item, self._wanted)

    def _assigned_elsewhere(self, item: ir.Assign, facts: known.Facts) -> known.Facts:
        """What is known after an assignment that has nothing to do with what the walk follows."""
        if item.op not in ("=", ":=", "var", "const"):
            return self._forget(item.left[0], facts) if item.left else facts
        if self._ends_path(item):
            raise PathEnd(Ending.STOPPED)
        paired = item.right if len(item.left) == len(item.right) else ()
        told = told_by_results(self._unit, item, self._wanted)
        return self._bind(item.left, [None] * len(item.left), paired, facts)[2] | told

    def _ends_path(self, item: ir.Assign) -> bool:
        """Whether the call that gives several values never returns."""
        right = item.right
        return (
            len(right) == 1 != len(item.left) and isinstance(right[0], ir.Call) and self._unit.never_returns(right[0])
        )

    def _values(self, item: ir.Assign) -> list[list[Path] | None]:
        """For every left side the paths of the obligation in the value that it gets."""
        left, right = item.left, item.right
        values: list[list[Path] | None] = [None] * len(left)
        if len(left) == len(right):
            for number, (target, value) in enumerate(zip(left, right, strict=True)):
                if closure_of(value) is not None and not self._is_followed(target, value):
                    self._use(value, escapes=True)
                values[number] = [path for _, path in self._value(value)] or None
        elif len(right) == 1:
            for result, path in self._value(right[0]):
                if result < len(values):
                    values[result] = [*(values[result] or ()), path]
            if self._ends_path(item):
                raise PathEnd(Ending.STOPPED)
        return values

    def _is_followed(self, target: ir.Expr, closure: ir.Expr) -> bool:
        """Whether the walk sees where the variable that gets the closure is called: a local that never holds another one."""
        symbol = target.symbol if isinstance(target, ir.Name) else None
        return symbol is not None and symbol.function is self._function and symbol.literal is closure

    def _flags(self, item: ir.Assign, values: list[list[Path] | None]) -> tuple[known.Facts, ir.Symbol | None]:
        """Facts about variables that this assignment makes speak about the obligation: the ok of an assertion of the value
        itself, an error of a method that releases when it fails, and a predicate computed from the error (``retry, err :=
        classify(err)``; the second result)."""
        left, right = item.left, item.right
        if len(right) != 1:
            return frozenset(), None
        if len(left) == 2 and ((isinstance(right[0], ir.Assertion) and values[0]) or self._is_receive(right[0])):
            symbol = left[1].symbol if isinstance(left[1], ir.Name) else None
            return (frozenset({(f"ok{known.token(symbol)}", True)}) if symbol is not None else frozenset()), None
        if len(left) == 2 and isinstance(right[0], ir.Assertion) and self._mentions_error(right[0]):
            symbol = left[1].symbol if isinstance(left[1], ir.Name) else None
            return (frozenset({(f"error{known.token(symbol)}", True)}) if symbol is not None else frozenset()), None
        if isinstance(right[0], ir.Call) and self._releases_by_failing(right[0]):
            symbol = left[-1].symbol if isinstance(left[-1], ir.Name) else None
            return (frozenset({(f"fails{known.token(symbol)}", True)}) if symbol is not None else frozenset()), None
        if self._errors and isinstance(right[0], ir.Call) and any(map(self._mentions_error, right[0].args)):
            for target in left:
                symbol = target.symbol if isinstance(target, ir.Name) else None
                if symbol is not None and (_is_bool(self._typer.symbol_type(symbol)) or _RETRY_NAME.match(symbol.name)):
                    return frozenset({(f"error{known.token(symbol)}", True)}), symbol
        return frozenset(), None

    def _releases_by_failing(self, call: ir.Call) -> bool:
        """``rows.Scan(…)``, ``batch.Column(0).Append(…)``: a call on the value that releases it when it returns an error."""
        if not isinstance(call.func, ir.Selector) or call.func.field not in self._terms.released_by_failure:
            return False
        base: ir.Expr = call.func.base
        while isinstance(base, ir.Call) and isinstance(base.func, ir.Selector):
            base = base.func.base
        return bool(self._held(base))

    def _is_receive(self, expr: ir.Expr) -> bool:
        return isinstance(expr, ir.Unary) and expr.op == "<-" and self._is_stream(expr.operand)

    def _errors_after(self, item: ir.Assign, retry: ir.Symbol | None) -> Errors:
        """The symbols that hold this acquisition's error afterwards: a function of the error keeps it."""
        if not self._errors and not self._terms.error_field:
            return self._errors
        errors = set(self._errors)
        paired = len(item.left) == len(item.right)
        for number, target in enumerate(item.left):
            symbol = target.symbol if isinstance(target, ir.Name) else None
            if symbol is None:
                continue
            value = item.right[number] if paired else item.right[0]
            keeps = symbol is not retry and (paired or retry is not None) and self._mentions_error(value)
            if keeps or self._is_error_field(value):
                errors.add(symbol)
            else:
                errors.discard(symbol)
        return frozenset(errors)

    def _bind(
        self,
        left: tuple[ir.Expr, ...],
        values: list[list[Path] | None],
        paired: tuple[ir.Expr, ...],
        facts: known.Facts,
    ) -> tuple[Aliases, Errors, known.Facts]:
        """Give the left sides their values: new aliases come, those of what is overwritten go."""
        added: set[Place] = set()
        overwritten: list[tuple[Place, int]] = []
        for number, target in enumerate(left):
            paths = values[number]
            if isinstance(target, ir.Name):
                facts = self._bind_name(target, number, paths, paired, facts, added, overwritten)
            else:
                self._bind_place(target, number, paths, added, overwritten)
                facts = self._facts_of_place(target, paired[number] if paired else None, facts)
        kept = {alias for alias in self._aliases if _overwriting(alias, overwritten) is None} | added
        if kept or not self._aliases:
            return frozenset(kept), self._errors, facts
        number = next(n for alias in self._aliases if (n := _overwriting(alias, overwritten)) is not None)
        emptied = bool(paired) and is_nil(paired[number])
        # `x = nil` is how a hand-over is written; `resp.Body = wrap(resp.Body)` replaces the body by its owner.
        raise PathEnd(Ending.TRANSFERRED if emptied or isinstance(left[number], ir.Selector) else Ending.OVERWRITTEN)

    def _bind_name(
        self,
        target: ir.Name,
        number: int,
        paths: list[Path] | None,
        paired: tuple[ir.Expr, ...],
        facts: known.Facts,
        added: set[Place],
        overwritten: list[tuple[Place, int]],
    ) -> known.Facts:
        symbol = target.symbol
        if symbol is None:
            if paths and target.name != "_":
                raise PathEnd(Ending.TRANSFERRED)
            return facts
        facts = known.without(facts, symbol)
        if paired and known.token(symbol) in self._wanted:
            truth = bool_constant(paired[number])
            if truth is not None:
                facts = facts | {(known.token(symbol), truth)}
        if paired and is_nil(paired[number]) and known.nil_fact(symbol)[0] in self._wanted:
            facts = facts | {known.nil_fact(symbol)}
        if paired and known.appends_to(paired[number], symbol):
            facts = facts | {fact for fact in known.not_empty(symbol) if fact[0] in self._wanted}
        if paths:
            if symbol.function is not self._function:
                raise PathEnd(Ending.TRANSFERRED)
            added.update(Place(symbol, path) for path in paths)
        overwritten.append((Place(symbol, ()), number))
        return facts

    def _is_borrowing_field(self, target: ir.Expr) -> bool:
        """Whether the target is a field that only borrows (``cmd.Stdout``), because what it belongs to starts here and has a
        copy of its own then; a variable of a package keeps (``os.Stdout``)."""
        if not isinstance(target, ir.Selector) or target.field not in self._ownership.borrowing_fields:
            return False
        if isinstance(target.base, ir.Name) and target.base.symbol is None:
            return False
        return self._starts_behind(target)

    def _starts_behind(self, target: ir.Selector) -> bool:
        """Whether the function itself, not a goroutine of it, starts a command behind ``target``."""
        body = self._function.body
        if body is None:
            return False
        elsewhere = {id(statement.call) for statement in statements(body) if isinstance(statement, ir.Go)}
        return any(
            isinstance(part, ir.Call)
            and isinstance(part.func, ir.Selector)
            and part.func.field in _STARTS
            and part.start > target.start
            and id(part) not in elsewhere
            for part in expressions(body)
        )

    def _bind_place(
        self,
        target: ir.Expr,
        number: int,
        paths: list[Path] | None,
        added: set[Place],
        overwritten: list[tuple[Place, int]],
    ) -> None:
        place = self._place(target)
        if paths:
            if (
                place is not None
                and ELEMENT not in place.path
                and self._summaries.is_made_here(self._unit, self._function, place.symbol)
            ):
                added.update(Place(place.symbol, place.path + path) for path in paths)
            elif not self._is_borrowing_field(target):
                raise PathEnd(Ending.TRANSFERRED)
        if place is not None and ELEMENT not in place.path:
            overwritten.append((place, number))
        if isinstance(target, ir.Index):
            self._use(target.base)
            for key in target.indices:  # `open[conn] = true` keeps the key
                self._use(key, escapes=True)

    def _facts_of_place(self, target: ir.Expr, value: ir.Expr | None, facts: known.Facts) -> known.Facts:
        """What is known after a field got a value: a flag is true or false."""
        name = known.key(target)
        if name is None:
            return facts
        facts = frozenset(fact for fact in facts if name[0] not in fact[0])
        truth = bool_constant(value) if value is not None else None
        return facts | {(name[0], truth)} if truth is not None and name[0] in self._wanted else facts

    def _forget(self, operand: ir.Expr, facts: known.Facts) -> known.Facts:
        return known.without(facts, operand.symbol) if isinstance(operand, ir.Name) and operand.symbol else facts


def _overwriting(alias: Place, overwritten: list[tuple[Place, int]]) -> int | None:
    """The number of the left side that overwrites ``alias``."""
    for place, number in overwritten:
        if alias.symbol is place.symbol and alias.path[: len(place.path)] == place.path:
            return number
    return None


def _is_bool(type_: object) -> bool:
    return getattr(type_, "name", "") == "bool"
