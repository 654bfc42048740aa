"""What evaluating an expression does to an obligation: uses, calls, closures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caulk.flow.access import DEPENDENT, DERIVED, ELEMENT, Path, Place, held, mentions, place_of
from caulk.flow.callees import Callees
from caulk.flow.outcomes import BORROWS, TAKES, Aliases, Effect, EffectKind, Ending, Errors, Held, PathEnd, Terms
from caulk.flow.shapes import closure_of, last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.semantics.contracts import CALL_ITSELF
from caulk.semantics.model import (
    Array,
    Callee,
    CalleeKind,
    Chan,
    Interface,
    Map,
    Pointer,
    Signature,
    Slice,
    Struct,
    Type,
    named,
)

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit


class Uses:
    """The obligation at one point of a walk (``_aliases``, ``_errors``), and the expressions that meet it there.

    What ends the obligation raises PathEnd."""

    def __init__(self, unit: FunctionUnit, function: ir.Function, terms: Terms) -> None:
        self._unit = unit
        self._function = function
        self._terms = terms
        self._typer = unit.typer
        self._summaries = unit.program.summaries
        self._ownership = unit.program.contracts.ownership
        self._callees = Callees(unit, terms)
        self._graph = unit.cfg(function)
        self._wanted = self._summaries.repeated_conditions(self._graph)
        self._aliases: Aliases = frozenset()
        self._errors: Errors = frozenset()

    # -- expressions

    def _place(self, expr: ir.Expr) -> Place | None:
        return place_of(expr, self._is_conversion, elements=True)

    def _is_conversion(self, call: ir.Call) -> bool:
        return self._typer.callee(call).kind is CalleeKind.CONVERSION

    def _held(self, expr: ir.Expr) -> list[Path]:
        return held(self._aliases, self._place(expr))

    def _use(self, expr: ir.Expr, *, escapes: bool = False) -> None:
        """Evaluate ``expr``; raises PathEnd when that ends the obligation. ``escapes``: its value is kept elsewhere."""
        match expr:
            case ir.Name() | ir.Selector() | ir.Unary() | ir.Assertion():
                self._use_place(expr, escapes)
            case ir.Call():
                self._call(expr, escapes=escapes)
            case ir.Composite():
                for element in expr.elements:
                    self._use(element.value, escapes=True)
            case ir.FuncLit():
                self._use_closure(expr.function, escapes)
            case ir.Binary():
                self._use(expr.left)
                self._use(expr.right)
            case ir.Index():
                self._use(expr.base)
                for index in expr.indices:
                    self._use(index)
            case ir.SliceExpr():
                self._use(expr.base, escapes=escapes)
            case ir.BadExpr():
                for part in expr.parts:
                    self._use(part, escapes=True)

    def _use_place(self, expr: ir.Name | ir.Selector | ir.Unary | ir.Assertion, escapes: bool) -> None:
        if self._held(expr):
            if escapes:
                raise PathEnd(Ending.TRANSFERRED)
            return
        match expr:
            case ir.Name():
                closure = closure_of(expr)
                if escapes and closure is not None:
                    self._use_closure(closure, escapes)
            case ir.Selector():
                self._use_selector(expr)
            case ir.Unary():
                self._use(expr.operand, escapes=escapes and expr.op == "&")
            case ir.Assertion():
                self._use(expr.base, escapes=escapes)

    def _use_closure(self, literal: ir.Function, escapes: bool) -> None:
        """A closure that is evaluated, not called: whoever keeps it needs what it captures, though it only looks at it."""
        effect = self._literal_effect(literal)
        if effect not in (None, EffectKind.BORROWS) or (escapes and effect is not None and self._is_used_in(literal)):
            raise PathEnd(Ending.TRANSFERRED)

    def _is_used_in(self, literal: ir.Function) -> bool:
        """Whether the literal uses the value itself, not only an object that holds it."""
        body = literal.body
        return body is not None and any(() in self._held(part) for part in expressions(body, literals=True))

    def _use_selector(self, expr: ir.Selector) -> None:
        if self._is_releasing_method(expr):  # a method value that is not called here: `register(f.Close)`
            raise PathEnd(Ending.TRANSFERRED)
        if () in self._held(expr.base) and isinstance(self._typer.type_of(expr), Signature):
            raise PathEnd(Ending.TRANSFERRED)  # `handle(w.Err)`: whoever has the method has the value
        if not self._held(expr.base):
            self._use(expr.base)

    def _is_releasing_method(self, expr: ir.Selector) -> bool:
        paths = self._held(expr.base)
        return (() in paths and expr.field in self._terms.must_call) or (
            bool(paths) and expr.field in self._ownership.release_names
        )

    def _value(self, expr: ir.Expr) -> Held:
        """Which results of ``expr`` hold the obligation once it is evaluated."""
        paths = self._held(expr)
        if paths:
            return [(0, path) for path in paths]
        literal = expr.operand if isinstance(expr, ir.Unary) and expr.op == "&" else expr
        if isinstance(literal, ir.Composite):
            return self._composite(literal, keep_unkeyed=False)
        if isinstance(expr, ir.Call):
            return self._call(expr, binds=True)
        if isinstance(expr, ir.FuncLit):
            return []  # bound to a variable: applied where that is called
        self._use(expr)
        return []

    def _composite(self, literal: ir.Composite, *, keep_unkeyed: bool) -> Held:
        """The paths to the obligation inside a composite literal that is kept."""
        found: Held = []
        for number, element in enumerate(literal.elements):
            inner = element.value
            paths = self._held(inner)
            if paths:
                if not element.field and not keep_unkeyed:
                    raise PathEnd(Ending.TRANSFERRED)
                step = self._step(literal, number)
                found += [(0, (step, *path)) for path in paths]
                continue
            plain = inner.operand if isinstance(inner, ir.Unary) and inner.op == "&" else inner
            if isinstance(plain, ir.Composite | ir.Call) and element.field:
                found += [(0, (element.field, *path)) for _, path in self._value(inner)]
            else:
                self._use(inner, escapes=True)
        return found

    def _step(self, literal: ir.Composite, number: int) -> str:
        """How an element of a literal is reached from it: by the name of its field, as an element."""
        element = literal.elements[number]
        core = self._typer.underlying(self._typer.type_of(literal))
        match core:
            case Slice() | Array() | Map():
                return ELEMENT
            case Struct(fields=fields) if not element.field and number < len(fields):
                return fields[number].name
            case _:
                return element.field or "?"

    # -- calls

    def _call(
        self,
        call: ir.Call,
        *,
        escapes: bool = False,
        binds: bool = False,
        deferred: bool = False,
        spawned: bool = False,
    ) -> Held:
        """Evaluate a call; what its results hold when ``binds`` is set."""
        callee = self._typer.callee(call)
        if callee.kind is CalleeKind.CONVERSION and len(call.args) == 1:
            self._use(call.args[0], escapes=escapes or (binds and closure_of(call.args[0]) is not None))
            return []
        release = Ending.DEFERRED if deferred else Ending.RELEASED
        if self._releases_owner(call) or self._is_called(call) or self._closes_descriptor(call):
            raise PathEnd(release)
        through = self._called(call, callee, release, spawned=spawned, deferred=deferred)
        through += self._arguments(call, callee, release, spawned=spawned)
        if not through and (binds or escapes) and callee.kind is CalleeKind.FUNCTION:
            through = self._derived(call, callee)
        if not binds:
            if any(escapes or path[:2] != DEPENDENT for _, path in through):
                raise PathEnd(Ending.TRANSFERRED)
            return []
        return through

    def _is_called(self, call: ir.Call) -> bool:
        """Whether it calls the function that is followed, or the one that releases what is followed."""
        paths = self._held(call.func)
        return (CALL_ITSELF,) in paths or (() in paths and CALL_ITSELF in self._terms.must_call)

    def _closes_descriptor(self, call: ir.Call) -> bool:
        """``syscall.Close(int(f.Fd()))``: what was opened is closed by its number."""
        if len(call.args) != 1 or last_name(call.func) not in ("Close", "close"):
            return False
        number = call.args[0]
        while isinstance(number, ir.Call) and len(number.args) == 1:  # a conversion
            number = number.args[0]
        func = number.func if isinstance(number, ir.Call) else None
        return isinstance(func, ir.Selector) and func.field == "Fd" and () in self._held(func.base)

    def _is_error_field(self, expr: ir.Expr) -> bool:
        """Whether ``expr`` is the field of the value that tells whether the call failed."""
        return (
            bool(self._terms.error_field)
            and isinstance(expr, ir.Selector)
            and expr.field == self._terms.error_field
            and () in self._held(expr.base)
        )

    def _is_stream(self, expr: ir.Expr) -> bool:
        """Whether ``expr`` is a channel that is closed when the resource has ended by itself."""
        return (
            isinstance(expr, ir.Call)
            and isinstance(expr.func, ir.Selector)
            and expr.func.field in self._terms.exhausted_by
            and bool(self._held(expr.func.base))
        )

    def _releases_owner(self, call: ir.Call) -> bool:
        """Whether the call releases what the value was acquired from, and the value with it."""
        func = call.func
        return (
            self._terms.owner is not None
            and isinstance(func, ir.Selector)
            and func.field in self._terms.owner_releases
            and self._place(func.base) == self._terms.owner
        )

    def _called(self, call: ir.Call, callee: Callee, release: Ending, *, spawned: bool, deferred: bool) -> Held:
        """What calling does to the obligation by way of the function part: a method of its holder, a literal."""
        func = call.func
        if isinstance(func, ir.Selector):
            paths = self._held(func.base)
            if paths:
                return self._method(call, func, callee, paths, release)
            if isinstance(func.base, ir.Call):
                return self._chained(func.base, callee)
            if not (isinstance(func.base, ir.Name) and func.base.symbol is None):
                self._use(func.base)
            return []
        literal = callee.literal
        if literal is not None:
            effect = self._literal_effect(literal)
            if effect in (EffectKind.RELEASES, EffectKind.MAY_RELEASE):
                raise PathEnd(Ending.TRANSFERRED if spawned else release)
            if effect in (EffectKind.TAKES, EffectKind.RETURNS):
                raise PathEnd(Ending.TRANSFERRED)
        elif not isinstance(func, ir.Name):
            self._use(func)
        return []

    def _chained(self, inner: ir.Call, callee: Callee) -> Held:
        """A method of the result of another call (``client.Database("a").Collection("b")``): that may live on the value."""
        through = self._call(inner, binds=True)
        if any(path[:1] != (DERIVED,) for _, path in through):
            raise PathEnd(Ending.TRANSFERRED)
        return self._dependents(callee) if any(path[:2] == DEPENDENT for _, path in through) else []

    def _method(self, call: ir.Call, func: ir.Selector, callee: Callee, paths: list[Path], release: Ending) -> Held:
        """A method called on the value itself (path ``()``), on a holder of it, or on something derived from it."""
        name = func.field
        own = self._ownership
        if () in paths and (name in self._terms.must_call or name in own.release_names):
            raise PathEnd(release)
        unit = self._unit.program.unit_of_callee(callee)
        if unit is not None:
            return self._own_method(unit, paths, release)
        if all(path[:2] == DEPENDENT for path in paths):
            return []
        derived = all(path[:1] == (DERIVED,) for path in paths)
        if own.release_pattern.match(name) and (derived or callee.kind is not CalleeKind.VALUE):
            raise PathEnd(release)
        if derived or callee.kind is CalleeKind.VALUE:
            return []
        if () not in paths:  # a method of a holder
            if name in own.release_names:
                raise PathEnd(release)
            if not (callee.kind is CalleeKind.METHOD and self._callees.is_std(callee)):
                raise PathEnd(Ending.TRANSFERRED)
        elif name.endswith(own.handing_out_suffixes):
            raise PathEnd(Ending.TRANSFERRED)
        return self._dependents(callee)

    def _dependents(self, callee: Callee) -> Held:
        """The results that live on the receiver: what a method of it acquires, channels that it feeds, and other objects of
        its library (the bucket of a client)."""
        acquired = self._unit.program.contracts.of(callee)
        if acquired is not None and acquired.given is None:
            return [(acquired.result, DEPENDENT)]
        results = callee.signature.results if callee.signature is not None else ()
        return [
            (number, DEPENDENT)
            for number, type_ in enumerate(results)
            if isinstance(type_, Chan) or self._is_handle(type_, callee)
        ]

    def _is_handle(self, type_: Type | None, callee: Callee) -> bool:
        """Whether a result of that type may use the connection of the receiver: an object of the same library."""
        owner = named(type_) if self._terms.has_handles else None
        return (
            owner is not None
            and owner.path == callee.package
            and not self._callees.is_std(callee)
            and isinstance(self._typer.underlying(type_), Pointer | Interface)
        )

    def _own_method(self, unit: FunctionUnit, paths: list[Path], release: Ending) -> Held:
        receiver = unit.function.receiver
        if receiver is None or receiver.symbol is None:
            return []
        effect = self._summaries.effect(unit, unit.function, receiver.symbol, paths, self._terms)
        return self._apply(effect, release, spawned=False)

    def _apply(self, effect: Effect, release: Ending, *, spawned: bool) -> Held:
        if effect.releases:
            raise PathEnd(Ending.TRANSFERRED if spawned else release)
        if effect.kind is EffectKind.TAKES:
            raise PathEnd(Ending.TRANSFERRED)
        if effect.kind is EffectKind.DIVERGES and not spawned and release is not Ending.DEFERRED:
            raise PathEnd(Ending.STOPPED)
        return list(effect.returned)

    def _arguments(self, call: ir.Call, callee: Callee, release: Ending, *, spawned: bool) -> Held:
        through: Held = []
        for index, arg in enumerate(call.args):
            paths = self._held(arg)
            if paths:
                effect = self._callees.effect(call, callee, index, paths)
                through += self._apply(effect, release, spawned=spawned)
            elif self._is_releasing_function(arg):
                through += self._apply(self._callees.callback(call, callee, index), release, spawned=spawned)
            else:
                through += self._other_argument(call, callee, index, release, spawned=spawned)
        return through

    def _other_argument(self, call: ir.Call, callee: Callee, index: int, release: Ending, *, spawned: bool) -> Held:
        """An argument that is not the value itself, but may hold or use it."""
        arg = call.args[index]
        plain = arg.operand if isinstance(arg, ir.Unary) and arg.op == "&" else arg
        if isinstance(plain, ir.Composite):
            if self._callees.has_body(callee):
                paths = [path for _, path in self._composite(plain, keep_unkeyed=True)]
                effect = self._callees.effect(call, callee, index, paths) if paths else BORROWS
                return self._apply(
                    effect if not any("?" in path for path in paths) else TAKES, release, spawned=spawned
                )
            self._use_literal_argument(arg, callee)
        elif isinstance(arg, ir.Call):
            inner = self._call(arg, binds=True)
            if any(path[:1] != (DERIVED,) or path[:2] == DEPENDENT for _, path in inner):
                self._taken_unless_borrowed(callee)
        else:
            closure = closure_of(arg)
            if closure is None:
                self._use(arg)
            elif (
                self._literal_effect(closure) is not None
                and self._is_used_in(closure)
                and self._callees.keeps_function(call, callee, index)
            ):
                raise PathEnd(Ending.TRANSFERRED)
        return []

    def _is_releasing_function(self, arg: ir.Expr) -> bool:
        """Whether the value of ``arg`` is a function that releases or takes: a method value, a closure."""
        if isinstance(arg, ir.Selector):
            return self._is_releasing_method(arg)
        closure = closure_of(arg)
        return closure is not None and self._literal_effect(closure) not in (None, EffectKind.BORROWS)

    def _use_literal_argument(self, arg: ir.Expr, callee: Callee) -> None:
        """``f(&T{r: resp})``: taken, unless the standard library only looks at it."""
        if callee.kind is CalleeKind.FUNCTION and self._callees.is_std(callee) and self._callees.borrows(callee):
            self._value(arg)
        else:
            self._use(arg, escapes=True)

    def _taken_unless_borrowed(self, callee: Callee) -> None:
        """The argument is the result of a call and still stands for the obligation."""
        if not (self._callees.is_std(callee) and self._callees.borrows(callee)):
            raise PathEnd(Ending.TRANSFERRED)

    def _derived(self, call: ir.Call, callee: Callee) -> Held:
        """``bufio.NewReader(f)``, ``io.TeeReader(f, w)``: the result stands for the argument without releasing it."""
        if not callee.short.startswith(self._ownership.deriving_prefixes):
            return []
        return [(0, (DERIVED, *path)) for arg in call.args for path in self._held(arg)]

    # -- closures and errors

    def _literal_effect(self, literal: ir.Function) -> EffectKind | None:
        """What running the literal does to the obligation by the variables it captures; None when it sees none of them."""
        captured = self._summaries.captured(literal)
        seen = frozenset(alias for alias in self._aliases if alias.symbol in captured)
        if not seen:
            return None
        return self._summaries.literal_effect(self._unit, literal, seen, self._terms).kind

    def _mentions_error(self, expr: ir.Expr) -> bool:
        return mentions(expr, self._errors)

    def _dereferences_error(self, expr: ir.Expr) -> bool:
        """Whether evaluating ``expr`` calls a method of the error: it is not nil, then."""
        match expr:
            case ir.Call():
                func = expr.func
                if isinstance(func, ir.Selector):
                    if isinstance(func.base, ir.Name) and func.base.symbol in self._errors:
                        return True
                    if self._dereferences_error(func.base):
                        return True
                return any(map(self._dereferences_error, expr.args))
            case ir.Binary():
                return self._dereferences_error(expr.left) or self._dereferences_error(expr.right)
            case ir.Composite():
                return any(self._dereferences_error(element.value) for element in expr.elements)
            case _:
                return False
