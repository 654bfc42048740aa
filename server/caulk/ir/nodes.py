"""The typed intermediate representation of Go: a small tree of our own, lowered once from syntax.

The unit is one top-level declaration. Every span (``start``, ``end``) is in **bytes relative to the text that was
lowered**, so moving a function does not change its tree. Names are resolved to :class:`Symbol` as far as the function
itself declares them; a :class:`Name` without a symbol belongs to the package, an import or the universe and is resolved by
``caulk.semantics``. The tree depends on nothing but the text: it can be cached by the hash of that text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias


@dataclass(slots=True, eq=False)
class Node:
    """Anything with a place. ``start`` and ``end`` are byte offsets into the lowered text, end exclusive."""

    start: int
    end: int


# --------------------------------------------------------------------------------------------------------------------
# Type expressions: types as written. ``caulk.semantics.types`` resolves them.


@dataclass(slots=True, eq=False)
class NamedType(Node):
    """``T``, ``pkg.T`` or ``pkg.T[A, B]``; ``symbol`` when T is a type parameter or a type declared in the function."""

    package: str
    """The qualifier as written, empty when there is none."""
    name: str
    args: tuple[TypeExpr, ...] = ()
    symbol: Symbol | None = None


@dataclass(slots=True, eq=False)
class PointerType(Node):
    elem: TypeExpr


@dataclass(slots=True, eq=False)
class SliceType(Node):
    elem: TypeExpr


@dataclass(slots=True, eq=False)
class ArrayType(Node):
    elem: TypeExpr
    length: Expr | None
    """None for ``[...]T``."""


@dataclass(slots=True, eq=False)
class MapType(Node):
    key: TypeExpr
    value: TypeExpr


class ChanDir(Enum):
    BOTH = "chan"
    SEND = "chan<-"
    RECV = "<-chan"


@dataclass(slots=True, eq=False)
class ChanType(Node):
    direction: ChanDir
    elem: TypeExpr


@dataclass(slots=True, eq=False)
class FuncType(Node):
    params: tuple[Param, ...]
    results: tuple[Param, ...]

    @property
    def variadic(self) -> bool:
        return bool(self.params) and self.params[-1].variadic


@dataclass(slots=True, eq=False)
class Param(Node):
    """One parameter, result or receiver; ``a, b int`` is two of them. ``name`` is empty when there is none."""

    name: str
    type: TypeExpr
    variadic: bool = False
    symbol: Symbol | None = None
    """None for ``_`` and for unnamed ones."""


@dataclass(slots=True, eq=False)
class FieldDecl(Node):
    """One struct field; an embedded one has the last identifier of its type as name."""

    name: str
    type: TypeExpr
    embedded: bool = False
    tag: str = ""


@dataclass(slots=True, eq=False)
class StructType(Node):
    fields: tuple[FieldDecl, ...]


@dataclass(slots=True, eq=False)
class MethodSpec(Node):
    name: str
    type: FuncType


@dataclass(slots=True, eq=False)
class InterfaceType(Node):
    methods: tuple[MethodSpec, ...]
    embedded: tuple[TypeExpr, ...]
    """Embedded interfaces, and unions with a single term."""
    unions: tuple[tuple[TypeExpr, ...], ...] = ()
    """Type sets with ``|`` or ``~``."""


@dataclass(slots=True, eq=False)
class BadType(Node):
    """Text that is no type."""


TypeExpr: TypeAlias = (
    NamedType
    | PointerType
    | SliceType
    | ArrayType
    | MapType
    | ChanType
    | FuncType
    | StructType
    | InterfaceType
    | BadType
)


# --------------------------------------------------------------------------------------------------------------------
# Symbols: what a function declares.


class SymbolKind(Enum):
    PARAM = "parameter"
    RESULT = "result"
    RECEIVER = "receiver"
    LOCAL = "variable"
    CONST = "constant"
    TYPE = "type"
    TYPE_PARAM = "type parameter"


@dataclass(slots=True, eq=False)
class Symbol:
    """One declared name. Shadowing gives a new symbol; identity is object identity."""

    name: str
    kind: SymbolKind
    start: int
    """Where its name stands (byte offset, as in nodes)."""
    function: Function
    """The function or literal that declares it; a use in another :class:`Function` is a capture."""
    type: TypeExpr | None = None
    """The type as written, if one was."""
    definition: Definition | None = None
    """What gives it its type when none was written."""
    assigned: int = 0
    """How often it is assigned after its declaration, closures and ``&x`` included (``&x`` counts one)."""
    captured: bool = False
    """Whether a function literal inside ``function`` uses it."""
    literal: FuncLit | None = None
    """Set when the only value it ever gets is this function literal (``f := func() {…}``)."""
    declares: TypeDecl | None = None
    """The declaration, for a type that a function declares."""
    index: int = 0
    """Number within the top-level function, in order of declaration: a stable key."""

    def __repr__(self) -> str:
        return f"{self.name}#{self.index}"


class From(Enum):
    VALUE = "value"
    """Result ``index`` of ``expr``; ``count`` names share it (1: the plain value, 2: comma-ok or a two-result call)."""
    RANGE = "range"
    """Iteration variable ``index`` (0 key, 1 value) over ``expr``."""
    TYPE_SWITCH = "type switch"
    """``expr`` narrowed to ``types`` (one type: that type; none or several: the type of ``expr``)."""


@dataclass(slots=True, eq=False)
class Definition:
    origin: From
    expr: Expr
    index: int = 0
    count: int = 1
    types: tuple[TypeExpr, ...] = ()


# --------------------------------------------------------------------------------------------------------------------
# Expressions. Parentheses are gone; the span of an expression includes its own parentheses' content only.


@dataclass(slots=True, eq=False)
class Name(Node):
    """An identifier; ``symbol`` is None for package-level names, imports, universe names and ``_``."""

    name: str
    symbol: Symbol | None = None


@dataclass(slots=True, eq=False)
class Literal(Node):
    """A basic literal as written; kind: int, float, imaginary, rune, string. ``nil``, ``true``, ``iota`` are names."""

    kind: str
    text: str


@dataclass(slots=True, eq=False)
class Selector(Node):
    """``base.field``: a field, a method or a package member."""

    base: Expr
    field: str
    field_start: int = 0


@dataclass(slots=True, eq=False)
class Call(Node):
    """A call *or a conversion* (types decide). ``func`` may be a :class:`TypeOperand`, as in ``[]byte(x)``."""

    func: Expr
    args: tuple[Expr, ...]
    spread: bool = False
    """``f(xs...)``."""
    lparen: int = 0
    """Offset of ``(``."""


@dataclass(slots=True, eq=False)
class Index(Node):
    """``base[i]``: an element, or an instantiation ``f[A, B]`` (types decide)."""

    base: Expr
    indices: tuple[Expr, ...]


@dataclass(slots=True, eq=False)
class SliceExpr(Node):
    base: Expr
    bounds: tuple[Expr | None, ...]


@dataclass(slots=True, eq=False)
class Unary(Node):
    """``op`` is one of ``& * <- ! - + ^``."""

    op: str
    operand: Expr


@dataclass(slots=True, eq=False)
class Binary(Node):
    op: str
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Assertion(Node):
    """``base.(T)``; in ``switch x.(type)`` there is none of it."""

    base: Expr
    type: TypeExpr


@dataclass(slots=True, eq=False)
class Element(Node):
    """One element of a composite literal. ``field`` is the key when it is a plain identifier: a field name, or a map
    or array key that is a variable or constant (then ``key`` is that :class:`Name` too: types decide)."""

    value: Expr
    key: Expr | None = None
    field: str = ""


@dataclass(slots=True, eq=False)
class Composite(Node):
    """``T{…}``; ``type`` is None for an elided inner one, ``{…}``."""

    type: TypeExpr | None
    elements: tuple[Element, ...]


@dataclass(slots=True, eq=False)
class FuncLit(Node):
    function: Function


@dataclass(slots=True, eq=False)
class TypeOperand(Node):
    """A type where an expression stands: ``make([]int, 3)``, ``[]byte(s)``, ``(*T)(p)``."""

    type: TypeExpr


@dataclass(slots=True, eq=False)
class BadExpr(Node):
    """Text that does not parse; ``parts`` are the expressions found inside."""

    parts: tuple[Expr, ...] = ()


Expr: TypeAlias = (
    Name
    | Literal
    | Selector
    | Call
    | Index
    | SliceExpr
    | Unary
    | Binary
    | Assertion
    | Composite
    | FuncLit
    | TypeOperand
    | BadExpr
)


# --------------------------------------------------------------------------------------------------------------------
# Statements.


@dataclass(slots=True, eq=False)
class ExprStmt(Node):
    expr: Expr


@dataclass(slots=True, eq=False)
class Assign(Node):
    """``left op right``; op is ``=``, ``:=`` or a compound one such as ``+=``. Also ``var x, y T = …`` (op ``var``,
    ``right`` empty without initialiser, ``type`` as written). ``new`` are the symbols that it declares, one a left side."""

    left: tuple[Expr, ...]
    right: tuple[Expr, ...]
    op: str
    new: tuple[Symbol | None, ...] = ()
    """Parallel to ``left`` for ``:=`` and ``var``; None where a name is only assigned, or is ``_``."""
    type: TypeExpr | None = None


@dataclass(slots=True, eq=False)
class IncDec(Node):
    operand: Expr
    op: str


@dataclass(slots=True, eq=False)
class Send(Node):
    channel: Expr
    value: Expr


@dataclass(slots=True, eq=False)
class Go(Node):
    call: Expr
    """A :class:`Call` unless the code is broken."""


@dataclass(slots=True, eq=False)
class Defer(Node):
    call: Expr
    """A :class:`Call` unless the code is broken."""


@dataclass(slots=True, eq=False)
class Return(Node):
    values: tuple[Expr, ...]


@dataclass(slots=True, eq=False)
class Branch(Node):
    """``break``, ``continue``, ``goto`` or ``fallthrough``; label empty when there is none."""

    keyword: str
    label: str = ""


@dataclass(slots=True, eq=False)
class Block(Node):
    """``{ … }``: ``start`` is the offset of ``{``, ``end`` is past ``}``. Case bodies are blocks without braces."""

    statements: tuple[Stmt, ...]
    own_below: Sequence[Node] | None = field(default=None, repr=False)
    """What :func:`caulk.ir.visit.walk` found below it, without the bodies of literals."""
    all_below: Sequence[Node] | None = field(default=None, repr=False)
    """The same with them."""


@dataclass(slots=True, eq=False)
class If(Node):
    init: Stmt | None
    cond: Expr
    then: Block
    orelse: Block | If | None


@dataclass(slots=True, eq=False)
class For(Node):
    """All ``for`` loops but ``range``."""

    init: Stmt | None
    cond: Expr | None
    post: Stmt | None
    body: Block


@dataclass(slots=True, eq=False)
class Range(Node):
    """``for key, value := range subject``; define tells ``:=`` from ``=``."""

    key: Expr | None
    value: Expr | None
    define: bool
    subject: Expr
    body: Block


@dataclass(slots=True, eq=False)
class Case(Node):
    """A clause of a switch: ``values`` (empty and ``default`` set for default) and its body."""

    values: tuple[Expr, ...]
    default: bool
    body: Block


@dataclass(slots=True, eq=False)
class Switch(Node):
    init: Stmt | None
    tag: Expr | None
    cases: tuple[Case, ...]


@dataclass(slots=True, eq=False)
class TypeCase(Node):
    """A clause of a type switch. ``types`` has None for ``nil``; ``symbol`` is this clause's alias variable."""

    types: tuple[TypeExpr | None, ...]
    default: bool
    symbol: Symbol | None
    body: Block


@dataclass(slots=True, eq=False)
class TypeSwitch(Node):
    init: Stmt | None
    subject: Expr
    cases: tuple[TypeCase, ...]


@dataclass(slots=True, eq=False)
class CommCase(Node):
    """A clause of a select: ``comm`` is a :class:`Send`, an :class:`ExprStmt` or an :class:`Assign` of one receive;
    None for default."""

    comm: Stmt | None
    body: Block


@dataclass(slots=True, eq=False)
class Select(Node):
    cases: tuple[CommCase, ...]

    @property
    def has_default(self) -> bool:
        return any(case.comm is None for case in self.cases)


@dataclass(slots=True, eq=False)
class Labeled(Node):
    label: str
    statement: Stmt | None


@dataclass(slots=True, eq=False)
class LocalType(Node):
    """A type declared inside a function."""

    symbol: Symbol
    decl: TypeDecl


@dataclass(slots=True, eq=False)
class BadStmt(Node):
    """Text that does not parse; ``parts`` are the expressions and statements found inside."""

    parts: tuple[Stmt, ...] = ()


Stmt: TypeAlias = (
    ExprStmt
    | Assign
    | IncDec
    | Send
    | Go
    | Defer
    | Return
    | Branch
    | Block
    | If
    | For
    | Range
    | Switch
    | TypeSwitch
    | Select
    | Labeled
    | LocalType
    | BadStmt
)


# --------------------------------------------------------------------------------------------------------------------
# Declarations.


@dataclass(slots=True, eq=False)
class TypeParam(Node):
    name: str
    constraint: TypeExpr
    symbol: Symbol


@dataclass(slots=True, eq=False)
class Function(Node):
    """A top-level function, a method, or a function literal (``name`` is empty, ``parent`` is set)."""

    name: str
    receiver: Param | None
    params: tuple[Param, ...]
    results: tuple[Param, ...]
    body: Block | None
    """None for an assembly stub."""
    type_params: tuple[TypeParam, ...] = ()
    parent: Function | None = None
    literals: list[FuncLit] = field(default_factory=list)
    """The literals directly inside, in order of appearance."""
    symbols: list[Symbol] = field(default_factory=list)
    """All symbols of the top-level function with its literals (only filled on the top-level one)."""
    has_errors: bool = False
    """Whether the text of the top-level function has syntax errors."""

    @property
    def variadic(self) -> bool:
        return bool(self.params) and self.params[-1].variadic

    @property
    def top(self) -> Function:
        """The top-level function that this one stands in (itself when it is one)."""
        function = self
        while function.parent is not None:
            function = function.parent
        return function

    def walk(self) -> Iterator[Function]:
        """This function and all literals inside, outermost first."""
        yield self
        for literal in self.literals:
            yield from literal.function.walk()


@dataclass(slots=True, eq=False)
class ImportDecl(Node):
    """One import. ``name`` is empty when none is written; ``.`` and ``_`` as written."""

    path: str
    name: str = ""


@dataclass(slots=True, eq=False)
class TypeDecl(Node):
    name: str
    type_params: tuple[TypeParam, ...]
    type: TypeExpr
    alias: bool = False


@dataclass(slots=True, eq=False)
class ValueDecl(Node):
    """One ``var`` or ``const`` spec of the package level (``x, y T = a, b``)."""

    names: tuple[Name, ...]
    type: TypeExpr | None
    values: tuple[Expr, ...]
    """In a skeleton the bodies of composite literals and function literals are empty."""
    const: bool = False
    iota: int = 0
