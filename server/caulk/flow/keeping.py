"""Obligations that a function keeps: in a field of a type of the package, or in a package variable. Whoever can name that
place is looked at: where none of them releases it or hands it on, nobody ever will."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from caulk.flow.access import Path
from caulk.flow.acquires import Acquire
from caulk.flow.callees import Callees
from caulk.flow.outcomes import EffectKind, Terms
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.semantics.contracts import CALL_ITSELF
from caulk.semantics.model import CalleeKind, Named, Struct, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit, Program


@dataclass(frozen=True, slots=True)
class Slot:
    """A field of a struct type of the package, or (with an empty ``type``) a package variable, and the way from there to
    what must be released."""

    type: str
    name: str
    path: Path

    @property
    def text(self) -> str:
        """``server.conn``, ``last.Body``."""
        return ".".join(part for part in (self.type, self.name, *self.path) if part)


class _Use(Enum):
    NEUTRAL = "looks at it"
    RELEASES = "releases it"
    ESCAPES = "hands it on"


@dataclass(frozen=True, slots=True)
class _Stored:
    slot: Slot


def kept_in(unit: FunctionUnit, acquire: Acquire) -> Slot | None:
    """The one place that keeps what ``acquire`` gets, when nobody in the package releases it there or hands it on."""
    if acquire.contract.given is not None or acquire.contract.inline:
        return None
    keeper = _Keeper(unit, Terms.of(acquire.contract))
    slots = keeper.slots_of(acquire)
    if len(slots) != 1:
        return None
    (slot,) = slots
    return slot if _is_hidden(unit.program, slot) and not keeper.is_ended(slot) else None


def _is_hidden(program: Program, slot: Slot) -> bool:
    """Whether only this package can name the place."""
    if slot.name[:1].isupper() or slot.name == "_":
        return False
    if not slot.type:
        return slot.name in program.package.values
    for declared in program.package.types.get(slot.type, ()):
        node = declared.node
        if not isinstance(node, ir.TypeDecl) or not isinstance(node.type, ir.StructType):
            return False
        return any(field.name == slot.name and not field.embedded for field in node.type.fields)
    return False


class _Keeper:
    def __init__(self, unit: FunctionUnit, terms: Terms) -> None:
        self._unit = unit
        self._terms = terms
        self._own = unit.program.package.path

    # -- where it is kept

    def slots_of(self, acquire: Acquire) -> set[Slot]:
        """Where the value is kept; empty when it goes anywhere else, too."""
        target, resource = acquire.target, acquire.contract.resource
        if target is None:
            return set()
        if not isinstance(target, ir.Name):
            slot = self._slot_at(self._unit, target, resource)
            return {slot} if slot is not None else set()
        if target.symbol is None:
            return {Slot("", target.name, resource)}
        if target.symbol.function is not acquire.function or target.symbol.assigned > 1:
            return set()
        slots: set[Slot] = set()
        for name in self._unit.uses.names.get(target.symbol, ()):
            use = self._use(self._unit, name, resource)
            if isinstance(use, _Stored):
                slots.add(use.slot)
            elif use is _Use.ESCAPES or (use is _Use.RELEASES and self._is_enough(acquire, name)):
                return set()
        return slots

    def _is_enough(self, acquire: Acquire, name: ir.Name) -> bool:
        """Whether a release by the local name may be the one that counts: a cancel function, or one in a closure."""
        return CALL_ITSELF in self._terms.must_call or self._unit.uses.function_of(name) is not acquire.function

    def _slot_at(self, unit: FunctionUnit, target: ir.Expr, path: Path) -> Slot | None:
        """The slot that an assignable expression is."""
        if isinstance(target, ir.Name):
            return Slot("", target.name, path) if target.symbol is None and target.name != "_" else None
        if not isinstance(target, ir.Selector):
            return None
        owner = self._owner(unit, target)
        return Slot(owner.name, target.field, path) if owner is not None and owner.path == self._own else None

    @staticmethod
    def _owner(unit: FunctionUnit, selector: ir.Selector) -> Named | None:
        """The type that declares the selected field."""
        found = unit.typer.member(unit.typer.type_of(selector.base), selector.field)
        return found.owner if found is not None else None

    # -- whether somebody ends it there

    def is_ended(self, slot: Slot) -> bool:
        """Whether anybody in the package releases what is in ``slot``, hands it on, or may do so."""
        word, release = slot.name.encode(), self._release_of(slot)
        units = self._unit.program.mentioning(word)
        units.sort(key=lambda unit: release.search(unit.code) is None)  # other uses may take a walk each
        return any(
            self._use(unit, node, slot.path) is not _Use.NEUTRAL
            for unit in units
            for node in self._occurrences(unit, slot)
        )

    def _release_of(self, slot: Slot) -> re.Pattern[bytes]:
        """Matches what looks like a release of ``slot``, or of what is behind it."""
        names = self._terms.must_call | self._terms.released_by | self._unit.program.contracts.ownership.release_names
        methods = "|".join(sorted(map(re.escape, names)))
        called = r"|\(" if CALL_ITSELF in names else ""
        return re.compile(rf"\b{slot.name}(?:\.\w+)*(?:\.(?:{methods})\b{called})".encode())

    def _occurrences(self, unit: FunctionUnit, slot: Slot) -> Iterator[ir.Expr]:
        body = unit.function.body
        for part in expressions(body, literals=True) if body is not None else ():
            if not slot.type:
                if isinstance(part, ir.Name) and part.symbol is None and part.name == slot.name:
                    yield part
            elif isinstance(part, ir.Selector) and part.field == slot.name:
                owner = self._owner(unit, part)
                if owner is None or (owner.path, owner.name) == (self._own, slot.type):
                    yield part

    # -- what a use does

    def _use(self, unit: FunctionUnit, node: ir.Expr, path: Path) -> _Use | _Stored:
        parent = unit.uses.parent(node)
        match parent:
            case ir.Selector():
                return self._selected(unit, parent, path)
            case ir.Call() if parent.func is node:
                return _Use.RELEASES if CALL_ITSELF in self._terms.must_call else _Use.NEUTRAL
            case ir.Call():
                return self._argument(unit, parent, node, path)
            case ir.Binary() | ir.ExprStmt() | ir.If():
                return _Use.NEUTRAL
            case ir.Assign():
                return self._assigned(unit, parent, node, path)
            case ir.Composite():
                return self._element(unit, parent, node, path)
            case _:
                return _Use.ESCAPES

    def _selected(self, unit: FunctionUnit, selector: ir.Selector, path: Path) -> _Use | _Stored:
        if path and selector.field == path[0]:
            return self._use(unit, selector, path[1:])
        call = unit.uses.parent(selector)
        own = unit.program.contracts.ownership
        releasing = selector.field in self._terms.must_call | self._terms.released_by | own.release_names
        if releasing or own.release_pattern.match(selector.field):
            return _Use.RELEASES
        if not isinstance(call, ir.Call) or call.func is not selector:
            return _Use.NEUTRAL if path else _Use.ESCAPES
        callee = unit.typer.callee(call)
        body = unit.program.unit_of_callee(callee)
        if body is not None:
            receiver = body.function.receiver
            if receiver is None or receiver.symbol is None:
                return _Use.NEUTRAL
            effect = unit.program.summaries.effect(body, body.function, receiver.symbol, [path], self._terms)
            return _Use.NEUTRAL if effect.kind is EffectKind.BORROWS else _Use.ESCAPES
        looks = callee.kind is CalleeKind.METHOD and unit.program.is_std(callee.package)
        return _Use.NEUTRAL if looks and not selector.field.endswith(own.handing_out_suffixes) else _Use.ESCAPES

    def _argument(self, unit: FunctionUnit, call: ir.Call, node: ir.Expr, path: Path) -> _Use:
        index = next((number for number, arg in enumerate(call.args) if arg is node), 0)
        effect = Callees(unit, self._terms).effect(call, unit.typer.callee(call), index, [path])
        return _Use.NEUTRAL if effect.kind is EffectKind.BORROWS else _Use.ESCAPES

    def _assigned(self, unit: FunctionUnit, assign: ir.Assign, node: ir.Expr, path: Path) -> _Use | _Stored:
        if any(target is node for target in assign.left):
            return _Use.NEUTRAL
        if len(assign.left) != len(assign.right):
            return _Use.ESCAPES
        target = next(left for left, right in zip(assign.left, assign.right, strict=True) if right is node)
        if isinstance(target, ir.Name) and target.name == "_":
            return _Use.NEUTRAL
        slot = self._slot_at(unit, target, path)
        return _Stored(slot) if slot is not None else _Use.ESCAPES

    def _element(self, unit: FunctionUnit, literal: ir.Composite, node: ir.Expr, path: Path) -> _Use | _Stored:
        type_ = unit.typer.type_of(literal)
        if any(element.key is node for element in literal.elements):  # the name of a field, or the key of a map
            return _Use.NEUTRAL if isinstance(unit.typer.underlying(type_), Struct) else _Use.ESCAPES
        owner = named(type_)
        field = next((element.field for element in literal.elements if element.value is node), "")
        if owner is None or owner.path != self._own or owner.local is not None or not field:
            return _Use.ESCAPES
        return _Stored(Slot(owner.name, field, path))
