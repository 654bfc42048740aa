"""What taking a branch says about an obligation: tests of the error, of the value itself, of flags."""

from __future__ import annotations

import re

from caulk.flow import facts as known
from caulk.flow.access import held
from caulk.flow.outcomes import Ending, Errors, PathEnd
from caulk.flow.shapes import is_switching_protocols, last_name, tested_for_nil
from caulk.flow.uses import Uses
from caulk.ir import nodes as ir

_ERROR_ABSENT_NAME = re.compile(r"(?i)^no|nil|ok$|success|noerr")
"""A predicate of an error whose name says that it is true for no error."""


class Branches(Uses):
    """The edges of a walk."""

    def _branch(self, cond: ir.Expr, value: bool, facts: known.Facts) -> tuple[Errors, known.Facts] | None:
        """What taking the branch adds; None when it cannot be taken."""
        errors = self._errors
        if isinstance(cond, ir.Binary) and cond.op in ("==", "!="):
            decided = self._comparison(cond, (cond.op == "==") == value, facts)
            if decided is not None:
                return decided
        if errors and isinstance(cond, ir.Call | ir.Binary) and self._dereferences_error(cond):
            raise PathEnd(Ending.ABSENT)
        if isinstance(cond, ir.Call):
            if errors and self._mentions_error(cond):
                return self._predicate(cond, value, facts)
            self._released_by_edge(cond, value)
        if isinstance(cond, ir.Name) and cond.symbol is not None:
            self._flag(cond.symbol, value, facts)
        fact = known.key(cond)
        if fact is not None:
            truth = value == fact[1]
            if (fact[0], not truth) in facts:
                return None
            if fact[0] in self._wanted:
                facts = facts | {(fact[0], truth)}
        return errors, facts

    def _comparison(self, cond: ir.Binary, equal: bool, facts: known.Facts) -> tuple[Errors, known.Facts] | None:
        """An edge of ``x == y``: tests of the error and of the value itself."""
        subject = tested_for_nil(cond)
        if equal and is_switching_protocols(cond) and any(self._held_field(side) for side in (cond.left, cond.right)):
            raise PathEnd(Ending.TRANSFERRED)  # the body of such an answer is the live connection
        if subject is None:
            sides = (cond.left, cond.right)
            if any(isinstance(side, ir.Name) and side.symbol in self._errors for side in sides):
                if equal:  # err == io.EOF
                    raise PathEnd(Ending.ABSENT)
                return self._errors, facts
            return None
        symbol = subject.symbol if isinstance(subject, ir.Name) else None
        if not equal and symbol is not None and (f"fails{known.token(symbol)}", True) in facts:
            raise PathEnd(Ending.RELEASED)
        is_error = (isinstance(subject, ir.Name) and subject.symbol in self._errors) or self._is_error_field(subject)
        is_value = bool(held(self._aliases, self._place(subject)))
        if not is_error and not is_value:
            return None
        if is_error != equal:  # the error is non-nil, or the value is nil
            raise PathEnd(Ending.ABSENT)
        return frozenset(), facts | {known.nil_fact(symbol) for symbol in self._errors}

    def _held_field(self, expr: ir.Expr) -> bool:
        """Whether ``expr`` is a field of something that holds the obligation (``resp.StatusCode``)."""
        return isinstance(expr, ir.Selector) and bool(self._held(expr.base))

    def _predicate(self, cond: ir.Call, value: bool, facts: known.Facts) -> tuple[Errors, known.Facts]:
        """An edge of a call that looks at the error: ``errors.Is(err, x)``, ``os.IsNotExist(err)``, ``isNil(err)``."""
        negated = bool(_ERROR_ABSENT_NAME.search(last_name(cond.func)))
        if value != negated:
            raise PathEnd(Ending.ABSENT)
        return (frozenset() if negated else self._errors), facts

    def _released_by_edge(self, cond: ir.Call, value: bool) -> None:
        func = cond.func
        if (
            not value
            and isinstance(func, ir.Selector)
            and func.field in self._terms.released_by
            and self._held(func.base)
        ):
            raise PathEnd(Ending.RELEASED)

    def _flag(self, symbol: ir.Symbol, value: bool, facts: known.Facts) -> None:
        """A bool that tells whether the resource exists."""
        if not value and (symbol in self._terms.ok_symbols or (f"ok{known.token(symbol)}", True) in facts):
            raise PathEnd(Ending.ABSENT)
        if value and (f"error{known.token(symbol)}", True) in facts:
            raise PathEnd(Ending.ABSENT)
