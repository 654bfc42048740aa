"""Light types of the expressions of one function, computed when asked for. Never raises; unknown is None."""

from __future__ import annotations

from dataclasses import replace

from caulk.ir import nodes as ir
from caulk.ir.nodes import From, SymbolKind
from caulk.ir.visit import statements
from caulk.semantics.model import (
    ANY,
    BOOL,
    STRING,
    Array,
    Basic,
    Callee,
    CalleeKind,
    Chan,
    Map,
    Member,
    MemberKind,
    Named,
    Pointer,
    Signature,
    Slice,
    Struct,
    Tuple,
    Type,
    TypeParameter,
    named,
)
from caulk.semantics.packages import Declared, Package, PackageFile, World
from caulk.semantics.types import BASIC_NAMES, Types, default_type, substitute, unify

BUILTINS = frozenset(
    [
        "append",
        "cap",
        "clear",
        "close",
        "complex",
        "copy",
        "delete",
        "imag",
        "len",
        "make",
        "max",
        "min",
        "new",
        "panic",
        "print",
        "println",
        "real",
        "recover",
    ]
)
UNSAFE_BUILTINS = frozenset(
    ["Add", "Alignof", "Offsetof", "Sizeof", "Slice", "SliceData", "String", "StringData"],
)
_UNIVERSE_TYPES = BASIC_NAMES | {"error", "any", "comparable"}
_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">=", "&&", "||"})
_UNTYPED_ORDER = ("int", "int32", "float64", "complex128")
_LITERAL_TYPES = {
    "int": Basic("int", True),
    "float": Basic("float64", True),
    "imaginary": Basic("complex128", True),
    "rune": Basic("int32", True),
    "string": Basic("string", True),
}
_CONSTANT_NAMES = {
    "nil": Basic("nil", True),
    "true": Basic("bool", True),
    "false": Basic("bool", True),
    "iota": Basic("int", True),
}
_MISSING = object()
UNKNOWN = Callee(CalleeKind.UNKNOWN, "")


class Typer:
    """Types in one function of ``file``; without a function, of the file's package-level initialisers."""

    def __init__(self, world: World, package: Package, file: PackageFile, function: ir.Function | None = None) -> None:
        self._world = world
        self._package = package
        self._file = file
        self._types = Types.of(world)
        self._exprs: dict[int, Type | None] = {}
        self._symbols: dict[int, Type | None] = {}
        self._callees: dict[int, Callee] = {}
        self._elided: dict[int, Type | None] = {}
        self._kept: list[object] = []
        if function is not None and function.body is not None:
            self._declare_local_types(function)

    def _declare_local_types(self, function: ir.Function) -> None:
        if not any(symbol.kind is SymbolKind.TYPE for symbol in function.top.symbols) or function.body is None:
            return
        for statement in statements(function.body, literals=True):
            if isinstance(statement, ir.LocalType):
                self._types.declare_local(statement, self._file)

    # -- public questions about types

    def resolve(self, expr: ir.TypeExpr) -> Type | None:
        """The type that a type expression means here."""
        return self._types.resolve(expr, self._file)

    def underlying(self, type_: Type | None) -> Type | None:
        return self._types.underlying(type_, self._package)

    def member(self, type_: Type | None, name: str) -> Member | None:
        return self._types.member(type_, name, self._package)

    def implements_error(self, type_: Type | None) -> bool:
        return self._types.implements_error(type_, self._package)

    def type_of(self, expr: ir.Expr) -> Type | None:
        """The type of an expression; a :class:`Tuple` for a call with other than one result; None for a type."""
        key = id(expr)
        found = self._exprs.get(key, _MISSING)
        if found is _MISSING:
            self._exprs[key] = None
            found = self._exprs[key] = self._type_of(expr)
        return found  # type: ignore[return-value]

    def symbol_type(self, symbol: ir.Symbol) -> Type | None:
        """The type of a local variable, parameter or constant."""
        key = id(symbol)
        found = self._symbols.get(key, _MISSING)
        if found is _MISSING:
            self._symbols[key] = None  # a definition that needs itself is unknown
            found = self._symbols[key] = self._symbol_type(symbol)
        return found  # type: ignore[return-value]

    def is_type(self, expr: ir.Expr) -> bool:
        """Whether the expression names a type: then a call of it is a conversion."""
        return self._as_type(expr) is not None

    def qualified_name(self, expr: ir.Expr) -> str | None:
        """``net/http.DefaultClient`` for a package-level name or a selector of a package, else None."""
        if isinstance(expr, ir.Name) and expr.symbol is None:
            declared = self.package_symbol(expr)
            return declared.qualified if declared is not None else None
        if isinstance(expr, ir.Selector):
            path = self._package_path(expr.base)
            return f"{path}.{expr.field}" if path is not None else None
        return None

    def package_symbol(self, expr: ir.Expr) -> Declared | None:
        """The package-level declaration that a name or ``pkg.Name`` stands for."""
        if isinstance(expr, ir.Name) and expr.symbol is None:
            return self._package_level(expr.name)
        if isinstance(expr, ir.Selector):
            path = self._package_path(expr.base)
            package = self._types.package(path, self._package) if path is not None else None
            return _member_of(package, expr.field) if package is not None else None
        return None

    # -- names

    def _package_level(self, name: str) -> Declared | None:
        found = _member_of(self._package, name)
        if found is not None or name in self._file.imports:
            return found
        for path in self._file.dot_imports:
            package = self._types.package(path, self._package)
            found = _member_of(package, name) if package is not None and name[:1].isupper() else None
            if found is not None:
                return found
        return None

    def _package_path(self, base: ir.Expr) -> str | None:
        """The import path when ``base`` is the name of an import."""
        if not isinstance(base, ir.Name) or base.symbol is not None or _member_of(self._package, base.name) is not None:
            return None
        return self._world.imported(self._file, base.name)

    def _name_type(self, expr: ir.Name) -> Type | None:
        if expr.symbol is not None:
            return self.symbol_type(expr.symbol)
        declared = self._package_level(expr.name)
        if declared is not None:
            return self._declared_value(declared)
        return _CONSTANT_NAMES.get(expr.name)

    def _declared_value(self, declared: Declared) -> Type | None:
        """The type of a package-level variable, constant or function."""
        key = ("value", id(declared.node), declared.name)
        cache = self._world.cache
        if key in cache:
            return cache[key]  # type: ignore[return-value]
        cache[key] = None
        match declared.node:
            case ir.Function():
                cache[key] = self._types.method_signature(declared)
            case ir.ValueDecl():
                cache[key] = self._package_value(declared, declared.node)
            case _:
                pass
        return cache[key]  # type: ignore[return-value]

    def _package_value(self, declared: Declared, node: ir.ValueDecl) -> Type | None:
        if node.type is not None:
            return self._types.resolve(node.type, declared.file)
        index = next((n for n, name in enumerate(node.names) if name.name == declared.name), 0)
        typer = Typer(self._world, declared.package, declared.file)
        if len(node.values) == len(node.names):
            found = typer.type_of(node.values[index])
        elif node.values:
            found = typer._result(node.values[0], index, len(node.names))
        else:
            return None
        return found if node.const or found is None else default_type(found)

    def _symbol_type(self, symbol: ir.Symbol) -> Type | None:
        if symbol.type is not None:
            return self.resolve(symbol.type)
        definition = symbol.definition
        if definition is None:
            return None
        match definition.origin:
            case From.VALUE:
                found = self._result(definition.expr, definition.index, definition.count)
            case From.RANGE:
                found = self._range(definition.expr, definition.index)
            case From.TYPE_SWITCH:
                found = self.resolve(definition.types[0]) if definition.types else self.type_of(definition.expr)
        return default_type(found) if found is not None and symbol.kind is not SymbolKind.CONST else found

    def _result(self, expr: ir.Expr, index: int, count: int) -> Type | None:
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
        type_ = self._core(self.type_of(subject))
        if isinstance(type_, Pointer):
            type_ = self._core(type_.elem)
        match type_:
            case Slice(elem=elem) | Array(elem=elem):
                return elem if index else Basic("int")
            case Basic(name="string"):
                return Basic("int32") if index else Basic("int")
            case Map(key=key, value=value):
                return value if index else key
            case Chan(elem=elem):
                return elem
            case Basic():
                return default_type(type_)
            case Signature(params=(Signature(params=params),)):
                return params[index] if index < len(params) else None
            case _:
                return None

    def _core(self, type_: Type | None) -> Type | None:
        if isinstance(type_, TypeParameter):
            return self._types.core(type_, self._file)
        return self.underlying(type_)

    # -- expressions

    def _type_of(self, expr: ir.Expr) -> Type | None:
        match expr:
            case ir.Name():
                return self._name_type(expr)
            case ir.Literal():
                return _LITERAL_TYPES.get(expr.kind)
            case ir.Selector():
                return self._selector_type(expr)
            case ir.Call():
                return self._call_type(expr)
            case ir.Index():
                return self._index_type(expr)
            case ir.SliceExpr():
                return self._slice_type(expr)
            case ir.Unary():
                return self._unary_type(expr)
            case ir.Binary():
                return self._binary_type(expr)
            case ir.Assertion():
                return self.resolve(expr.type)
            case ir.Composite():
                return self._composite_type(expr)
            case ir.FuncLit():
                return self._literal_signature(expr.function)
            case _:
                return None

    def _literal_signature(self, function: ir.Function) -> Signature:
        return self._types.signature(function.params, function.results, self._file)

    def _selector_type(self, expr: ir.Selector) -> Type | None:
        path = self._package_path(expr.base)
        if path is not None:
            declared = self.package_symbol(expr)
            return self._declared_value(declared) if declared is not None else None
        type_ = self.type_of(expr.base)
        if type_ is None:
            receiver = self._as_type(expr.base)
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
        core = self._core(base)
        if isinstance(core, Pointer):
            core = self._core(core.elem)
        match core:
            case Slice(elem=elem) | Array(elem=elem):
                return elem
            case Map(value=value):
                return value
            case Basic(name="string"):
                return Basic("uint8")
            case Signature():
                return self._instantiated(expr, core)
            case _:
                return None

    def _instantiated(self, expr: ir.Index, signature: Signature) -> Type | None:
        """``f[A, B]`` of a generic function."""
        params = self._type_params(expr.base)
        known = {
            id(param.symbol): type_
            for param, written in zip(params, expr.indices, strict=False)
            if (type_ := self._as_type(written)) is not None
        }
        return substitute(signature, known) if len(known) == len(params) else signature

    def _type_params(self, func: ir.Expr) -> tuple[ir.TypeParam, ...]:
        declared = self.package_symbol(func)
        return declared.node.type_params if declared is not None and isinstance(declared.node, ir.Function) else ()

    def _slice_type(self, expr: ir.SliceExpr) -> Type | None:
        type_ = self.type_of(expr.base)
        core = self._core(type_)
        if isinstance(core, Pointer):
            core = self._core(core.elem)
        if isinstance(core, Array):
            return Slice(core.elem)
        return default_type(type_) if type_ is not None else None

    def _unary_type(self, expr: ir.Unary) -> Type | None:
        type_ = self.type_of(expr.operand)
        match expr.op:
            case "&":
                return Pointer(type_) if type_ is not None else None
            case "*":
                core = self._core(type_)
                return core.elem if isinstance(core, Pointer) else None
            case "<-":
                core = self._core(type_)
                return core.elem if isinstance(core, Chan) else None
            case "!":
                return BOOL
            case _:
                return type_

    def _binary_type(self, expr: ir.Binary) -> Type | None:
        if expr.op in _COMPARISONS:
            return BOOL
        left = self.type_of(expr.left)
        if expr.op in ("<<", ">>"):
            return left
        right = self.type_of(expr.right)
        return _arithmetic(left, right)

    def _composite_type(self, expr: ir.Composite) -> Type | None:
        if expr.type is None:
            return self._elided.get(id(expr))
        type_ = self.resolve(expr.type)
        self._pass_down(type_, expr)
        return type_

    def _pass_down(self, type_: Type | None, literal: ir.Composite) -> None:
        """Give the inner literals that leave their type out the type of the outer one's elements."""
        match self._core(type_):
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
            inner = type_.elem if isinstance(type_, Pointer) else type_
            self._pass_down(inner, part)

    # -- expressions as types

    def _as_type(self, expr: ir.Expr) -> Type | None:
        """The type that an expression in the place of an operand names, None when it names a value."""
        match expr:
            case ir.TypeOperand():
                return self.resolve(expr.type)
            case ir.Name():
                return self._name_as_type(expr)
            case ir.Selector():
                path = self._package_path(expr.base)
                declared = self.package_symbol(expr) if path is not None else None
                if declared is None or not isinstance(declared.node, ir.TypeDecl):
                    return None
                return self._types.resolve(_written(expr), self._file)
            case ir.Unary(op="*"):
                inner = self._as_type(expr.operand)
                return Pointer(inner) if inner is not None else None
            case ir.Index():
                base = self._as_type(expr.base)
                if not isinstance(base, Named):
                    return None
                return replace(base, args=tuple(self._as_type(index) for index in expr.indices))
            case _:
                return None

    def _name_as_type(self, expr: ir.Name) -> Type | None:
        symbol = expr.symbol
        if symbol is not None:
            if symbol.kind in (SymbolKind.TYPE, SymbolKind.TYPE_PARAM):
                return self.resolve(ir.NamedType(expr.start, expr.end, "", expr.name, (), symbol))
            return None
        declared = self._package_level(expr.name)
        if declared is not None and not isinstance(declared.node, ir.TypeDecl):
            return None
        if declared is None and (expr.name not in _UNIVERSE_TYPES or expr.name in self._file.imports):
            return None
        return self.resolve(ir.NamedType(expr.start, expr.end, "", expr.name))

    # -- calls

    def _call_type(self, call: ir.Call) -> Type | None:
        callee = self.callee(call)
        if callee.kind is CalleeKind.CONVERSION:
            return callee.converted
        if callee.kind is CalleeKind.BUILTIN:
            return self._builtin_type(callee.name, call)
        if callee.signature is None:
            return None
        results = callee.signature.results
        return results[0] if len(results) == 1 else Tuple(results)

    def _builtin_type(self, name: str, call: ir.Call) -> Type | None:
        args = call.args
        match name:
            case "make":
                return self._as_type(args[0]) if args else None
            case "new":
                return self._new_type(args[0]) if args else None
            case "append":
                return self.type_of(args[0]) if args else None
            case "len" | "cap" | "copy":
                return Basic("int")
            case "min" | "max" | "complex" | "real" | "imag":
                return self._numeric_builtin(name, args)
            case "recover":
                return ANY
            case _ if name in UNSAFE_BUILTINS:
                return self._unsafe_builtin(name, args)
            case _:
                return Tuple(())

    def _numeric_builtin(self, name: str, args: tuple[ir.Expr, ...]) -> Type | None:
        types = [self.type_of(arg) for arg in args]
        joined = types[0] if types else None
        for type_ in types[1:]:
            joined = _arithmetic(joined, type_)
        if name in ("min", "max") or joined is None:
            return joined
        underlying = self.underlying(joined)
        size = underlying.name if isinstance(underlying, Basic) else ""
        if name == "complex":
            return Basic("complex64" if size == "float32" else "complex128")
        return Basic("float32" if size == "complex64" else "float64")

    def _unsafe_builtin(self, name: str, args: tuple[ir.Expr, ...]) -> Type | None:
        first = self._core(self.type_of(args[0])) if args else None
        match name:
            case "Add":
                return Named("unsafe", "Pointer")
            case "Slice":
                return Slice(first.elem) if isinstance(first, Pointer) else None
            case "SliceData":
                return Pointer(first.elem) if isinstance(first, Slice) else None
            case "String":
                return STRING
            case "StringData":
                return Pointer(Basic("uint8"))
            case _:
                return Basic("uintptr")

    def _new_type(self, arg: ir.Expr) -> Type | None:
        type_ = self._as_type(arg)
        if type_ is None:
            value = self.type_of(arg)  # new(expr), Go 1.26
            type_ = default_type(value) if value is not None else None
        return Pointer(type_) if type_ is not None else None

    def callee(self, call: ir.Call) -> Callee:
        """What a call calls."""
        key = id(call)
        found = self._callees.get(key)
        if found is None:
            self._callees[key] = UNKNOWN
            found = self._callees[key] = self._callee(call)
        return found

    def _callee(self, call: ir.Call) -> Callee:
        func = call.func
        converted = self._as_type(func)
        if converted is not None:
            return Callee(CalleeKind.CONVERSION, "", converted=converted)
        match func:
            case ir.TypeOperand():
                return Callee(CalleeKind.CONVERSION, "")
            case ir.Name():
                return self._named_callee(call, func)
            case ir.Selector():
                return self._selected_callee(call, func)
            case ir.FuncLit():
                return Callee(
                    CalleeKind.LITERAL, "", signature=self._literal_signature(func.function), literal=func.function
                )
            case ir.Index():
                return self._indexed_callee(call, func)
            case _:
                return self._value_callee(func, "")

    def _value_callee(self, func: ir.Expr, name: str) -> Callee:
        signature = self._core(self.type_of(func))
        return Callee(CalleeKind.VALUE, name, signature=signature if isinstance(signature, Signature) else None)

    def _named_callee(self, call: ir.Call, func: ir.Name) -> Callee:
        symbol = func.symbol
        if symbol is not None:
            if symbol.literal is not None:
                function = symbol.literal.function
                return Callee(CalleeKind.LITERAL, "", signature=self._literal_signature(function), literal=function)
            return self._value_callee(func, func.name)
        declared = self._package_level(func.name)
        if declared is None:
            kind = CalleeKind.BUILTIN if func.name in BUILTINS else CalleeKind.UNKNOWN
            return Callee(kind, func.name)
        return self._declared_callee(call, func, declared)

    def _declared_callee(self, call: ir.Call, func: ir.Name | ir.Selector, declared: Declared) -> Callee:
        if not isinstance(declared.node, ir.Function):
            return self._value_callee(func, declared.name)
        signature = self._types.method_signature(declared)
        if declared.node.type_params and signature is not None:
            signature = self._inferred(call, declared.node.type_params, signature, {})
        return Callee(
            CalleeKind.FUNCTION,
            declared.qualified,
            declared.package.path,
            signature,
            declared.qualified,
            declared=declared,
        )

    def _indexed_callee(self, call: ir.Call, func: ir.Index) -> Callee:
        """``f[int](x)``, or an element of function type."""
        declared = self.package_symbol(func.base)
        if declared is None or not isinstance(declared.node, ir.Function):
            return self._value_callee(func, "")
        known = {
            id(param.symbol): type_
            for param, written in zip(declared.node.type_params, func.indices, strict=False)
            if (type_ := self._as_type(written)) is not None
        }
        signature = self._types.method_signature(declared)
        if signature is not None:
            signature = self._inferred(call, declared.node.type_params, signature, known)
        return Callee(
            CalleeKind.FUNCTION,
            declared.qualified,
            declared.package.path,
            signature,
            declared.qualified,
            declared=declared,
        )

    def _inferred(
        self, call: ir.Call, params: tuple[ir.TypeParam, ...], signature: Signature, known: dict[int, Type]
    ) -> Signature:
        """The signature with its type parameters replaced by what the arguments say."""
        found = dict(known)
        types: list[Type | None] = []
        for arg in call.args:
            type_ = self.type_of(arg)
            types += type_.items if isinstance(type_, Tuple) else [type_]
        for number, type_ in enumerate(types):
            param = _parameter(signature, number, call.spread)
            unify(param, type_, found)
        for type_param in params:
            self._from_constraint(type_param, found)
        result = substitute(signature, found)
        return result if isinstance(result, Signature) else signature

    def _from_constraint(self, param: ir.TypeParam, found: dict[int, Type]) -> None:
        """``S ~[]E``: what is known of S tells E."""
        constraint = param.constraint
        if (
            not isinstance(constraint, ir.InterfaceType)
            or len(constraint.unions) != 1
            or len(constraint.unions[0]) != 1
        ):
            return
        core = self._types.resolve(constraint.unions[0][0], self._file)
        known = found.get(id(param.symbol))
        if known is not None:
            unify(core, self._core(known), found)

    def _selected_callee(self, call: ir.Call, func: ir.Selector) -> Callee:
        path = self._package_path(func.base)
        if path == "unsafe" and func.field in UNSAFE_BUILTINS:
            return Callee(CalleeKind.BUILTIN, func.field)
        if path is not None:
            declared = self.package_symbol(func)
            if declared is not None:
                return self._declared_callee(call, func, declared)
            name = f"{path}.{func.field}"
            return Callee(CalleeKind.FUNCTION, name, path, declared_name=name)
        type_ = self.type_of(func.base)
        if type_ is None:
            if self._as_type(func.base) is not None:
                return self._value_callee(func, func.field)
            return Callee(CalleeKind.UNKNOWN, func.field)
        found = self.member(type_, func.field)
        if found is None:
            return self._undeclared_method(type_, func.field)
        if found.kind is MemberKind.FIELD:
            return self._value_callee(func, func.field)
        return self._method_callee(type_, func.field, found)

    def _undeclared_method(self, type_: Type, name: str) -> Callee:
        """A method of a type whose declaration is missing still has its name."""
        owner = named(type_)
        if owner is None or not owner.path or isinstance(self.underlying(owner), Struct) or owner.local is not None:
            return Callee(CalleeKind.UNKNOWN, name, receiver=type_)
        qualified = f"{owner.qualified}.{name}"
        return Callee(CalleeKind.METHOD, qualified, owner.path, declared_name=qualified, receiver=type_)

    @staticmethod
    def _method_callee(type_: Type, name: str, found: Member) -> Callee:
        base = named(type_) or found.owner
        declared_name = f"{found.owner.qualified}.{name}" if found.owner is not None else name
        return Callee(
            CalleeKind.METHOD,
            f"{base.qualified}.{name}" if base is not None else name,
            found.owner.path if found.owner is not None else "",
            found.type if isinstance(found.type, Signature) else None,
            declared_name,
            found.interface,
            type_,
            found.declared,
        )


def _written(expr: ir.Selector) -> ir.NamedType:
    base = expr.base
    return ir.NamedType(expr.start, expr.end, base.name if isinstance(base, ir.Name) else "", expr.field)


def _member_of(package: Package, name: str) -> Declared | None:
    """The package-level declaration of that name."""
    for table in (package.functions, package.types, package.values):
        found = table.get(name)
        if found:
            return found[0]
    return None


def _parameter(signature: Signature, number: int, spread: bool) -> Type | None:
    """The type of parameter ``number``; the element type for what goes into the variadic one."""
    last = len(signature.params) - 1
    if signature.variadic and number >= last:
        param = signature.params[last]
        return param if spread else param.elem if isinstance(param, Slice) else None
    return signature.params[number] if number <= last else None


def _arithmetic(left: Type | None, right: Type | None) -> Type | None:
    """The type of ``left op right``: the typed side, else the higher-ranked constant."""
    if left is None or right is None:
        known = left or right
        return known if isinstance(known, Basic) and not known.untyped else None
    for type_ in (left, right):
        if not (isinstance(type_, Basic) and type_.untyped):
            return type_
    if left in (STRING, right):
        return left
    ranks = {name: rank for rank, name in enumerate(_UNTYPED_ORDER)}
    names = [type_.name for type_ in (left, right) if isinstance(type_, Basic)]
    return max((left, right), key=lambda t: ranks.get(t.name, -1) if isinstance(t, Basic) else -1) if names else left
