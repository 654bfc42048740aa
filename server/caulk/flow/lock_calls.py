"""Calls of the locks of package sync, and the instance that they lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from caulk.flow.facts import token
from caulk.ir import nodes as ir
from caulk.semantics.model import Type, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit


class Mode(Enum):
    WRITE = "Lock"
    READ = "RLock"

    @property
    def unlock(self) -> str:
        return "RUnlock" if self is Mode.READ else "Unlock"


@dataclass(frozen=True, slots=True)
class LockPath:
    """One instance: a variable and the fields from it. Equal paths are the same lock as long as no variable in them, and no
    field on the way, gets another value."""

    root: ir.Symbol | str
    """The variable of the function, or the name of the package-level one."""
    steps: tuple[str, ...] = ()
    indices: frozenset[ir.Symbol] = field(default=frozenset(), compare=False)
    """The variables by which elements are chosen."""

    def depends_on(self, symbol: ir.Symbol) -> bool:
        return self.root is symbol or symbol in self.indices

    def begins_with(self, other: LockPath) -> bool:
        return self.root == other.root and self.steps[: len(other.steps)] == other.steps

    def below(self, base: LockPath) -> LockPath:
        """The same fields behind another variable."""
        return LockPath(base.root, base.steps + self.steps, base.indices | self.indices)


@dataclass(frozen=True, slots=True, eq=False)
class LockCall:
    """``s.mu.Lock()`` and its siblings."""

    path: LockPath
    mode: Mode
    locks: bool
    call: ir.Call
    name: ir.Selector


Held: TypeAlias = tuple[LockPath, Mode]

_METHODS = {
    "Lock": (Mode.WRITE, True),
    "Unlock": (Mode.WRITE, False),
    "RLock": (Mode.READ, True),
    "RUnlock": (Mode.READ, False),
}
_TYPES = ("Mutex", "RWMutex")
_QUALIFIED = frozenset(f"sync.{type_}" for type_ in _TYPES)
_DECLARED = frozenset(f"sync.{type_}.{method}" for type_ in _TYPES for method in _METHODS)


def lock_call(unit: FunctionUnit, call: ir.Expr) -> LockCall | None:
    """What the call does with a lock; None for any other call, and for a lock that has no stable name."""
    func = call.func if isinstance(call, ir.Call) and not call.args else None
    if not isinstance(call, ir.Call) or not isinstance(func, ir.Selector) or func.field not in _METHODS:
        return None
    if unit.typer.callee(call).declared_name not in _DECLARED:
        return None
    path = lock_path(func.base)
    if path is None:
        return None
    mode, locks = _METHODS[func.field]
    return LockCall(_without_embedded(path), mode, locks, call, func)


def is_lock(type_: Type | None) -> bool:
    owner = named(type_)
    return owner is not None and owner.qualified in _QUALIFIED


def _without_embedded(path: LockPath) -> LockPath:
    """``s.Mutex.Lock()`` locks what ``s.Lock()`` locks."""
    return LockPath(path.root, path.steps[:-1], path.indices) if path.steps[-1:] and path.steps[-1] in _TYPES else path


def lock_path(expr: ir.Expr) -> LockPath | None:
    """The instance that an expression stands for; None where it may be another one each time."""
    match expr:
        case ir.Name():
            return LockPath(expr.symbol or expr.name)
        case ir.Selector():
            base = lock_path(expr.base)
            return LockPath(base.root, (*base.steps, expr.field), base.indices) if base is not None else None
        case ir.Unary(op="&" | "*"):
            return lock_path(expr.operand)
        case ir.Index(indices=(ir.Literal() | ir.Name() as index,)):
            base = lock_path(expr.base)
            if base is None:
                return None
            symbol = index.symbol if isinstance(index, ir.Name) else None
            text = index.text if isinstance(index, ir.Literal) else token(symbol) if symbol else index.name
            return LockPath(
                base.root, (*base.steps, f"[{text}]"), base.indices | (frozenset((symbol,)) if symbol else frozenset())
            )
        case _:
            return None


def class_of(unit: FunctionUnit, expr: ir.Expr) -> str:
    """The field or package variable that an expression stands for, whatever the instance; empty for what is neither."""
    match expr:
        case ir.Name(symbol=None):
            return f"{unit.program.package.path}.{expr.name}"
        case ir.Selector():
            owner = named(unit.typer.type_of(expr.base))
            return f"{owner.qualified}.{expr.field}" if owner is not None else ""
        case ir.Unary(op="&" | "*"):
            return class_of(unit, expr.operand)
        case _:
            return ""
