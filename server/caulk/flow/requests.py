"""What handles a request, and which values come from the request.

Handlers are found by the types of parameters: a function, method or literal with a ``*gin.Context``, an ``echo.Context``, a
``*fiber.Ctx`` or an ``http.ResponseWriter`` and ``*http.Request``. ``adapters`` adds those that only registration tells of,
``request_reach`` what they call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from caulk.ir import nodes as ir
from caulk.ir.visit import children, expressions, statements
from caulk.semantics.model import Pointer, Signature, Type, named

if TYPE_CHECKING:
    from caulk.flow.program import FileUnit, FunctionUnit


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
FRAMEWORKS = ("github.com/gin-gonic/gin", "github.com/labstack/echo", "github.com/gofiber/fiber")
DECODERS = ("github.com/danielgtaylor/huma", "github.com/go-fuego/fuego")
"""Frameworks whose handlers get what was decoded from the request."""
PACKAGES = (*FRAMEWORKS, *DECODERS, "net/http")
"""A package that imports none of these has no request code of its own."""

_GENERATED_IDS = frozenset(
    {
        *("github.com/google/uuid.New", "github.com/google/uuid.NewString", "github.com/google/uuid.NewRandom"),
        *("github.com/gofrs/uuid.NewV4", "github.com/satori/go.uuid.NewV4", "github.com/rs/xid.New"),
        *("github.com/oklog/ulid.Make", "github.com/oklog/ulid/v2.Make", "github.com/segmentio/ksuid.New"),
        *("crypto/rand.Text", "github.com/lithammer/shortuuid.New", "github.com/teris-io/shortid.Generate"),
    }
)
"""What makes a new identity for every request."""


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

    bound: set[ir.Symbol] = field(default_factory=set)
    """Those of them that were filled from the request's body (``c.ShouldBindJSON(&form)``)."""
    is_handler: bool = False
    """Whether the server calls it, as opposed to code that a handler calls."""
    is_adapted: bool = False
    """Whether it is a handler by what it was given to, not by its parameters."""

    def copy(self) -> RequestCode:
        """The same, to find out more about."""
        return replace(self, tainted=set(self.tainted), bound=set(self.bound))

    @property
    def is_registered_method(self) -> bool:
        """Whether it is a method with a pointer receiver and nothing but the request as parameters that somebody gets as a
        value: its object serves many requests at once. A helper of one request is only called."""
        receiver = self.function.receiver
        if not self.is_handler or receiver is None or not isinstance(receiver.type, ir.PointerType):
            return False
        if self.is_adapted:
            return True
        wanted = 2 if self.framework is Framework.HTTP else 1
        return len(self.function.params) == wanted and (self.unit.name == "ServeHTTP" or self.unit.is_method_value)

    def derives(self, expr: ir.Expr) -> bool:
        """Whether the value of ``expr`` is made from the request. What is only called with its context is not."""
        return any(self._is_source(part) for part in self._parts(expr))

    def _is_source(self, part: ir.Expr) -> bool:
        if isinstance(part, ir.Name):
            return part.symbol in self.tainted
        return isinstance(part, ir.Call) and self.unit.typer.callee(part).name in _GENERATED_IDS

    def _parts(self, expr: ir.Expr) -> Iterator[ir.Expr]:
        """The expressions that the value of ``expr`` is made from."""
        todo: list[ir.Node] = [expr]
        while todo:
            part = todo.pop()
            yield part  # type: ignore[misc]
            if isinstance(part, ir.Call):
                todo.append(part.func)
                todo += [arg for number, arg in enumerate(part.args) if not self.takes_as_context(part, number)]
            elif not isinstance(part, ir.FuncLit):
                todo += children(part)

    def takes_as_context(self, call: ir.Call, number: int) -> bool:
        """Whether an argument is a ``context.Context``, or is taken as one: it says how long, not what."""
        arg = call.args[number]
        typer = self.unit.typer
        if not any(isinstance(part, ir.Name) and part.symbol in self.tainted for part in expressions(arg)):
            return False
        signature = typer.callee(call).signature
        if (
            isinstance(signature, Signature)
            and number < len(signature.params)
            and _is_context(signature.params[number])
        ):
            return True
        return _is_context(typer.type_of(arg))


def _is_context(type_: Type | None) -> bool:
    owner = named(type_)
    return owner is not None and owner.qualified == "context.Context"


def helps_tests(file: FileUnit) -> bool:
    """Whether the servers of a file live as long as a test."""
    return file.is_test or file.imports("testing", "net/http/httptest")


def sees_request(unit: FunctionUnit) -> bool:
    """Whether the words of the function may name the types that a handler gets."""
    words = unit.words
    if b"ResponseWriter" in words and b"Request" in words:
        return True
    return not words.isdisjoint((b"Context", b"Ctx")) and unit.file.imports(*FRAMEWORKS)


def handlers_in(unit: FunctionUnit) -> Iterator[RequestCode]:
    """The function and those of its literals whose parameters say that they handle a request."""
    for function in unit.function.walk():
        root = _root(unit, function)
        if root is not None:
            yield root


def _root(unit: FunctionUnit, function: ir.Function) -> RequestCode | None:
    """The function as request code, when its parameters make it that."""
    writer = False
    context: ir.Symbol | None = None
    found: Framework | None = None
    for param in function.params:
        type_ = unit.typer.resolve(param.type)
        owner = named(type_)
        writer = writer or (owner is not None and owner.qualified == "net/http.ResponseWriter")
        framework = framework_of(type_)
        if framework in (Framework.GIN, Framework.HTTP) and not isinstance(type_, Pointer):
            continue
        if framework is not None and (context is None or param.symbol is not None):
            context, found = param.symbol, framework
    if found is None or (found is Framework.HTTP and not writer):
        return None
    return RequestCode(unit, function, context, found, {context} if context is not None else set(), is_handler=True)


def spread(code: RequestCode) -> None:
    """Variables that are given something of the request hold it; so do its captures in literals inside."""
    body = code.function.body
    if body is None:
        return
    assigns = [s for s in statements(body, literals=True) if isinstance(s, ir.Assign | ir.Range)]
    calls = [c for c in expressions(body, literals=True) if isinstance(c, ir.Call) and _fills(c)]
    grown = True
    while grown:
        before = len(code.tainted)
        for statement in assigns:
            _taint(code, statement)
        for call in calls:
            _taint_arguments(code, call)
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
        symbol = _own_variable(target)
        if symbol is None or not statement.right:
            continue
        value = statement.right[number] if paired else statement.right[0]
        if code.derives(value) and not _is_error(code, symbol):
            code.tainted.add(symbol)
            if all(part.symbol in code.bound for part in _tainted_names(code, value)):
                code.bound.add(symbol)


def _tainted_names(code: RequestCode, value: ir.Expr) -> list[ir.Name]:
    return [part for part in expressions(value) if isinstance(part, ir.Name) and part.symbol in code.tainted]


def _own_variable(target: ir.Expr) -> ir.Symbol | None:
    """The variable that an assignment changes: itself, or (``form.name = …``) a field of a local one."""
    if isinstance(target, ir.Name):
        return target.symbol
    if isinstance(target, ir.Selector) and isinstance(target.base, ir.Name) and target.base.symbol is not None:
        return target.base.symbol if target.base.symbol.kind is ir.SymbolKind.LOCAL else None
    return None


def _is_error(code: RequestCode, symbol: ir.Symbol) -> bool:
    return code.unit.typer.implements_error(code.unit.typer.symbol_type(symbol))


def _fills(call: ir.Call) -> bool:
    return any(isinstance(arg, ir.Unary) and arg.op == "&" for arg in call.args)


def _taint_arguments(code: RequestCode, call: ir.Call) -> None:
    """``c.ShouldBind(&x)``, ``json.Unmarshal(body, &x)``: x holds the request's data."""
    if not code.derives(call.func) and not any(code.derives(arg) for arg in _given(code, call)):
        return
    for arg in call.args:
        if isinstance(arg, ir.Unary) and arg.op == "&" and isinstance(arg.operand, ir.Name) and arg.operand.symbol:
            code.tainted.add(arg.operand.symbol)
            code.bound.add(arg.operand.symbol)


def _given(code: RequestCode, call: ir.Call) -> list[ir.Expr]:
    return [arg for number, arg in enumerate(call.args) if not code.takes_as_context(call, number)]


@lru_cache(maxsize=256)
def parents(function: ir.Function) -> dict[int, ir.Node]:
    """The parent of every node in a function's body, by the ``id`` of the child; literals inside included."""
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
