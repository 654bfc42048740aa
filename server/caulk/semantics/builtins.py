"""What the predeclared functions and the operators give."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from caulk.semantics.generics import UNTYPED_ORDER
from caulk.semantics.model import ANY, STRING, Array, Basic, Map, Pointer, Slice, Tuple, Type
from caulk.semantics.names import UNSAFE_BUILTINS, UNSAFE_POINTER
from caulk.semantics.types import default_type

INT = Basic("int")
UINT8 = Basic("uint8")
NOTHING = Tuple(())
COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">="})
_UNTYPED_BOOL = Basic("bool", True)


def result(name: str, types: Sequence[Type | None], core: Callable[[Type | None], Type | None]) -> Type | None:
    """The result of a builtin other than make and new, by the types of its arguments."""
    first = types[0] if types else None
    match name:
        case "append":
            return first
        case "len" | "cap" | "copy":
            return INT
        case "min" | "max":
            return joined(types)
        case "complex":
            known = core(joined(types))
            if joined(types) is None:
                return None
            return Basic("complex64" if known == Basic("float32") else "complex128")
        case "real" | "imag":
            return Basic("float32" if core(first) == Basic("complex64") else "float64") if first is not None else None
        case "recover":
            return ANY
        case _ if name in UNSAFE_BUILTINS:
            return _unsafe(name, core(first))
        case _:
            return NOTHING


def _unsafe(name: str, first: Type | None) -> Type | None:
    match name:
        case "Add":
            return UNSAFE_POINTER
        case "Slice":
            return Slice(first.elem) if isinstance(first, Pointer) else None
        case "SliceData":
            return Pointer(first.elem) if isinstance(first, Slice) else None
        case "String":
            return STRING
        case "StringData":
            return Pointer(UINT8)
        case _:
            return Basic("uintptr")


def joined(types: Sequence[Type | None]) -> Type | None:
    """The type of operands that must agree: the typed one, else the highest kind of constant."""
    found = types[0] if types else None
    for type_ in types[1:]:
        found = arithmetic(found, type_)
    return found


def arithmetic(left: Type | None, right: Type | None) -> Type | None:
    """The type of ``left op right``: the typed side, else the higher-ranked constant."""
    left_untyped = isinstance(left, Basic) and left.untyped
    right_untyped = isinstance(right, Basic) and right.untyped
    if not left_untyped and left is not None:
        return left
    if not right_untyped:
        return right  # the typed side, or unknown beside a constant
    if not isinstance(left, Basic) or not isinstance(right, Basic):
        return None  # unknown beside a constant
    return right if _rank(right) > _rank(left) else left


def _rank(kind: Basic) -> int:
    return UNTYPED_ORDER.index(kind.name) if kind.name in UNTYPED_ORDER else -1


def comparison(op: str, left: Type | None) -> Type | None:
    """The type of a comparison or logical operation."""
    return _UNTYPED_BOOL if op in COMPARISONS or left is None else left


def element(core: Type | None, dereferenced: Callable[[Type | None], Type | None]) -> Type | None:
    """The type of ``x[i]`` by the core type of x."""
    if isinstance(core, Pointer):
        core = dereferenced(core.elem)
    match core:
        case Slice(elem=elem) | Array(elem=elem):
            return elem
        case Map(value=value):
            return value
        case Basic(name="string"):
            return UINT8
        case _:
            return None


def sliced(type_: Type | None, core: Type | None, dereferenced: Callable[[Type | None], Type | None]) -> Type | None:
    """The type of ``x[a:b]``."""
    if isinstance(core, Pointer):
        core = dereferenced(core.elem)
    if isinstance(core, Array):
        return Slice(core.elem)
    return default_type(type_) if type_ is not None else None
