"""Maps that outlive a request: which ones a package has, who puts entries in, and whether anybody takes them out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements, walk
from caulk.semantics.model import Map, Named, Struct, Type, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit, Program
    from caulk.flow.requests import RequestCode

ContainerKey: TypeAlias = tuple[str, ...]
"""Identity of a container: a package variable, a field of a type, or a captured variable."""

SYNC_MAP = "sync.Map"
_SYNC_WRITES = frozenset({"Store", "LoadOrStore", "Swap", "CompareAndSwap"})


@dataclass(frozen=True, slots=True, eq=False)
class Insert:
    """One statement or call that may add an entry."""

    code: RequestCode
    container: ir.Expr
    key: ir.Expr
    identity: ContainerKey
    node: ir.Node
    """The writing statement, or the call."""
    sync_map: bool


def inserts(program: Program) -> Iterator[Insert]:
    """The writes to long-lived maps in request code."""
    requests = program.requests
    for code in (*requests, *(code for key, code in requests.keyed.items() if key not in requests.code)):
        body = code.function.body
        if body is None:
            continue
        for node in walk(body):
            match node:
                case ir.Assign(op="=") | ir.Assign(op="+=") | ir.IncDec():
                    targets = node.left if isinstance(node, ir.Assign) else (node.operand,)
                    for target in targets:
                        if isinstance(target, ir.Index) and len(target.indices) == 1:
                            yield from _map_insert(code, target, node)
                case ir.Call(func=ir.Selector() as method) if method.field in _SYNC_WRITES and node.args:
                    yield from _sync_insert(code, method, node)
                case _:
                    pass


def _map_insert(code: RequestCode, target: ir.Index, node: ir.Node) -> Iterator[Insert]:
    typer = code.unit.typer
    if not isinstance(typer.underlying(typer.type_of(target.base)), Map):
        return
    identity = identity_of(code.unit, target.base, code)
    if identity is not None:
        yield Insert(code, target.base, target.indices[0], identity, node, sync_map=False)


def _sync_insert(code: RequestCode, method: ir.Selector, call: ir.Call) -> Iterator[Insert]:
    owner = named(code.unit.typer.type_of(method.base))
    if owner is None or owner.qualified != SYNC_MAP:
        return
    identity = identity_of(code.unit, method.base, code)
    if identity is not None:
        yield Insert(code, method.base, call.args[0], identity, call, sync_map=True)


def identity_of(unit: FunctionUnit, expr: ir.Expr, code: RequestCode | None = None) -> ContainerKey | None:
    """Which long-lived container an expression denotes; None for one that lives no longer than the request."""
    while isinstance(expr, ir.Unary) and expr.op in "&*":
        expr = expr.operand
    match expr:
        case ir.Name(symbol=None):
            declared = unit.typer.package_symbol(expr)
            return ("variable", declared.qualified) if declared and isinstance(declared.node, ir.ValueDecl) else None
        case ir.Name(symbol=ir.Symbol() as symbol):
            return _captured(unit, symbol, code)
        case ir.Selector():
            return _field(unit, expr, code)
        case _:
            return None


def _captured(unit: FunctionUnit, symbol: ir.Symbol, code: RequestCode | None) -> ContainerKey | None:
    """A variable of a factory that the handler captures."""
    if symbol.kind is not ir.SymbolKind.LOCAL or code is None or symbol.function is code.function:
        return None
    owner: ir.Function | None = symbol.function
    while owner is not None:
        if unit.program.requests.of(owner) is not None:
            return None
        owner = owner.parent
    return "captured", unit.qualified, symbol.name, str(symbol.start)


def _field(unit: FunctionUnit, expr: ir.Selector, code: RequestCode | None) -> ContainerKey | None:
    owner = named(unit.typer.type_of(expr.base))
    if owner is not None:
        return ("field", owner.qualified, expr.field) if _is_shared(unit, owner, expr.base, code) else None
    root = expr.base
    while isinstance(root, ir.Selector | ir.Unary):
        root = root.base if isinstance(root, ir.Selector) else root.operand
    if isinstance(root, ir.Name) and root.symbol is not None:  # of a variable whose type has no name
        captured = _captured(unit, root.symbol, code)
        return (*captured[:2], expr.field, captured[3]) if captured is not None else None
    declared = unit.typer.package_symbol(expr) or (
        unit.typer.package_symbol(root) if isinstance(root, ir.Name) else None
    )
    return ("field", declared.qualified, expr.field) if declared and isinstance(declared.node, ir.ValueDecl) else None


def _is_shared(unit: FunctionUnit, owner: Named, base: ir.Expr, code: RequestCode | None) -> bool:
    """Whether objects of the type serve several requests: this one is a package variable, or has a method that is registered
    as a handler, or they carry a lock."""
    root = base
    while isinstance(root, ir.Selector):
        root = root.base
    symbol = root.symbol if isinstance(root, ir.Name) else None
    if isinstance(root, ir.Name) and symbol is None:
        return True
    if symbol is not None and symbol.kind is ir.SymbolKind.LOCAL:
        return _captured(unit, symbol, code) is not None
    if code is not None and symbol is not None and symbol.kind is ir.SymbolKind.RECEIVER and code.is_registered_method:
        return True
    return has_lock(unit, owner)


def has_lock(unit: FunctionUnit, type_: Type | None) -> bool:
    """Whether a struct, or the one that a pointer leads to, has a lock of its own: then several share it."""
    owner = named(type_)
    struct = unit.typer.underlying(owner) if owner is not None else None
    return isinstance(struct, Struct) and any(
        (lock := named(field.type)) is not None and lock.path == "sync" for field in struct.fields
    )


# -- what takes entries out


class Shrinks:
    """Whether anything in the package bounds a container: deletes, clears, swaps, counts, or hands it to somebody else."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: dict[ContainerKey, bool] = {}

    def bounds(self, identity: ContainerKey) -> bool:
        if identity not in self._known:
            self._known[identity] = any(
                self._in_unit(unit, identity) for unit in self._program.mentioning(name_of(identity).encode())
            )
        return self._known[identity]

    def _in_unit(self, unit: FunctionUnit, identity: ContainerKey) -> bool:
        if unit.function.body is None:
            return False
        name = name_of(identity)
        aliases = _aliases(unit, name)
        for node in walk(unit.function.body, literals=True):
            if isinstance(node, ir.Call) and _call_bounds(node, name, aliases):
                return True
            if isinstance(node, ir.If) and _counts(node, name, aliases):
                return True
            if isinstance(node, ir.Assign) and _assign_bounds(unit, node, name, identity):
                return True
            if isinstance(node, ir.Return) and any(_last(value) == name for value in node.values):
                return True
        return False


def _aliases(unit: FunctionUnit, name: str) -> set[ir.Symbol]:
    """Local variables that are the container."""
    found: set[ir.Symbol] = set()
    if unit.function.body is not None:
        for statement in statements(unit.function.body, literals=True):
            if isinstance(statement, ir.Assign) and len(statement.left) == len(statement.right):
                for target, value in zip(statement.left, statement.right, strict=True):
                    plain = value.operand if isinstance(value, ir.Unary) and value.op == "&" else value
                    if isinstance(target, ir.Name) and target.symbol and _last(plain) == name:
                        found.add(target.symbol)
    return found


def _is_it(expr: ir.Expr, name: str, aliases: set[ir.Symbol]) -> bool:
    plain = expr.operand if isinstance(expr, ir.Unary) and expr.op in "&*" else expr
    return _last(plain) == name or (isinstance(plain, ir.Name) and plain.symbol in aliases)


_SYNC_SHRINKS = frozenset({"Delete", "LoadAndDelete", "CompareAndDelete", "Clear"})


_READERS = frozenset(
    {"JSON", "IndentedJSON", "PureJSON", "XML", "YAML", "Encode", "Marshal", "Keys", "Values", "Clone"}
)
_READING_PACKAGES = frozenset({"fmt", "log", "slog", "json"})
"""What only reads the map that it is given."""


def _call_bounds(call: ir.Call, name: str, aliases: set[ir.Symbol]) -> bool:
    func = call.func
    if isinstance(func, ir.Selector):
        if func.field in _SYNC_SHRINKS and _is_it(func.base, name, aliases):
            return True
        if func.field in _READERS or (isinstance(func.base, ir.Name) and func.base.name in _READING_PACKAGES):
            return False
        return any(_is_it(arg, name, aliases) for arg in call.args)  # handed over: somebody else may shrink it
    if isinstance(func, ir.Name) and any(_is_it(arg, name, aliases) for arg in call.args):
        return func.name not in ("cap", "len", "append", "copy", "string", "print", "println")
    return False


def _counts(node: ir.If, name: str, aliases: set[ir.Symbol]) -> bool:
    """``if len(m) > limit``, or ``if n := len(m); n > limit``; that it has anything at all is no limit."""
    for part in (*expressions(node.cond), *(expressions(node.init) if node.init is not None else ())):
        if not (isinstance(part, ir.Call) and isinstance(part.func, ir.Name) and part.func.name == "len"):
            continue
        if any(_is_it(arg, name, aliases) for arg in part.args):
            compared = [b for b in expressions(node.cond) if isinstance(b, ir.Binary) and part in (b.left, b.right)]
            return not any(
                isinstance(side, ir.Literal) and side.text == "0" for b in compared for side in (b.left, b.right)
            )
    return False


def _assign_bounds(unit: FunctionUnit, node: ir.Assign, name: str, identity: ContainerKey) -> bool:
    """``m = make(…)`` or a swap outside the declaration and outside a constructor; a guard for nil does not count."""
    if node.op != "=":
        return False
    for number, target in enumerate(node.left):
        if isinstance(target, ir.Name | ir.Selector) and _last(target) == name:
            value = node.right[number] if len(node.left) == len(node.right) else None
            if value is not None and appends(value, name):
                continue
            lazily = b"== nil" in unit.text
            initial = unit.name in ("init", "main") or unit.name.startswith(("New", "new", "Init", "init", "Setup"))
            if value is None or not (lazily or initial):
                return True
    return False


def appends(value: ir.Expr, name: str) -> bool:
    """Whether ``value`` is what has that name with something appended to it."""
    return (
        isinstance(value, ir.Call)
        and isinstance(value.func, ir.Name)
        and value.func.name == "append"
        and bool(value.args)
        and _last(value.args[0]) == name
    )


def name_of(identity: ContainerKey) -> str:
    """What the container is called where it is used."""
    return identity[2] if identity[0] in ("captured", "field") else identity[1].rpartition(".")[2]


def _last(expr: ir.Expr) -> str:
    match expr:
        case ir.Name():
            return expr.name
        case ir.Selector():
            return expr.field
        case _:
            return ""
