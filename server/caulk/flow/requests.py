"""What runs once a request, and which values come from the request.

Roots are found by the types of parameters, not by registration: a function, method or literal with a ``*gin.Context``, an
``echo.Context``, a ``*fiber.Ctx`` or an ``http.ResponseWriter`` and ``*http.Request`` is request code. From there calls within
the package are followed; request-derived values go along as arguments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements
from caulk.semantics.model import CalleeKind, Pointer, Type, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit, Program

MAX_ROUNDS = 4
"""How many calls away from a handler request-derived values are followed."""


class Framework(Enum):
    GIN = "gin"
    ECHO = "echo"
    FIBER = "fiber"
    HTTP = "net/http"


_CONTEXTS = {
    "github.com/gin-gonic/gin.Context": Framework.GIN,
    "github.com/labstack/echo/v4.Context": Framework.ECHO,
    "github.com/labstack/echo/v5.Context": Framework.ECHO,
    "github.com/gofiber/fiber/v2.Ctx": Framework.FIBER,
    "github.com/gofiber/fiber/v3.Ctx": Framework.FIBER,
    "net/http.Request": Framework.HTTP,
}
PACKAGES = (
    "github.com/gin-gonic/gin",
    "github.com/labstack/echo",
    "github.com/gofiber/fiber",
    "net/http",
)
"""A package that imports none of these has no request code of its own."""


def framework_of(type_: Type | None) -> Framework | None:
    """The framework whose request a value of the type is."""
    owner = named(type_)
    return _CONTEXTS.get(owner.qualified) if owner is not None else None


@dataclass(eq=False, slots=True)
class RequestCode:
    """A function or literal that runs for a request."""

    unit: FunctionUnit
    function: ir.Function
    context: ir.Symbol | None = None
    """The parameter that is the request, None for code that is only reached from such."""
    framework: Framework = Framework.HTTP
    tainted: set[ir.Symbol] = field(default_factory=set)
    """The variables that hold something of the request."""
    caller: FunctionUnit | None = None
    """For reached code: who calls it."""

    def derives(self, expr: ir.Expr) -> bool:
        """Whether the value of ``expr`` is made from the request."""
        return any(isinstance(part, ir.Name) and part.symbol in self.tainted for part in expressions(expr))


class Requests:
    """The request code of one package."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.code: dict[int, RequestCode] = {}
        """By ``id`` of the function."""
        if any(file.imports(*PACKAGES) for file in program.files):
            self._find_roots()
            self._follow_calls()

    def of(self, function: ir.Function) -> RequestCode | None:
        return self.code.get(id(function))

    def __iter__(self) -> Iterator[RequestCode]:
        return iter(self.code.values())

    # -- roots

    def _find_roots(self) -> None:
        for unit in self._program.functions:
            if unit.file.is_test or not unit.file.imports(*PACKAGES) or not _may_be_root(unit):
                continue
            for function in unit.function.walk():
                root = _root(unit, function)
                if root is not None:
                    self.code[id(function)] = root
                    _spread(root)

    # -- reach

    def _follow_calls(self) -> None:
        """Same-package callees run per request too, and get request-derived arguments."""
        frontier = list(self.code.values())
        for _ in range(MAX_ROUNDS):
            reached = [found for caller in frontier for found in self._callees(caller)]
            if not reached:
                return
            frontier = reached

    def _callees(self, caller: RequestCode) -> Iterator[RequestCode]:
        if caller.function.body is None:
            return
        for part in expressions(caller.function.body, literals=True):
            if not isinstance(part, ir.Call):
                continue
            callee = caller.unit.typer.callee(part)
            unit = self._program.own_unit_of_callee(callee)
            if unit is None or callee.kind not in (CalleeKind.FUNCTION, CalleeKind.METHOD) or unit.file.is_test:
                continue
            found = self._reach(caller, unit, part)
            if found is not None:
                yield found

    def _reach(self, caller: RequestCode, unit: FunctionUnit, call: ir.Call) -> RequestCode | None:
        """Note that ``unit`` runs per request; the result when that, or what is known of its arguments, is new."""
        function = unit.function
        known = self.code.get(id(function))
        code = known or RequestCode(unit, function, framework=caller.framework, caller=caller.unit)
        before = len(code.tainted)
        for param, arg in zip(function.params, call.args, strict=False):
            if param.symbol is not None and caller.derives(arg):
                code.tainted.add(param.symbol)
        _spread(code)
        self.code[id(function)] = code
        return code if known is None or len(code.tainted) > before else None


def _may_be_root(unit: FunctionUnit) -> bool:
    text = unit.text
    return any(word in text for word in (b"Context", b"Ctx", b"http.Request", b".Request"))


def _root(unit: FunctionUnit, function: ir.Function) -> RequestCode | None:
    """The function as request code, when its parameters make it that."""
    writer = False
    found: tuple[ir.Symbol, Framework] | None = None
    for param in function.params:
        type_ = unit.typer.resolve(param.type)
        owner = named(type_)
        writer = writer or (owner is not None and owner.qualified == "net/http.ResponseWriter")
        framework = framework_of(type_)
        if framework in (Framework.GIN, Framework.HTTP) and not isinstance(type_, Pointer):
            continue
        if framework is not None and param.symbol is not None:
            found = param.symbol, framework
    if found is None or (found[1] is Framework.HTTP and not writer):
        return None
    return RequestCode(unit, function, found[0], found[1], {found[0]})


def _spread(code: RequestCode) -> None:
    """Variables that are given something of the request hold it; so do its captures in literals inside."""
    body = code.function.body
    if body is None:
        return
    assigns = [s for s in statements(body, literals=True) if isinstance(s, ir.Assign | ir.Range)]
    grown = True
    while grown:
        before = len(code.tainted)
        for statement in assigns:
            _taint(code, statement)
        grown = len(code.tainted) > before


def _taint(code: RequestCode, statement: ir.Assign | ir.Range) -> None:
    if isinstance(statement, ir.Range):
        if code.derives(statement.subject):
            code.tainted.update(
                part.symbol for part in (statement.key, statement.value) if isinstance(part, ir.Name) and part.symbol
            )
        return
    paired = len(statement.left) == len(statement.right)
    for number, target in enumerate(statement.left):
        if not isinstance(target, ir.Name) or target.symbol is None or not statement.right:
            continue
        value = statement.right[number] if paired else statement.right[0]
        if code.derives(value) and not _is_error(code, target.symbol):
            code.tainted.add(target.symbol)
    for part in statement.right:  # c.ShouldBindJSON(&body)
        _taint_arguments(code, part)


def _is_error(code: RequestCode, symbol: ir.Symbol) -> bool:
    return code.unit.typer.implements_error(code.unit.typer.symbol_type(symbol))


def _taint_arguments(code: RequestCode, expr: ir.Expr) -> None:
    """``c.ShouldBind(&x)``, ``json.NewDecoder(r.Body).Decode(&x)``: x holds the request's data."""
    for part in expressions(expr):
        if isinstance(part, ir.Call) and code.derives(part.func):
            for arg in part.args:
                if (
                    isinstance(arg, ir.Unary)
                    and arg.op == "&"
                    and isinstance(arg.operand, ir.Name)
                    and arg.operand.symbol
                ):
                    code.tainted.add(arg.operand.symbol)


@lru_cache(maxsize=256)
def parents(function: ir.Function) -> dict[int, ir.Node]:
    """The parent of every node in a function's body, by the ``id`` of the child; literals inside included."""
    from caulk.ir.visit import children

    found: dict[int, ir.Node] = {}
    if function.body is None:
        return found
    todo: list[ir.Node] = [function.body]
    while todo:
        node = todo.pop()
        below = list(children(node))
        if isinstance(node, ir.FuncLit) and node.function.body is not None:
            below.append(node.function.body)
        for child in below:
            found[id(child)] = node
        todo += below
    return found
