"""What a call calls, and what it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caulk.ir import nodes as ir
from caulk.ir.nodes import From, SymbolKind
from caulk.semantics import builtins
from caulk.semantics.model import (
    Callee,
    CalleeKind,
    Member,
    MemberKind,
    Named,
    Pointer,
    Signature,
    Tuple,
    Type,
    named,
)
from caulk.semantics.names import UNSAFE_BUILTINS, Imported, Predeclared
from caulk.semantics.packages import Declared
from caulk.semantics.types import default_type

if TYPE_CHECKING:
    from caulk.semantics.typer import Typer

UNKNOWN = Callee(CalleeKind.UNKNOWN, "")


class Calls:
    """The calls of one function."""

    def __init__(self, typer: Typer) -> None:
        self._typer = typer
        self._callees: dict[int, Callee] = {}

    def callee(self, call: ir.Call) -> Callee:
        """What a call calls."""
        key = id(call)
        found = self._callees.get(key)
        if found is None:
            self._callees[key] = UNKNOWN
            found = self._callees[key] = self._callee(call)
        return found

    def type_of(self, call: ir.Call) -> Type | None:
        """The type of a call's result; a :class:`Tuple` for other than one."""
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
        typer, args = self._typer, call.args
        if name == "make":
            return typer.as_type(args[0]) if args else None
        if name == "new":
            return self._new_type(args[0]) if args else None
        return builtins.result(name, [typer.type_of(arg) for arg in args], typer.core)

    def _new_type(self, arg: ir.Expr) -> Type | None:
        """``new(T)``, and since Go 1.26 ``new(x)``: then ``*p`` and ``a.b`` parse as types all the same."""
        if isinstance(arg, ir.TypeOperand) and not self._names_type(arg.type):
            type_ = self._value_of(arg.type)
        else:
            type_ = self._typer.as_type(arg) or self._typer.type_of(arg)
        return Pointer(default_type(type_)) if type_ is not None else None

    def _names_type(self, expr: ir.TypeExpr) -> bool:
        """Whether the name behind all stars is that of a type; other forms can be nothing else."""
        while isinstance(expr, ir.PointerType):
            expr = expr.elem
        return not isinstance(expr, ir.NamedType) or self._typer.resolve(expr) is not None

    def _value_of(self, expr: ir.TypeExpr) -> Type | None:
        if isinstance(expr, ir.PointerType):
            core = self._typer.core(self._value_of(expr.elem))
            return core.elem if isinstance(core, Pointer) else None
        if isinstance(expr, ir.NamedType) and not expr.args:
            name = ir.Name(expr.start, expr.end, expr.package or expr.name, expr.symbol)
            if expr.package:
                return self._typer.type_of(ir.Selector(expr.start, expr.end, name, expr.name))
            return self._typer.type_of(name)
        return None

    # -- callees by the form of the called expression

    def _callee(self, call: ir.Call) -> Callee:
        func = call.func
        match func:
            case ir.Selector():
                return self._selected(call, func)
            case ir.Name():
                return self._by_name(call, func)
            case ir.TypeOperand():
                return Callee(CalleeKind.CONVERSION, "", converted=self._typer.resolve(func.type))
            case ir.FuncLit():
                return self._literal(func.function)
            case ir.Index():
                return self._indexed(call, func)
            case _:
                converted = self._typer.as_type(func)
                if converted is not None:
                    return Callee(CalleeKind.CONVERSION, "", converted=converted)
                return self._value(call, func, "")

    def _literal(self, function: ir.Function) -> Callee:
        signature = self._typer.function_signature(function)
        return Callee(CalleeKind.LITERAL, "", signature=signature, literal=function)

    def _value(self, call: ir.Call, func: ir.Expr, name: str) -> Callee:
        return self._value_callee(call, self._typer.type_of(func), name)

    def _value_callee(self, call: ir.Call, type_: Type | None, name: str) -> Callee:
        signature = self._typer.core(type_)
        if not isinstance(signature, Signature):
            return Callee(CalleeKind.VALUE, name)
        return Callee(CalleeKind.VALUE, name, signature=self._inferred(call, signature, ()))

    def _by_name(self, call: ir.Call, func: ir.Name) -> Callee:
        symbol = func.symbol
        if symbol is not None:
            if symbol.kind in (SymbolKind.TYPE, SymbolKind.TYPE_PARAM):
                return Callee(CalleeKind.CONVERSION, "", converted=self._typer.as_type(func))
            if symbol.literal is not None:
                return self._literal(symbol.literal.function)
            return self._variable(call, func, symbol)
        entity = self._typer.entity(func)
        if entity is None:
            return Callee(CalleeKind.UNKNOWN, func.name)
        if isinstance(entity, Predeclared):
            if entity.is_type:
                return Callee(CalleeKind.CONVERSION, "", converted=entity.type)
            return Callee(CalleeKind.BUILTIN if entity.type is None else CalleeKind.UNKNOWN, func.name)
        return self._declared(call, entity)

    def _variable(self, call: ir.Call, func: ir.Name, symbol: ir.Symbol) -> Callee:
        found = self._value(call, func, func.name)
        definition = symbol.definition
        if symbol.assigned or definition is None or definition.origin is not From.VALUE or definition.count != 1:
            return found
        held = self._held(definition.expr)
        if held is None:
            return found
        return Callee(CalleeKind.VALUE, func.name, signature=found.signature, held=held)

    def _held(self, expr: ir.Expr) -> Callee | None:
        """The function or method that an expression without a call stands for: ``r.Close``, ``os.Open``."""
        if not isinstance(expr, ir.Selector | ir.Name) or (isinstance(expr, ir.Name) and expr.symbol is not None):
            return None
        entity = self._typer.entity(expr)
        if isinstance(entity, Declared):
            return self._function(entity, None) if entity.is_function else None
        if entity is not None or not isinstance(expr, ir.Selector):
            return None
        type_ = self._typer.type_of(expr.base)
        found = self._typer.member(type_, expr.field) if type_ is not None else None
        if type_ is None or found is None or found.kind is not MemberKind.METHOD:
            return None
        return _method_callee(type_, expr.field, found, found.type)

    def _declared(self, call: ir.Call, declared: Declared, explicit: tuple[Type | None, ...] = ()) -> Callee:
        """A package-level function, variable or type by its declaration."""
        node = declared.node
        if isinstance(node, ir.TypeDecl):
            return Callee(CalleeKind.CONVERSION, "", converted=self._typer.types.declared_type(declared, explicit))
        if isinstance(node, ir.ValueDecl):
            return self._value_callee(call, self._typer.declared_value(declared), declared.name)
        if not node.type_params:
            known = declared.known.get("callee")
            if known is None:
                known = declared.known["callee"] = self._function(declared, self._typer.declared_value(declared))
            return known  # type: ignore[return-value]
        signature = self._typer.declared_value(declared)
        if isinstance(signature, Signature):
            signature = self._inferred(call, signature, explicit)
        return self._function(declared, signature)

    def _function(self, declared: Declared, signature: Type | None) -> Callee:
        name = declared.qualified
        if signature is None:
            signature = self._typer.declared_value(declared)
        return Callee(
            CalleeKind.FUNCTION,
            name,
            declared.package.path,
            signature if isinstance(signature, Signature) else None,
            name,
            declared=declared,
        )

    def _indexed(self, call: ir.Call, func: ir.Index) -> Callee:
        """``f[int](x)``, ``T[int](x)``, ``r.m[int](x)``, or an element of function type."""
        converted = self._typer.as_type(func)
        if converted is not None:
            return Callee(CalleeKind.CONVERSION, "", converted=converted)
        entity = self._typer.entity(func.base)
        if isinstance(entity, Declared) and entity.is_function:
            return self._declared(call, entity, tuple([self._typer.as_type(index) for index in func.indices]))
        base = func.base
        if isinstance(base, ir.Selector) and entity is None and self._typer.imported(base.base) is None:
            type_ = self._typer.type_of(base.base)
            found = self._typer.member(type_, base.field) if type_ is not None else None
            if type_ is not None and found is not None and found.kind is MemberKind.METHOD:
                explicit = tuple([self._typer.as_type(index) for index in func.indices])
                return self._method(call, type_, base.field, found, explicit)
        return self._value(call, func, "")

    def _inferred(self, call: ir.Call, signature: Signature, explicit: tuple[Type | None, ...]) -> Signature:
        """The signature with its type parameters replaced by what the arguments say."""
        if not signature.type_params:
            return signature
        types: list[Type | None] = []
        for arg in call.args:
            type_ = self._typer.type_of(arg)
            types += type_.items if isinstance(type_, Tuple) and len(call.args) == 1 else [type_]
        return self._typer.inference.instantiate(signature, explicit, types, call.spread)

    # -- methods

    def _selected(self, call: ir.Call, func: ir.Selector) -> Callee:
        base = func.base
        if isinstance(base, ir.Name) and base.symbol is None:
            imported = self._typer.imported(base)
            if imported is not None:
                return self._of_package(call, func, imported)
        type_ = self._typer.type_of(base)
        if type_ is None:
            if self._typer.as_type(base) is not None:
                return self._value(call, func, func.field)
            return Callee(CalleeKind.UNKNOWN, func.field)
        cached = self._cached(type_, func.field)
        if cached is not None:
            return cached
        found = self._typer.member(type_, func.field)
        if found is None:
            return self._undeclared_method(type_, func.field)
        if found.kind is MemberKind.FIELD:
            return self._value_callee(call, found.type, func.field)
        return self._method(call, type_, func.field, found, ())

    def _of_package(self, call: ir.Call, func: ir.Selector, imported: Imported) -> Callee:
        if imported.path == "unsafe":
            if func.field in UNSAFE_BUILTINS:
                return Callee(CalleeKind.BUILTIN, func.field)
            return Callee(CalleeKind.CONVERSION, "", converted=self._typer.as_type(func))
        name = f"{imported.path}.{func.field}"
        if imported.package is None:
            return Callee(CalleeKind.FUNCTION, name, imported.path, declared_name=name)
        declared = imported.package.declaration(func.field)
        if declared is None:
            return Callee(CalleeKind.UNKNOWN, name)
        return self._declared(call, declared)

    @staticmethod
    def _cached(type_: Type, name: str) -> Callee | None:
        base = type_.elem if isinstance(type_, Pointer) else type_
        return base.callees.get((name, base is not type_)) if isinstance(base, Named) else None

    def _method(
        self, call: ir.Call, type_: Type, name: str, found: Member, explicit: tuple[Type | None, ...]
    ) -> Callee:
        signature = found.type
        if isinstance(signature, Signature) and signature.type_params:
            return _method_callee(type_, name, found, self._inferred(call, signature, explicit))
        callee = _method_callee(type_, name, found, signature)
        base = type_.elem if isinstance(type_, Pointer) else type_
        if isinstance(base, Named):
            base.callees[name, base is not type_] = callee
        return callee

    def _undeclared_method(self, type_: Type, name: str) -> Callee:
        """A method of a type whose declaration is missing still has its name."""
        owner = named(type_)
        if owner is None or not owner.path or owner.declared is not None:
            return Callee(CalleeKind.UNKNOWN, name, receiver=type_)
        return Callee(CalleeKind.METHOD, f"{owner.qualified}.{name}", owner.path, receiver=type_)


def _method_callee(type_: Type, name: str, found: Member, signature: Type | None) -> Callee:
    base = named(type_) or found.owner
    declared_name = f"{found.owner.qualified}.{name}" if found.owner is not None else name
    return Callee(
        CalleeKind.METHOD,
        f"{base.qualified}.{name}" if base is not None else name,
        found.owner.path if found.owner is not None else "",
        signature if isinstance(signature, Signature) else None,
        declared_name,
        found.interface,
        type_,
        found.declared,
    )
