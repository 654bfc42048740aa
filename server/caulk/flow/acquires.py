"""Where a function acquires something: by contract, by the summary of a callee, by the type of a result, by use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from caulk.flow.access import Path, Place, place_of
from caulk.flow.cfg import Block, Item, items
from caulk.flow.shapes import is_nil, last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.semantics.contracts import RECEIVER, Contract
from caulk.semantics.model import ANY, Basic, Callee, CalleeKind, Interface, Pointer, Type, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit
    from caulk.semantics.typer import Typer


@dataclass(frozen=True, slots=True, eq=False)
class Acquire:
    """One acquiring call in a function."""

    function: ir.Function
    """The function or literal it stands in."""
    block: Block
    index: int
    """Its item in the block."""
    item: Item
    call: ir.Call
    contract: Contract
    left: tuple[ir.Expr, ...] = ()
    """The left sides of the assignment, one a result; empty when the result is not assigned."""
    returned: int | None = None
    """For ``return f()``: the result of this function that gets it."""
    behind: Path = ()
    """For ``return &T{f: open()}``: the field of that result that gets it."""
    inline: bool = False
    """Whether its result is used on the spot (``pool.Get().Do(…)``)."""
    holder: Place | None = None
    """The field that gets it, when that belongs to an object which this function makes (``s.file, err = os.Open(p)``)."""

    @property
    def target(self) -> ir.Expr | None:
        """The left side that gets the resource; None when no result is the resource."""
        given, result = self.contract.given, self.contract.result
        return self.left[result] if given is None and result < len(self.left) else None

    @property
    def given(self) -> ir.Expr | None:
        """The receiver or argument that is the resource, when no result is."""
        return self._part(self.contract.given)

    @property
    def owner(self) -> Place | None:
        """What it is acquired from, when that is a variable or a field."""
        owner = self._part(self.contract.owner)
        return place_of(owner, _never) if owner is not None else None

    def _part(self, number: int | None) -> ir.Expr | None:
        """The receiver or an argument of the call."""
        if number == RECEIVER:
            return self.call.func.base if isinstance(self.call.func, ir.Selector) else None
        return self.call.args[number] if number is not None and number < len(self.call.args) else None

    @property
    def is_discarded(self) -> bool:
        """Whether the resource is thrown away: ``_``, or an expression statement."""
        target = self.target
        if isinstance(target, ir.Name):
            return target.name == "_"
        return target is None and isinstance(self.item, ir.ExprStmt) and not self.inline and self.contract.given is None

    @property
    def place(self) -> Place | None:
        """The alias that the acquisition creates; None when the resource gets no name of this function."""
        if self.given is not None:
            return place_of(self.given, _never)
        target = self.target
        if isinstance(target, ir.Name) and target.symbol is not None and target.symbol.function is self.function:
            return Place(target.symbol, self.contract.resource)
        if self.holder is not None:
            return Place(self.holder.symbol, self.holder.path + self.contract.resource)
        return None

    def symbol_at(self, result: int | None) -> ir.Symbol | None:
        """The variable that gets the result of that number."""
        if result is None or result >= len(self.left):
            return None
        target = self.left[result]
        return target.symbol if isinstance(target, ir.Name) else None

    @property
    def error_symbol(self) -> ir.Symbol | None:
        return self.symbol_at(self.contract.unless_error)


def _never(call: ir.Call) -> bool:
    """No call is a conversion as far as the place of an acquisition goes."""
    return False


def acquires_in(unit: FunctionUnit, function: ir.Function) -> Iterator[Acquire]:
    """The acquiring calls of a function or literal, in block order."""
    finder = _Finder(unit, function)
    for block, index, item in items(unit.cfg(function)):
        yield from finder.find(block, index, item)


class _Finder:
    def __init__(self, unit: FunctionUnit, function: ir.Function) -> None:
        self._unit = unit
        self._function = function
        self._typer = unit.typer
        self._contracts = unit.program.contracts
        self._may_be_inline = any(name.encode() in unit.words for name in self._contracts.inline_names)

    def find(self, block: Block, index: int, item: Item) -> Iterator[Acquire]:
        match item:
            case ir.Assign(op="=" | ":=" | "var") if item.right:
                yield from self._assigned(block, index, item)
            case ir.ExprStmt(expr=ir.Call() as call):
                contract = self._contract(call, ())
                if contract is not None:
                    yield Acquire(self._function, block, index, item, call, contract)
            case ir.Return():
                yield from self._returned(block, index, item)
            case _:
                pass
        if isinstance(item, ir.Assign | ir.ExprStmt | ir.Return | ir.Send | ir.Call | ir.Binary):
            yield from self._inline(block, index, item)

    def _assigned(self, block: Block, index: int, item: ir.Assign) -> Iterator[Acquire]:
        if len(item.right) == 1 and isinstance(item.right[0], ir.Call):
            pairs = [(item.right[0], item.left)]
        elif len(item.left) == len(item.right):
            both = zip(item.left, item.right, strict=True)
            pairs = [(value, (target,)) for target, value in both if isinstance(value, ir.Call)]
        else:
            pairs = []
        for call, left in pairs:
            contract = self._contract(call, left)
            if contract is not None and (contract.given is not None or contract.result < len(left)):
                holder = self._holder(left[contract.result]) if contract.given is None else None
                yield Acquire(self._function, block, index, item, call, contract, left, holder=holder)

    def _holder(self, target: ir.Expr) -> Place | None:
        """The field of an object made here that ``target`` is."""
        if not isinstance(target, ir.Selector):
            return None
        place = place_of(target, lambda _: False)
        made = place and self._unit.program.summaries.is_made_here(self._unit, self._function, place.symbol)
        return place if made else None

    def _returned(self, block: Block, index: int, item: ir.Return) -> Iterator[Acquire]:
        for number, value in enumerate(item.values):
            yield from self._built_in(block, index, item, number, value)
            if isinstance(value, ir.Call):
                contract = self._contract(value, ())
                if contract is None or contract.given is not None:
                    continue
                result = contract.result if len(item.values) == 1 else number
                if len(item.values) == 1 or contract.result == 0:
                    yield Acquire(self._function, block, index, item, value, contract, returned=result)

    def _built_in(self, block: Block, index: int, item: ir.Return, number: int, value: ir.Expr) -> Iterator[Acquire]:
        """``return &T{f: open()}``: what cannot fail may be acquired on the spot."""
        literal = value.operand if isinstance(value, ir.Unary) and value.op == "&" else value
        for element in literal.elements if isinstance(literal, ir.Composite) else ():
            if isinstance(element.value, ir.Call) and element.field:
                contract = self._table_contract(element.value)
                if contract is not None and contract.result == 0 and contract.unless_error is None:
                    path = (element.field,)
                    yield Acquire(self._function, block, index, item, element.value, contract, (), number, behind=path)

    def _inline(
        self, block: Block, index: int, item: ir.Assign | ir.ExprStmt | ir.Return | ir.Send | ir.Expr
    ) -> Iterator[Acquire]:
        """``pool.Get().Do(…)``: nobody can release what has no name."""
        if not self._may_be_inline:
            return
        for part in expressions(item):
            if not (isinstance(part, ir.Call) and isinstance(part.func, ir.Selector)):
                continue
            inner = part.func.base
            if isinstance(inner, ir.Call) and last_name(inner.func) in self._contracts.inline_names:
                contract = self._applicable(self._table_contract(inner), inner)
                if contract and contract.inline and part.func.field not in contract.must_call:
                    yield Acquire(self._function, block, index, item, inner, contract, inline=True)

    # -- which obligation a call creates

    def _table_contract(self, call: ir.Call) -> Contract | None:
        callee = self._typer.callee(call)
        return self._contracts.of(callee) if callee.kind in (CalleeKind.FUNCTION, CalleeKind.METHOD) else None

    def _contract(self, call: ir.Call, left: tuple[ir.Expr, ...]) -> Contract | None:
        wrapped = len(call.args) == 1 and isinstance(call.args[0], ir.Call)
        if not wrapped and not self._unit.program.gate.may_be_acquire(self._unit, call):
            return None
        callee = self._typer.callee(call)
        if callee.kind in (CalleeKind.CONVERSION, CalleeKind.BUILTIN):
            return None
        if self._contracts.knows(callee):
            return self._applicable(self._contracts.of(callee), call, left)
        has_body, contract = self._unit.program.summaries.callee_contract(self._unit, callee)
        if has_body:
            return contract or self._passed_through(call, callee)
        if callee.signature is not None:
            found = self._by_type(callee)
            if found is None and callee.kind is CalleeKind.FUNCTION:
                self._unit.program.gate.rule_out(callee)
            return self._passed_through(call, callee) or found
        return self._by_use(call, callee, left)

    def _applicable(self, contract: Contract | None, call: ir.Call, left: tuple[ir.Expr, ...] = ()) -> Contract | None:
        """Not for other versions of Go. Compressing writers over memory hold nothing but memory; the answer to HEAD has no
        body; a context without a parent that nothing was given keeps nothing; what an object hands out and takes back in
        another function is handed over."""
        version = self._unit.program.version
        if contract is not None and not contract.in_force(version.language, version.toolchain):
            return None
        if contract is not None and not self._can_hold(contract, call):
            return None
        if contract is not None and contract.kind == "compressor" and any(map(self._is_memory, call.args[:1])):
            return None
        if contract is not None and contract.kind == "body" and any(map(_is_head_request, call.args)):
            return None
        if contract is not None and contract.kind == "file" and self._is_embedded(call):
            return None
        if (
            contract is not None
            and contract.kind == "cancel"
            and is_rootless(self._typer, call)
            and not self._is_given(left)
        ):
            return None
        if contract is not None and contract.given == RECEIVER and self._is_taken_back_elsewhere(call, contract):
            return None
        return contract

    def _is_taken_back_elsewhere(self, call: ir.Call, contract: Contract) -> bool:
        """``s.slots.Acquire(…)``: whether a function of the package releases the same field or package variable that does not
        acquire it."""
        base = call.func.base if isinstance(call.func, ir.Selector) else None
        if not (isinstance(base, ir.Selector) or (isinstance(base, ir.Name) and base.symbol is None)):
            return False
        name = base.field if isinstance(base, ir.Selector) else base.name
        words = {name.encode(), *(release.encode() for release in contract.must_call)}
        acquire = last_name(call.func).encode()
        return any(acquire not in unit.words for unit in self._unit.program.mentioning(*words))

    def _is_embedded(self, call: ir.Call) -> bool:
        """``fsys.Open(…)`` where ``fsys`` only ever holds ``fs.Sub(embedded, …)`` or ``http.FS(embedded)``."""
        base = call.func.base if isinstance(call.func, ir.Selector) else None
        symbol = base.symbol if isinstance(base, ir.Name) else None
        made = symbol.definition.expr if symbol is not None and symbol.definition and not symbol.assigned else None
        if not isinstance(made, ir.Call) or not made.args or last_name(made.func) not in ("Sub", "FS"):
            return False
        owner = named(self._typer.type_of(made.args[0]))
        return owner is not None and owner.qualified == "embed.FS"

    def _is_given(self, left: tuple[ir.Expr, ...]) -> bool:
        """Whether a call or a literal gets the first of the variables: then something may wait for it."""
        symbol = left[0].symbol if left and isinstance(left[0], ir.Name) else None
        body = self._function.body
        if symbol is None or body is None:
            return True
        return symbol.captured or any(
            isinstance(part, ir.Call) and any(_is(arg, symbol) for arg in part.args) for part in expressions(body)
        )

    def _can_hold(self, contract: Contract, call: ir.Call) -> bool:
        """Whether the result is no mere error or basic value: a method of that name that the table does not mean."""
        signature = self._typer.callee(call).signature
        if signature is None or contract.given is not None:
            return True
        type_ = signature.results[contract.result] if contract.result < len(signature.results) else None
        missing = contract.result >= len(signature.results)
        return (
            not missing and not isinstance(type_, Basic) and (type_ is None or not self._typer.implements_error(type_))
        )

    def _is_memory(self, arg: ir.Expr) -> bool:
        """Whether it is memory, or nothing at all (a zstd encoder for whole buffers)."""
        owner = named(self._typer.type_of(arg))
        return is_nil(arg) or (owner is not None and owner.qualified in ("bytes.Buffer", "strings.Builder"))

    def _passed_through(self, call: ir.Call, callee: Callee) -> Contract | None:
        """``must(http.Get(u))``: a function that returns its first argument."""
        from caulk.flow.outcomes import EffectKind, Terms

        if len(call.args) != 1 or not isinstance(call.args[0], ir.Call):
            return None
        program = self._unit.program
        unit = program.unit_of_callee(callee) or program.foreign_unit_of_callee(callee)
        inner = self._contract(call.args[0], ()) if unit is not None else None
        if unit is None or inner is None or inner.result >= len(unit.function.params):
            return None
        symbol = unit.function.params[inner.result].symbol
        if symbol is None:
            return None
        effect = program.summaries.effect(unit, unit.function, symbol, [()], Terms.of(inner))
        if effect.kind is not EffectKind.RETURNS or effect.returned != ((0, ()),):
            return None
        return replace(inner, result=0, unless_error=None)

    # -- by type

    def _by_type(self, callee: Callee) -> Contract | None:
        """A call through an interface or a function value (or a foreign function) that returns something releasable."""
        signature = callee.signature
        if signature is None:
            return None
        is_std = self._unit.program.is_std(callee.package)
        for number, type_ in enumerate(signature.results):
            owner = named(type_)
            known = self._contracts.types.get(owner.qualified) if owner is not None else None
            if known is None or not self._type_fits(callee, known.contract, type_, is_std):
                continue
            if known.names is not None and not known.names.search(callee.short):
                return None
            error = next(
                (n for n, t in enumerate(signature.results) if n != number and self._typer.implements_error(t)), None
            )
            if error is None and known.contract.kind not in ("tx", "cancel"):
                return None
            nothing = callee.kind is CalleeKind.VALUE and known.contract.kind not in ("body", "cancel")
            return replace(known.contract, result=number, unless_error=error, maybe_nil=nothing)
        return None

    @staticmethod
    def _type_fits(callee: Callee, contract: Contract, type_: Type | None, is_std: bool) -> bool:
        if contract.kind == "cancel":
            return not is_std
        if is_std:
            return False
        if callee.short.endswith("Pipe") or not callee.short:
            return False
        if contract.kind == "body":
            return isinstance(type_, Pointer) and "websocket" not in callee.name and _hands_out_a_body(callee)
        return True

    # -- by use

    def _by_use(self, call: ir.Call, callee: Callee, left: tuple[ir.Expr, ...]) -> Contract | None:
        """The receiver's type is unknown: a telling name *and* independent uses of the result must agree."""
        if callee.kind is not CalleeKind.UNKNOWN and callee.kind is not CalleeKind.METHOD:
            return None
        if len(left) != 2 or not isinstance(call.func, ir.Selector):
            return None
        target = left[0]
        if not isinstance(target, ir.Name) or target.symbol is None or target.symbol.type is not None:
            return None
        for evidence in _USES:
            if evidence.name.fullmatch(callee.short) and evidence.seen(_uses_of(self._unit, target.symbol)):
                known = self._contracts.types.get(evidence.type)
                return replace(known.contract, result=0, unless_error=1) if known else None
        return None


def is_rootless(typer: Typer, call: ir.Call) -> bool:
    """Whether a context without a deadline is made from ``context.Background()`` or ``context.TODO()`` itself."""
    parent = call.args[0] if last_name(call.func) in ("WithCancel", "WithCancelCause") and call.args else None
    return isinstance(parent, ir.Call) and typer.callee(parent).name in ("context.Background", "context.TODO")


def _is_head_request(expr: ir.Expr) -> bool:
    """Whether ``expr`` is a variable that only ever holds ``http.NewRequest("HEAD", …)``, with a context or without."""
    symbol = expr.symbol if isinstance(expr, ir.Name) else None
    made = symbol.definition.expr if symbol is not None and symbol.definition is not None else None
    return (
        symbol is not None
        and not symbol.assigned
        and isinstance(made, ir.Call)
        and last_name(made.func).startswith("NewRequest")
        and any(_is_head(arg) for arg in made.args)
    )


def _is_head(expr: ir.Expr) -> bool:
    if isinstance(expr, ir.Selector):
        return expr.field == "MethodHead"
    return isinstance(expr, ir.Literal) and expr.text.strip('`"') == "HEAD"


_HANDS_OUT = re.compile(
    r"(?i)^(do|get|post|put|patch|delete|head|send|roundtrip|fetch|request|call|execute|query|open|download)"
)


def _hands_out_a_body(callee: Callee) -> bool:
    """Whether a call without a body at hand returns a response that is still open: through an interface or function value
    always; a concrete function of another module only when it is called like one and returns nothing decoded besides."""
    signature = callee.signature
    if signature is None or len(signature.results) != 2:
        return False
    if callee.interface or callee.kind is CalleeKind.VALUE:
        return True
    return _HANDS_OUT.match(callee.short) is not None and not any(
        isinstance(param, Interface) or param == ANY for param in signature.params
    )


@dataclass(frozen=True, slots=True)
class _Uses:
    """How a variable is used in a function."""

    fields: frozenset[str]
    """Selected without a call."""
    methods: frozenset[str]
    """Called."""
    read: bool
    """Whether its ``Body`` is given to a reader or closed, and never used as bytes."""


def _uses_of(unit: FunctionUnit, symbol: ir.Symbol) -> _Uses:
    fields: set[str] = set()
    methods: set[str] = set()
    read = decoded = False
    body = unit.function.body
    for part in expressions(body, literals=True) if body is not None else ():
        if not isinstance(part, ir.Call):
            if isinstance(part, ir.Selector) and _is(part.base, symbol):
                fields.add(part.field)
            continue
        if isinstance(part.func, ir.Selector) and _is(part.func.base, symbol):
            methods.add(part.func.field)
        given = any(map(partial(_is_body, symbol), part.args))
        read, decoded = read or given, decoded or (given and last_name(part.func) in _TAKE_BYTES)
        func = part.func
        read = read or (isinstance(func, ir.Selector) and func.field == "Close" and _is_body(symbol, func.base))
    return _Uses(frozenset(fields), frozenset(methods), read and not decoded)


_TAKE_BYTES = frozenset({"Unmarshal", "UnmarshalJSON", "string", "len", "append", "NewBuffer", "Equal", "Contains"})
"""Functions that take bytes, and no reader."""


def _is(expr: ir.Expr, symbol: ir.Symbol) -> bool:
    return isinstance(expr, ir.Name) and expr.symbol is symbol


def _is_body(symbol: ir.Symbol, expr: ir.Expr) -> bool:
    return isinstance(expr, ir.Selector) and expr.field == "Body" and _is(expr.base, symbol)


@dataclass(frozen=True, slots=True)
class _Use:
    """How a result of an unknown type shows what it is."""

    name: re.Pattern[str]
    type: str
    all_of: frozenset[str] = frozenset()
    """Methods that must all be called."""
    any_of: frozenset[str] = frozenset()
    """Methods one of which must be called."""
    body: bool = False
    """Whether its ``Body`` must be read or closed, and never called."""

    def seen(self, uses: _Uses) -> bool:
        if self.body and not (uses.read and "Body" in uses.fields and "Body" not in uses.methods):
            return False
        return self.all_of <= uses.methods and (not self.any_of or bool(self.any_of & uses.methods))


_USES = (
    _Use(
        re.compile(
            r"Do|RoundTrip|Get|Post|PostForm|DoRequest|Put|Patch|Delete|DoWithRetry|Send|SendRequest|MakeRequest|\w*Request|\w*Do"
        ),
        "net/http.Response",
        body=True,
    ),
    _Use(
        re.compile(r"(?:Named)?Query(?:x|Context|xContext)?|Rows"),
        "database/sql.Rows",
        all_of=frozenset({"Next", "Scan"}),
    ),
    _Use(
        re.compile(r"Begin\w*"),
        "database/sql.Tx",
        all_of=frozenset({"Commit"}),
        any_of=frozenset({"Exec", "Query", "QueryRow", "ExecContext", "QueryContext", "Rollback"}),
    ),
    _Use(
        re.compile(r"Conn"),
        "database/sql.Conn",
        any_of=frozenset({"ExecContext", "QueryContext", "QueryRowContext", "BeginTx", "Raw", "PrepareContext"}),
    ),
    _Use(
        re.compile(r"Prepare(?:x|Context|xContext)?"),
        "database/sql.Stmt",
        any_of=frozenset({"Exec", "Query", "Queryx", "QueryRow", "QueryRowx", "Select", "ExecContext", "QueryContext"}),
    ),
)
