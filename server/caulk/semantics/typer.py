"""Light types of the expressions of one function, computed when asked for. Never raises; unknown is None."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from caulk.ir import nodes as ir
from caulk.ir.nodes import From, SymbolKind
from caulk.semantics import builtins
from caulk.semantics.calls import Calls
from caulk.semantics.generics import Inference
from caulk.semantics.members import Members
from caulk.semantics.model import (
    BOOL,
    Array,
    Basic,
    Callee,
    Chan,
    Map,
    Member,
    Named,
    Pointer,
    Signature,
    Slice,
    Tuple,
    Type,
    TypeParameter,
)
from caulk.semantics.names import Entity, Imported, Predeclared
from caulk.semantics.packages import Declared, Package, PackageFile
from caulk.semantics.types import Types, default_type
from caulk.semantics.world import World

_LITERAL_TYPES = {
    "int": Basic("int", True),
    "float": Basic("float64", True),
    "imaginary": Basic("complex128", True),
    "rune": Basic("int32", True),
    "string": Basic("string", True),
}
_RUNE = Basic("int32")
_MISSING = object()


class Typer:
    """Types in one function of ``file``; without a function, of the file's package-level initialisers."""

    def __init__(self, world: World, package: Package, file: PackageFile, function: ir.Function | None = None) -> None:
        self.world = world
        self.file = file
        self._package = package
        self.types = Types.of(world)
        self.members = Members(self.types)
        self.inference = Inference(self.types, self.members)
        self._calls = Calls(self)
        self._exprs: dict[int, Type | None] = {}
        self._symbols: dict[ir.Symbol, Type | None] = {}
        self._elided: dict[int, Type | None] = {}

    # -- public questions about types

    def resolve(self, expr: ir.TypeExpr) -> Type | None:
        """The type that a type expression means here."""
        return self.types.resolve(expr, self.file)

    def underlying(self, type_: Type | None) -> Type | None:
        """What a type is made of; None for a type parameter."""
        return self.types.underlying(self._at_home(type_))

    def core(self, type_: Type | None) -> Type | None:
        """The underlying type; for a type parameter the one that all types of its constraint share."""
        if isinstance(type_, TypeParameter):
            return self.types.core(type_)
        return self.types.underlying(type_)

    def member(self, type_: Type | None, name: str) -> Member | None:
        """What ``x.name`` selects for an x of the type."""
        return self.members.member(self._at_home(type_), name)

    def implements_error(self, type_: Type | None) -> bool:
        """Whether values of the type are errors."""
        return self.members.implements_error(type_)

    def type_of(self, expr: ir.Expr) -> Type | None:
        """The type of an expression; a :class:`Tuple` for a call with other than one result; None for a type."""
        key = id(expr)
        found = self._exprs.get(key, _MISSING)
        if found is _MISSING:
            self._exprs[key] = None
            lookup = _EXPRESSIONS.get(type(expr))
            found = self._exprs[key] = lookup(self, expr) if lookup is not None else None
        return found  # type: ignore[return-value]

    def symbol_type(self, symbol: ir.Symbol) -> Type | None:
        """The type of a local variable, parameter or constant."""
        found = self._symbols.get(symbol, _MISSING)
        if found is _MISSING:
            self._symbols[symbol] = None  # a definition that needs itself is unknown
            found = self._symbols[symbol] = self._symbol_type(symbol)
        return found  # type: ignore[return-value]

    def callee(self, call: ir.Call) -> Callee:
        """What a call calls."""
        return self._calls.callee(call)

    def is_type(self, expr: ir.Expr) -> bool:
        """Whether the expression names a type: then a call of it is a conversion."""
        return self.as_type(expr) is not None

    def qualified_name(self, expr: ir.Expr) -> str | None:
        """``net/http.DefaultClient`` for a package-level name or a selector of a package, else None."""
        declared = self.package_symbol(expr)
        if declared is not None:
            return declared.qualified
        imported = self.imported(expr.base) if isinstance(expr, ir.Selector) else None
        return f"{imported.path}.{expr.field}" if imported is not None and isinstance(expr, ir.Selector) else None

    def package_symbol(self, expr: ir.Expr) -> Declared | None:
        """The package-level declaration that a name or ``pkg.Name`` stands for."""
        found = self.entity(expr)
        return found if isinstance(found, Declared) else None

    # -- names

    def entity(self, expr: ir.Expr) -> Entity | None:
        """What a name of the package, of an import or of the universe means."""
        if isinstance(expr, ir.Name):
            return self.types.names.entity(self.file, expr.name) if expr.symbol is None else None
        if isinstance(expr, ir.Selector):
            imported = self.imported(expr.base)
            if imported is not None and imported.package is not None:
                return imported.package.declaration(expr.field)
        return None

    def imported(self, base: ir.Expr) -> Imported | None:
        """The import when ``base`` is the name of one."""
        if isinstance(base, ir.Name) and base.symbol is None:
            return self.types.names.imported(self.file, base.name)
        return None

    def _at_home(self, type_: Type | None) -> Type | None:
        """A type of the package under analysis as this package declares it, its tests included: another one that imports it
        has seen it without."""
        base = type_.elem if isinstance(type_, Pointer) else type_
        if not isinstance(base, Named) or base.declared is None or base.declared.is_local:
            return type_
        package = self._package
        if base.declared.package is package:
            return type_
        if package.is_external_test and base.path == package.path.removesuffix("_test"):
            tested = self.world.import_package(base.path, package)
        else:
            tested = package if base.path == package.path else None
        declared = tested.declaration(base.name, self.file) if tested is not None else None
        if declared is None or declared.package is base.declared.package:
            return type_
        home = self.types.declared_type(declared, base.args)
        return Pointer(home) if isinstance(type_, Pointer) and home is not None else home or type_

    def _name_type(self, expr: ir.Name) -> Type | None:
        if expr.symbol is not None:
            return self.symbol_type(expr.symbol)
        found = self.types.names.entity(self.file, expr.name)
        if isinstance(found, Declared):
            return self.declared_value(found)
        return found.type if isinstance(found, Predeclared) and not found.is_type else None

    def declared_value(self, declared: Declared) -> Type | None:
        """The type of a package-level variable, constant or function."""
        known = declared.known
        if "value" not in known:
            known["value"] = None  # an initialiser that needs itself is unknown
            match declared.node:
                case ir.Function():
                    known["value"] = self.types.declared_signature(declared)
                case ir.ValueDecl() as node:
                    known["value"] = self._initialised(declared, node)
                case _:
                    pass
        return known["value"]  # type: ignore[return-value]

    def _initialised(self, declared: Declared, node: ir.ValueDecl) -> Type | None:
        if node.type is not None:
            return self.types.resolve(node.type, declared.file)
        index = next((n for n, name in enumerate(node.names) if name.name == declared.name), 0)
        typer = Typer(self.world, declared.package, declared.file)
        if len(node.values) == len(node.names):
            found = typer.type_of(node.values[index])
        elif node.values:
            found = typer.result(node.values[0], index, len(node.names))
        else:
            return None
        return found if node.const or found is None else default_type(found)

    def _symbol_type(self, symbol: ir.Symbol) -> Type | None:
        if symbol.kind in (SymbolKind.TYPE, SymbolKind.TYPE_PARAM):
            return None
        if symbol.type is not None:
            return self.resolve(symbol.type)
        definition = symbol.definition
        if definition is None:
            return None
        match definition.origin:
            case From.VALUE:
                found = self.result(definition.expr, definition.index, definition.count)
            case From.RANGE:
                found = self._range(definition.expr, definition.index)
            case From.TYPE_SWITCH:
                found = self.resolve(definition.types[0]) if definition.types else self.type_of(definition.expr)
        return default_type(found) if found is not None and symbol.kind is not SymbolKind.CONST else found

    def result(self, expr: ir.Expr, index: int, count: int) -> Type | None:
        """Value ``index`` of the ``count`` that ``expr`` gives: a call's results, or the comma-ok forms."""
        type_ = self.type_of(expr)
        if count == 1:
            return type_.items[0] if isinstance(type_, Tuple) and len(type_.items) == 1 else type_
        if isinstance(type_, Tuple):
            return type_.items[index] if index < len(type_.items) else None
        if count == 2 and not isinstance(expr, ir.Call):
            return type_ if index == 0 else BOOL
        return None

    def _range(self, subject: ir.Expr, index: int) -> Type | None:
        type_ = self.type_of(subject)
        core = self.core(type_)
        if isinstance(core, Pointer):
            core = self.core(core.elem)
        match core:
            case Slice(elem=elem) | Array(elem=elem):
                return elem if index else builtins.INT
            case Basic(name="string"):
                return _RUNE if index else builtins.INT
            case Map(key=key, value=value):
                return value if index else key
            case Chan(elem=elem):
                return elem
            case Basic():
                return default_type(type_) if type_ is not None else None
            case Signature(params=(body,)):
                loop = self.core(body)
                return loop.params[index] if isinstance(loop, Signature) and index < len(loop.params) else None
            case _:
                return None

    # -- expressions

    def _literal_type(self, expr: ir.Literal) -> Type | None:
        return _LITERAL_TYPES.get(expr.kind)

    def function_signature(self, function: ir.Function) -> Signature:
        """The type of a function literal."""
        return self.types.signature(function.params, function.results, self.file)

    def _func_lit_type(self, expr: ir.FuncLit) -> Type:
        return self.function_signature(expr.function)

    def _selector_type(self, expr: ir.Selector) -> Type | None:
        base = expr.base
        if isinstance(base, ir.Name) and base.symbol is None:
            imported = self.types.names.imported(self.file, base.name)
            if imported is not None:
                declared = imported.package.declaration(expr.field) if imported.package is not None else None
                return self.declared_value(declared) if declared is not None else None
        type_ = self.type_of(base)
        if type_ is None:
            receiver = self.as_type(base)
            return self._method_expression(receiver, expr.field) if receiver is not None else None
        found = self.member(type_, expr.field)
        return found.type if found is not None else None

    def _method_expression(self, receiver: Type, name: str) -> Type | None:
        found = self.member(receiver, name)
        if found is None or not isinstance(found.type, Signature):
            return None
        return replace(found.type, params=(receiver, *found.type.params))

    def _index_type(self, expr: ir.Index) -> Type | None:
        base = self.type_of(expr.base)
        if base is None:
            return None
        core = self.core(base)
        if isinstance(core, Signature):
            if not core.type_params:
                return None
            return self.inference.instantiate(core, [self.as_type(index) for index in expr.indices])
        if core is None and isinstance(base, TypeParameter):
            return builtins.UINT8  # []byte | string
        return builtins.element(core, self.core)

    def _slice_type(self, expr: ir.SliceExpr) -> Type | None:
        type_ = self.type_of(expr.base)
        return builtins.sliced(type_, self.core(type_), self.core)

    def _unary_type(self, expr: ir.Unary) -> Type | None:
        type_ = self.type_of(expr.operand)
        if isinstance(type_, Tuple) or type_ is None:
            return None
        match expr.op:
            case "&":
                return Pointer(type_)
            case "*":
                core = self.core(type_)
                return core.elem if isinstance(core, Pointer) else None
            case "<-":
                core = self.core(type_)
                return core.elem if isinstance(core, Chan) else None
            case _:
                return type_

    def _binary_type(self, expr: ir.Binary) -> Type | None:
        op = expr.op
        if op in builtins.COMPARISONS:
            return builtins.comparison(op, None)
        left = self.type_of(expr.left)
        if op in ("<<", ">>"):
            return left
        return builtins.arithmetic(left, self.type_of(expr.right))

    def _assertion_type(self, expr: ir.Assertion) -> Type | None:
        return self.resolve(expr.type)

    def _composite_type(self, expr: ir.Composite) -> Type | None:
        if expr.type is None:
            return self._elided.get(id(expr))
        type_ = self.resolve(expr.type)
        self._pass_down(type_, expr)
        return type_

    def _pass_down(self, type_: Type | None, literal: ir.Composite) -> None:
        """Give the inner literals that leave their type out the type of the outer one's elements."""
        if not any(_elided(element) for element in literal.elements):
            return
        match self.core(type_):
            case Slice(elem=elem) | Array(elem=elem):
                key: Type | None = None
            case Map(key=key, value=elem):
                pass
            case _:
                return
        for element in literal.elements:
            self._pass_to(element.value, elem)
            if element.key is not None:
                self._pass_to(element.key, key)

    def _pass_to(self, part: ir.Expr, type_: Type | None) -> None:
        if isinstance(part, ir.Composite) and part.type is None:
            self._elided[id(part)] = type_
            core = self.core(type_)
            self._pass_down(core.elem if isinstance(core, Pointer) else type_, part)

    # -- expressions as types

    def as_type(self, expr: ir.Expr) -> Type | None:
        """The type that an expression in the place of an operand names, None when it names a value."""
        match expr:
            case ir.TypeOperand():
                return self.resolve(expr.type)
            case ir.Name() if expr.symbol is not None:
                if expr.symbol.kind in (SymbolKind.TYPE, SymbolKind.TYPE_PARAM):
                    return self.resolve(ir.NamedType(expr.start, expr.end, "", expr.name, (), expr.symbol))
                return None
            case ir.Name() | ir.Selector():
                return self.entity_as_type(self.entity(expr), expr)
            case ir.Unary(op="*"):
                inner = self.as_type(expr.operand)
                return Pointer(inner) if inner is not None else None
            case ir.Index():
                return self._instance_as_type(expr)
            case _:
                return None

    def entity_as_type(self, entity: Entity | None, expr: ir.Expr) -> Type | None:
        """The type that an entity is."""
        if isinstance(entity, Declared):
            return self.types.declared_type(entity)
        if entity is not None:
            return entity.type if entity.is_type else None
        if isinstance(expr, ir.Selector) and expr.field == "Pointer":
            imported = self.imported(expr.base)
            if imported is not None and imported.path == "unsafe":
                return self.resolve(ir.NamedType(expr.start, expr.end, "unsafe", "Pointer"))
        return None

    def _instance_as_type(self, expr: ir.Index) -> Type | None:
        entity = self.entity(expr.base)
        if isinstance(entity, Declared):
            if not isinstance(entity.node, ir.TypeDecl):
                return None
            return self.types.declared_type(entity, tuple([self.as_type(index) for index in expr.indices]))
        base = self.as_type(expr.base)
        if isinstance(base, Named) and base.declared is not None:
            return self.types.declared_type(base.declared, tuple([self.as_type(index) for index in expr.indices]))
        return None


def _elided(element: ir.Element) -> bool:
    value, key = element.value, element.key
    return (isinstance(value, ir.Composite) and value.type is None) or (
        isinstance(key, ir.Composite) and key.type is None
    )


def _call_type(typer: Typer, call: ir.Call) -> Type | None:
    return typer._calls.type_of(call)


_EXPRESSIONS: dict[type, Callable[[Typer, Any], Type | None]] = {
    ir.Name: Typer._name_type,
    ir.Literal: Typer._literal_type,
    ir.Selector: Typer._selector_type,
    ir.Call: _call_type,
    ir.Index: Typer._index_type,
    ir.SliceExpr: Typer._slice_type,
    ir.Unary: Typer._unary_type,
    ir.Binary: Typer._binary_type,
    ir.Assertion: Typer._assertion_type,
    ir.Composite: Typer._composite_type,
    ir.FuncLit: Typer._func_lit_type,
}
