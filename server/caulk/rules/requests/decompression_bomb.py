"""Compressed uploads that are unpacked without a limit."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Rewrite
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import RequestCode
from caulk.flow.shapes import last_name
from caulk.ir import nodes as ir
from caulk.ir.visit import walk
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule
from caulk.semantics.model import Basic, named

_PACKAGES = (
    "compress/",
    "github.com/klauspost/compress/",
    "github.com/klauspost/pgzip",
    "github.com/andybalholm/brotli",
)
_READERS = frozenset({"io.ReadAll", "io/ioutil.ReadAll"})
_BRINGS = frozenset({"GetRawData", "FormFile", "Body", "BodyRaw"})
"""What gives the content of a request."""
_PASSES_ON = frozenset(
    {"NewReader", "NewReaderSize", "NewBuffer", "TeeReader", "LimitReader", "MaxBytesReader", "NopCloser", "ReadAll"}
)
"""What gives the content of its argument."""
_KEEPS = frozenset({"bytes.Buffer", "strings.Builder", "os.File"})
"""Where a copy takes memory or disk."""
LIMIT = "64<<20"


def _check(program: Program) -> Iterator[Finding]:
    for code in program.requests:
        unit, body = code.unit, code.function.body
        if body is not None and not unit.file.is_test and unit.file.imports(*(path.rstrip("/") for path in _ROOTS)):
            for node in walk(body):
                source = _unbounded(unit, node) if isinstance(node, ir.Call) else None
                if source is not None and _unpacks_request(code, source):
                    yield _finding(unit, node, source)


_ROOTS = ("compress", *_PACKAGES[1:])


def _unbounded(unit: FunctionUnit, call: ir.Call) -> ir.Name | None:
    """The reader that the call reads to its end."""
    callee = unit.typer.callee(call)
    source: ir.Expr | None = None
    if callee.name in _READERS and len(call.args) == 1:
        source = call.args[0]
    elif callee.name == "io.Copy" and len(call.args) == 2 and _is_kept(unit, call.args[0]):
        source = call.args[1]
    elif callee.declared_name == "bytes.Buffer.ReadFrom" and len(call.args) == 1:
        source = call.args[0]
    return source if isinstance(source, ir.Name) else None


def _is_kept(unit: FunctionUnit, target: ir.Expr) -> bool:
    owner = named(unit.typer.type_of(target))
    return owner is not None and owner.qualified in _KEEPS


def _unpacks_request(code: RequestCode, reader: ir.Name) -> bool:
    """Whether the reader unpacks what the request brings."""
    definition = reader.symbol.definition if reader.symbol is not None else None
    made = definition.expr if definition is not None else None
    if not isinstance(made, ir.Call) or not made.args or reader.symbol is None or reader.symbol.assigned:
        return False
    callee = code.unit.typer.callee(made)
    if not callee.package.startswith(_PACKAGES) or not callee.short.startswith("NewReader"):
        return False
    return code.derives(made.args[0]) and _is_brought(code, made.args[0])


def _is_brought(code: RequestCode, expr: ir.Expr) -> bool:
    """Whether the request brings the value itself, and not only the name by which the server finds it."""
    match expr:
        case ir.Selector(field="Body"):
            return True
        case ir.Name(symbol=ir.Symbol(kind=ir.SymbolKind.PARAM) as symbol):
            type_ = code.unit.typer.symbol_type(symbol)
            return not (isinstance(type_, Basic) and type_.name == "string")
        case ir.Name(symbol=ir.Symbol(definition=ir.Definition(expr=value))):
            return _is_brought(code, value)
        case ir.Call():
            name = last_name(expr.func)
            if name == "Open" and isinstance(expr.func, ir.Selector):
                return _is_brought(code, expr.func.base)
            return name in _BRINGS or (name in _PASSES_ON and any(_is_brought(code, arg) for arg in expr.args))
        case _:
            return False


def _finding(unit: FunctionUnit, node: ir.Node, reader: ir.Name) -> Finding:
    limited = f"io.LimitReader({reader.name}, {LIMIT})"
    return finding_at(
        unit,
        node,
        code=RULE.code,
        tier=Tier.EXTENDED,
        message=f"{reader.name} unpacks what the request brings, without a limit: a small upload can become gigabytes",
        evidence=Rewrite(*unit.span(reader), limited, "Read at most 64 MiB", ("io",)),
    )


RULE = Rule(
    module=__name__,
    code="decompression-bomb",
    tier=Tier.EXTENDED,
    summary="a compressed upload is unpacked without a limit",
    check_package=_check,
    fix="unsafe",
    tests_too=False,
)
