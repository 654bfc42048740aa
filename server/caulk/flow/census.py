"""Channels that a package keeps in fields and variables which only it can name: everybody who sends, receives or closes.

A place stands for the channels of all objects of its type, and for whatever is assigned from or to another place, variable or
parameter: what is taken together too much only makes the answer quieter. Where a channel leaves the sight, somebody else may
hold the end that he can use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from caulk.flow.channels import ChannelUse, Ends, Tracer, Use, capacity_of, make_of
from caulk.flow.frequency import runs_once
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.semantics.model import named

if TYPE_CHECKING:
    from caulk.flow.program import FileUnit, FunctionUnit, Program


@dataclass(frozen=True, slots=True)
class Place:
    """A field of a struct type of the package, or (with an empty ``type``) a package variable."""

    type: str
    name: str

    @property
    def text(self) -> str:
        return f"{self.type}.{self.name}" if self.type else self.name


@dataclass(slots=True)
class KeptChannel:
    """The channels of a place, with all that happens to them."""

    places: list[Place]
    """The place that was asked for, and those whose channels are the same."""
    uses: list[ChannelUse] = field(default_factory=list)
    held: Ends = Ends.NONE
    """The ends that unknown code may use."""
    compared: bool = False
    """Whether somebody asks whether there is one."""
    capacities: list[int | None] = field(default_factory=list)
    """The buffers that are made for it: None for one that is large or unknown. Empty: nobody makes any."""
    makes: list[tuple[FunctionUnit, ir.Call]] = field(default_factory=list)
    """Those of them that functions make."""

    def of(self, *uses: Use) -> list[ChannelUse]:
        return [use for use in self.uses if use.use in uses]


class Lack(Enum):
    MADE = "nobody makes it"
    SENDER = "nobody sends or closes"
    RECEIVER = "nobody receives"
    CLOSE = "nobody closes"


@dataclass(frozen=True, slots=True, eq=False)
class Idle:
    """An operation that waits for ever because something is lacking in the whole package."""

    lack: Lack
    use: ChannelUse
    place: Place
    kept: KeptChannel
    ender: FunctionUnit | None = None
    """For CLOSE: the method that ends the object and does not close the channel."""

    @property
    def unit(self) -> FunctionUnit:
        return self.use.unit


class Census:
    """The kept channels of a package."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._kept: dict[Place, KeptChannel] = {}
        self._of_texts: dict[FunctionUnit, frozenset[tuple[Place, Use | None]]] = {}

    # -- places

    @cached_property
    def places(self) -> dict[str, tuple[Place, ...]]:
        """The places of channels that only the package can name, by their names."""
        found: dict[str, set[Place]] = {}
        open_to_all = self._program.package.name == "main"
        for file in self._program.files:
            for place in _declared(file):
                if open_to_all or not place.name[:1].isupper():
                    found.setdefault(place.name, set()).add(place)
        return {name: tuple(sorted(places, key=lambda place: place.type)) for name, places in found.items()}

    def kept(self, place: Place) -> KeptChannel:
        known = self._kept.get(place)
        if known is None:
            known = self._kept[place] = _PlaceTracer(self._program, self, place).trace()
        return known

    # -- what is lacking

    @property
    def idle(self) -> tuple[Idle, ...]:
        """The operations that wait for ever: one for each place."""
        self._program.reads.all()
        return self._idle

    @cached_property
    def _idle(self) -> tuple[Idle, ...]:
        found = (self._first_idle(place) for place, plain in self._plain().items() if _leaves_doubt(plain))
        return tuple(idle for idle in found if idle is not None)

    @property
    def served(self) -> list[Place]:
        """The fields on whose channels there plainly are sends and receives."""
        self._program.reads.all()
        return [place for place, plain in self._plain().items() if place.type and {Use.SEND, Use.RECEIVE} <= plain]

    def forget(self, units: Iterable[FunctionUnit]) -> None:
        """Some bodies changed: the texts of the others are not searched again."""
        self._kept.clear()
        self.__dict__.pop("_idle", None)
        for unit in units:
            self._of_texts.pop(unit, None)

    def _first_idle(self, place: Place) -> Idle | None:
        """The first operation on the channels of a place that waits for ever."""
        kept = self.kept(place)
        waiting = [use for use in kept.uses if waits(use)]
        for lack, uses in _lacks(kept):
            if lack is Lack.MADE and not self._has_objects(place):
                continue  # what is never there waits for nobody
            stuck = [use for use in waiting if use.use in uses]
            ender = self._ender(place) if lack is Lack.CLOSE else None
            if lack is Lack.CLOSE:
                stuck = [use for use in stuck if ender is not None and _ranges_to_the_end(use)]
            if stuck:
                first = min(stuck, key=lambda use: (use.unit.file.path, use.unit.chunk.start, use.node.start))
                return Idle(lack, first, place, kept, ender)
        return None

    def _has_objects(self, place: Place) -> bool:
        """Whether the package plainly makes an object of the type."""
        name = re.escape(place.type.encode())
        made = re.compile(rb"\b" + name + rb"(?:\[[^\]]*\])?\{|\bnew\(" + name + rb"\b|\bvar\s+\w+\s+" + name + rb"\b")
        return not place.type or any(made.search(unit.code) for unit in self._program.units)

    def _ender(self, place: Place) -> FunctionUnit | None:
        """The method that ends the object of a place."""
        found = (self._program.named(place.type, name) for name in _ENDERS)
        return next((units[0] for units in found if units), None) if place.type else None

    def _plain(self) -> dict[Place, set[Use | None]]:
        """What is plainly done with the channel of each place, by the texts (None: it is assigned): ``<-s.done`` in a method
        of its type, or anything of that name elsewhere. No tree is asked for: most places have all that they need."""
        words = frozenset(name.encode() for name in self.places)
        found: dict[Place, set[Use | None]] = {}
        for unit in self._program.units if words else ():
            if words & unit.words:
                done = self._of_texts.get(unit)
                if done is None:
                    done = self._of_texts[unit] = frozenset(self._plainly(unit))
                for place, use in done:
                    found.setdefault(place, set()).add(use)
        return found

    def _plainly(self, unit: FunctionUnit) -> Iterator[tuple[Place, Use | None]]:
        receiver = _RECEIVER.match(unit.code)
        for match in _PLAIN.finditer(unit.code):
            name = match["name"].decode("utf-8", "replace")
            places = self.places.get(name, ())
            own = Place(unit.receiver, name)
            is_own = receiver is not None and match["base"] == receiver[1] and own in places
            use = _BEFORE.get(match["before"]) or (Use.SEND if match["behind"] == b"<-" else None)
            for place in (own,) if is_own else places:
                yield place, use


_ENDERS = ("Close", "Stop", "Shutdown", "close", "stop", "shutdown", "Quit", "Terminate", "End", "Finish")
_RECEIVER = re.compile(rb"func\s*\(\s*(\w+)\s")
_PLAIN = re.compile(
    rb"(?:(?P<before><-|\brange\b|\bclose\()\s*)?(?:\b(?P<base>\w+)\s*\.\s*)?\b(?!case\b|return\b)(?P<name>\w+)\b"
    rb"(?(before)|\s*(?P<behind><-|=(?!=)|:(?!=)))"
)
_BEFORE = {b"<-": Use.RECEIVE, b"range": Use.RANGE, b"close(": Use.CLOSE}


def _leaves_doubt(plain: set[Use | None]) -> bool:
    """Whether something waits for what is not in plain sight."""
    receives = Use.RECEIVE in plain or Use.RANGE in plain
    if not receives and Use.SEND not in plain:
        return False
    if None not in plain:
        return True
    sends, closes = Use.SEND in plain, Use.CLOSE in plain
    return (not closes and (not sends or not receives or Use.RANGE in plain)) or (sends and not receives)


def _declared(file: FileUnit) -> Iterator[Place]:
    """The fields and variables of channel types that a file declares."""
    if b"chan" not in file.split.skeleton:
        return
    for type_ in file.decls.types:
        for member in type_.type.fields if isinstance(type_.type, ir.StructType) else ():
            if isinstance(member.type, ir.ChanType) and not member.embedded and member.name != "_":
                yield Place(type_.name, member.name)
    for value in file.decls.values:
        for number, name in enumerate(value.names):
            made = make_of(value.values[number]) if len(value.values) == len(value.names) else None
            if name.name != "_" and not value.const and (isinstance(value.type, ir.ChanType) or made is not None):
                yield Place("", name.name)


class _PlaceTracer(Tracer):
    """Finds all uses of the channels of one place."""

    def __init__(self, program: Program, census: Census, place: Place) -> None:
        super().__init__(set())
        self._program = program
        self._census = census
        self._channel = KeptChannel([place])

    def trace(self) -> KeptChannel:
        for place in self._channel.places:  # more come while it runs
            self._declaration(place)
            for unit in self._program.units:
                if self._concerns(unit, place):
                    self._occurrences(unit, place)
            self._run()
        return self._channel

    # -- where it is named

    def _declaration(self, place: Place) -> None:
        """What stands outside of functions: the value of a variable, and what is not looked into."""
        word = re.compile(rb"\b" + re.escape(place.name.encode()) + rb"\b")
        for file in self._program.files:
            spans = [(chunk.start, chunk.end) for chunk in file.split.functions]
            spans += [(type_.start, type_.end) for type_ in file.decls.types]
            for value in file.decls.values:
                if not place.type and any(name.name == place.name for name in value.names):
                    spans.append((value.start, value.end))
                    self._initial(place, value)
            starts = [match.start() for match in word.finditer(file.split.code)]
            if any(not any(start <= at < end for start, end in spans) for at in starts):
                self._leak(Ends.BOTH)
            if place.type and any(_is_copy(type_, place.type) for type_ in file.decls.types):
                self._leak(Ends.BOTH)

    def _initial(self, place: Place, value: ir.ValueDecl) -> None:
        number = next(n for n, name in enumerate(value.names) if name.name == place.name)
        if len(value.values) == len(value.names):
            made = make_of(value.values[number])
            if made is not None:
                self._channel.capacities.append(capacity_of(made))
                return
        if value.values:
            self._leak(Ends.BOTH)

    @staticmethod
    def _concerns(unit: FunctionUnit, place: Place) -> bool:
        """Whether a function names the place, or may fill it by its position in a literal."""
        return place.name.encode() in unit.words or (bool(place.type) and place.type.encode() + b"{" in unit.code)

    def _occurrences(self, unit: FunctionUnit, place: Place) -> None:
        for node in walk(unit.function.body, literals=True) if unit.function.body is not None else ():
            match node:
                case ir.Name(name=place.name, symbol=None) if not place.type:
                    self._expression(unit, node)
                case ir.Selector(field=place.name) if place.type:
                    self._selected(unit, node, place)
                case ir.Composite() if place.type and node.elements:
                    self._literal(unit, node, place)
                case _:
                    pass

    def _selected(self, unit: FunctionUnit, selector: ir.Selector, place: Place) -> None:
        if self._is_package(unit, selector.base):
            return
        found = unit.typer.member(unit.typer.type_of(selector.base), place.name)
        if found is None or found.owner is None:
            self._leak(Ends.BOTH)
        elif (found.owner.path, found.owner.name) == (self._program.package.path, place.type):
            self._expression(unit, selector)

    @staticmethod
    def _is_package(unit: FunctionUnit, base: ir.Expr) -> bool:
        return (
            isinstance(base, ir.Name) and base.symbol is None and unit.file.package_file.path_of(base.name) is not None
        )

    def _literal(self, unit: FunctionUnit, literal: ir.Composite, place: Place) -> None:
        """A literal of the type may give the field its value."""
        for element in literal.elements:
            if _field_of(unit, literal, element) == place:
                self._origin(unit, element.value)

    # -- where it comes from

    def _define(self, unit: FunctionUnit, assign: ir.Assign, node: ir.Expr, value: ir.Expr | None) -> None:
        if value is not None:
            self._origin(unit, value)
        elif assign.op != "var" or assign.right:
            self._leak(Ends.BOTH)

    def _origin(self, unit: FunctionUnit, value: ir.Expr) -> None:
        """The channel is the value of an expression."""
        made = make_of(value)
        place = self._place_of(unit, value)
        if made is not None:
            self._channel.capacities.append(capacity_of(made))
            self._channel.makes.append((unit, made))
        elif isinstance(value, ir.Name) and value.symbol is not None and value.symbol.kind is ir.SymbolKind.LOCAL:
            self._rename(unit, value.symbol)
        elif place is not None:
            self._join(place)
        elif not (isinstance(value, ir.Name) and value.name == "nil" and value.symbol is None):
            self._leak(Ends.BOTH)

    def _place_of(self, unit: FunctionUnit, expr: ir.Expr) -> Place | None:
        """The place that an expression names, when it is one of those that are looked at."""
        found: Place | None = None
        if isinstance(expr, ir.Name) and expr.symbol is None:
            found = Place("", expr.name)
        elif isinstance(expr, ir.Selector):
            member = unit.typer.member(unit.typer.type_of(expr.base), expr.field)
            owner = member.owner if member is not None else None
            if owner is not None and owner.path == self._program.package.path:
                found = Place(owner.name, expr.field)
        return found if found is not None and found in self._census.places.get(found.name, ()) else None

    def _join(self, place: Place) -> None:
        if place not in self._channel.places:
            self._channel.places.append(place)

    # -- where it goes

    def _expression(self, unit: FunctionUnit, node: ir.Expr) -> None:
        self._channel.compared |= isinstance(unit.uses.parent(node), ir.Binary)
        super()._expression(unit, node)

    def _use(self, unit: FunctionUnit, use: Use, node: ir.Node) -> None:
        self._channel.uses.append(ChannelUse(use, node, unit, unit.uses.function_of(node)))

    def _leak(self, ends: Ends) -> None:
        self._channel.held |= ends

    def _give(self, unit: FunctionUnit, statement: ir.Return, ends: Ends) -> None:
        self._leak(ends)

    def _keep(self, unit: FunctionUnit, target: ir.Expr) -> None:
        place = self._place_of(unit, target)
        if place is not None:
            self._join(place)
        else:
            self._leak(Ends.BOTH)

    def _keep_element(self, unit: FunctionUnit, literal: ir.Composite, node: ir.Expr) -> None:
        element = next((element for element in literal.elements if element.value is node), None)
        place = _field_of(unit, literal, element) if element is not None else None
        if place is not None and place in self._census.places.get(place.name, ()):
            self._join(place)
        else:
            self._leak(Ends.BOTH)


def _is_copy(type_: ir.TypeDecl, name: str) -> bool:
    """Whether a type is made from the named one: it has the same fields."""
    return isinstance(type_.type, ir.NamedType) and not type_.type.package and type_.type.name == name


def _field_of(unit: FunctionUnit, literal: ir.Composite, element: ir.Element) -> Place | None:
    """The field of a type of the package that an element of a literal fills."""
    owner = named(unit.typer.type_of(literal))
    if owner is None or owner.path != unit.program.package.path or owner.local is not None:
        return None
    if element.field or element.key is not None:
        return Place(owner.name, element.field)
    position = next(number for number, other in enumerate(literal.elements) if other is element)
    for declared in unit.program.package.types.get(owner.name, ()):
        node = declared.node
        if isinstance(node, ir.TypeDecl) and isinstance(node.type, ir.StructType) and position < len(node.type.fields):
            return Place(owner.name, node.type.fields[position].name)
    return None


def _lacks(kept: KeptChannel) -> Iterator[tuple[Lack, tuple[Use, ...]]]:
    """What is lacking, and which operations wait for it."""
    if not kept.capacities and not kept.held:
        if not kept.compared:
            yield Lack.MADE, (Use.SEND, Use.RECEIVE, Use.RANGE)
        return
    if not kept.of(Use.CLOSE) and not kept.held & Ends.SEND:
        yield (Lack.CLOSE, (Use.RANGE,)) if kept.of(Use.SEND) else (Lack.SENDER, (Use.RECEIVE, Use.RANGE))
    if not kept.of(Use.RECEIVE, Use.RANGE) and not kept.held & Ends.RECEIVE and set(kept.capacities) == {0}:
        yield Lack.RECEIVER, (Use.SEND,)


def _ranges_to_the_end(use: ChannelUse) -> bool:
    """Whether nothing but the end of the channel ends the loop."""
    node = use.node
    return isinstance(node, ir.Range) and not any(
        isinstance(part, ir.Return) or (isinstance(part, ir.Branch) and part.keyword != "continue")
        for part in walk(node.body)
    )


def waits(use: ChannelUse) -> bool:
    """Whether the operation has no other way out, names a place itself, and is not what a program ends with."""
    unit, node = use.unit, use.node
    operand = node.channel if isinstance(node, ir.Send) else node.operand if isinstance(node, ir.Unary) else None
    if isinstance(node, ir.Range):
        operand = node.subject
    is_parameter = (
        isinstance(operand, ir.Name) and operand.symbol is not None and operand.symbol.kind is ir.SymbolKind.PARAM
    )
    if operand is None or is_parameter or unit.file.is_test or unit.file.is_generated or runs_once(unit):
        return False
    for outer in unit.uses.around(node):
        if isinstance(outer, ir.CommCase):
            select = unit.uses.parent(outer)
            in_comm = outer.comm is not None and outer.comm.start <= node.start < outer.comm.end
            return not in_comm or (isinstance(select, ir.Select) and len(select.cases) == 1)
    return True
