"""Large buffers and compressing writers that are made anew for every request."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Evidence
from caulk.findings.evidence_requests import BufferKind, PerRequestBuffer
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import PACKAGES, RequestCode, parents
from caulk.flow.shapes import last_name
from caulk.ir import nodes as ir
from caulk.ir.constants import constant_integer
from caulk.ir.visit import expressions, statements
from caulk.rules.naming import free_name
from caulk.rules.rule import Rule
from caulk.semantics.model import Basic, Slice

SMALLEST = 32 << 10
"""Bytes from which a constant buffer is worth a pool."""

_COMPRESSORS = {
    "compress/gzip.NewWriter": "gzip.Writer",
    "compress/zlib.NewWriter": "zlib.Writer",
    "github.com/klauspost/compress/gzip.NewWriter": "gzip.Writer",
    "github.com/andybalholm/brotli.NewWriter": "brotli.Writer",
}
_FALLIBLE = {
    "compress/gzip.NewWriterLevel": "gzip.Writer",
    "compress/zlib.NewWriterLevel": "zlib.Writer",
    "compress/flate.NewWriter": "flate.Writer",
    "github.com/klauspost/compress/gzip.NewWriterLevel": "gzip.Writer",
    "github.com/klauspost/compress/zstd.NewWriter": "zstd.Encoder",
}
"""Those that can fail, with an error as second result: reported without an edit."""
_BORROWERS = frozenset({"io.CopyBuffer", "io.ReadFull", "io.ReadAtLeast", "len", "cap", "copy"})


def _check(program: Program) -> Iterator[Finding]:
    for code in program.requests:
        body = code.function.body
        if body is None or code.unit.file.is_test:
            continue
        for statement in statements(body):
            if isinstance(statement, ir.Assign) and statement.op == ":=" and len(statement.right) == 1:
                yield from _allocation(code, statement)


def _allocation(code: RequestCode, statement: ir.Assign) -> Iterator[Finding]:
    target, value = statement.left[0], statement.right[0]
    symbol = target.symbol if isinstance(target, ir.Name) else None
    if symbol is None or not isinstance(value, ir.Call) or symbol.assigned:
        return
    callee = code.unit.typer.callee(value)
    if len(statement.left) == 2:
        type_name = _FALLIBLE.get(callee.name, "")
        if type_name and not _escapes(code, symbol, frozenset()):
            yield _report(code.unit, value, f"a {type_name}", Evidence())
        return
    if callee.name in _COMPRESSORS and len(value.args) == 1:
        if not _escapes(code, symbol, frozenset()) and not _is_kept(code.unit, value.args[0]):
            yield _finding(code, statement, symbol, value, BufferKind.COMPRESSOR, _COMPRESSORS[callee.name])
    elif callee.name == "make" and _is_large_buffer(code.unit, value) and not _escapes(code, symbol, _BORROWERS):
        yield _finding(code, statement, symbol, value, BufferKind.BYTES, "[]byte")


def _is_kept(unit: FunctionUnit, target: ir.Expr) -> bool:
    """Whether what is written is kept in a field (``c.packed = buffer.Bytes()``): a cache is filled, which few requests do."""
    symbol = target.symbol if isinstance(target, ir.Name) else None
    for name in unit.uses.names.get(symbol, ()) if symbol is not None else ():
        method = unit.uses.parent(name)
        call = unit.uses.parent(method) if isinstance(method, ir.Selector) and method.field == "Bytes" else None
        kept = unit.uses.parent(call) if call is not None else None
        if isinstance(kept, ir.Assign) and any(isinstance(left, ir.Selector | ir.Index) for left in kept.left):
            return True
    return False


def _is_large_buffer(unit: FunctionUnit, make: ir.Call) -> bool:
    type_ = unit.typer.type_of(make)
    size = constant_integer(make.args[1]) if len(make.args) == 2 else None
    is_bytes = isinstance(type_, Slice) and type_.elem == Basic("uint8")
    return is_bytes and size is not None and size >= SMALLEST


def _escapes(code: RequestCode, symbol: ir.Symbol, borrowers: frozenset[str]) -> bool:
    """Whether the value may live on after the request: returned, stored, captured by a goroutine, given to who knows whom."""
    body = code.function.body
    assert body is not None
    above = parents(code.unit.function)
    return any(
        isinstance(part, ir.Name)
        and part.symbol is symbol
        and part.start != symbol.start
        and (_is_gone_with(code, part) or not _is_harmless(code.unit, part, above, borrowers))
        for part in expressions(body, literals=True)
    )


def _is_gone_with(code: RequestCode, name: ir.Name) -> bool:
    """Whether the value is used when the function may have been left: by a goroutine, by a closure that is not deferred, by what
    is made from it and returned."""
    uses = code.unit.uses
    for node in uses.around(name):
        made = isinstance(node, ir.Call) and last_name(node.func).startswith("New")
        if isinstance(node, ir.Go) or (made and isinstance(uses.parent(node), ir.Return)):
            return True
    inside = uses.function_of(name)
    if inside is code.function:
        return False
    return all(
        not (isinstance(deferred.call, ir.Call) and isinstance(deferred.call.func, ir.FuncLit))
        or deferred.call.func.function is not inside
        for deferred in code.unit.cfg(code.function).defers
    )


def _is_harmless(unit: FunctionUnit, name: ir.Name, above: dict[int, ir.Node], borrowers: frozenset[str]) -> bool:
    node: ir.Node = name
    parent = above.get(id(node))
    while isinstance(parent, ir.SliceExpr):
        node, parent = parent, above.get(id(parent))
    if isinstance(parent, ir.Selector):  # a method of the value
        return isinstance(above.get(id(parent)), ir.Call)
    if isinstance(parent, ir.Index):
        above_index = above.get(id(parent))
        return not (isinstance(above_index, ir.Unary) and above_index.op == "&")
    if isinstance(parent, ir.Call) and parent.func is not node:
        callee = unit.typer.callee(parent)
        if callee.name in borrowers or callee.short in ("Read", "Write", "ReadAt", "WriteAt", "ReadFull"):
            return True
        return not borrowers and unit.program.is_std(callee.package)  # a compressing writer as an io.Writer
    return False


def _finding(
    code: RequestCode, statement: ir.Assign, symbol: ir.Symbol, value: ir.Call, kind: BufferKind, type_name: str
) -> Finding:
    unit = code.unit
    written = unit.source_text(value)
    what = f"a {type_name}" if kind is BufferKind.COMPRESSOR else written
    base = type_name.partition(".")[0] + "Writers" if kind is BufferKind.COMPRESSOR else "buffers"
    evidence = PerRequestBuffer(
        kind=kind,
        statement=unit.span(statement),
        name=symbol.name,
        type_name=type_name,
        constructor=unit.source_text(value.func) if kind is BufferKind.COMPRESSOR else written,
        target=unit.source_text(value.args[0]) if kind is BufferKind.COMPRESSOR else "",
        pool_name=free_name(unit, base, package_level=True),
        pointer_name=free_name(unit, f"{symbol.name}p"),
        function_end=unit.chunk.end,
        closed=_is_closed_by_defer(code, symbol),
        lasts=_lasts(code, statement),
    )
    return _report(unit, value, what, evidence)


def _report(unit: FunctionUnit, value: ir.Call, what: str, evidence: Evidence) -> Finding:
    return Finding(
        code="buffer-allocated-per-request",
        path=unit.file.path,
        span=Span(*unit.span(value)),
        message=f"{what} is allocated for every request: a sync.Pool saves that work (it is no leak, and fixes none)",
        evidence=evidence,
        related=(Related(Span(unit.chunk.start, unit.chunk.start + 4), f"{unit.qualified} runs for every request"),),
        tier=Tier.EXTENDED,
        severity=Tier.EXTENDED.severity,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


_GOES_ON = frozenset({"Next", "ServeHTTP", "Stream"})


def _lasts(code: RequestCode, statement: ir.Assign) -> bool:
    """Whether the function holds on to the value for longer than its own work: in a loop, down the chain, in a stream."""
    body = code.function.body
    assert body is not None
    if code.unit.placement(code.function).loop_around(statement) is not None:
        return True
    return any(isinstance(inner, ir.For) and inner.cond is None for inner in statements(body)) or any(
        isinstance(part, ir.Call) and isinstance(part.func, ir.Selector) and part.func.field in _GOES_ON
        for part in expressions(body)
    )


def _is_closed_by_defer(code: RequestCode, symbol: ir.Symbol) -> bool:
    """Whether ``defer gz.Close()`` stands in the function: it runs before an earlier defer puts the writer back."""
    return any(
        isinstance(statement.call, ir.Call)
        and isinstance(statement.call.func, ir.Selector)
        and statement.call.func.field == "Close"
        and isinstance(statement.call.func.base, ir.Name)
        and statement.call.func.base.symbol is symbol
        for statement in code.unit.cfg(code.function).defers
    )


RULE = Rule(
    module=__name__,
    code="buffer-allocated-per-request",
    tier=Tier.EXTENDED,
    summary="a large buffer or compressing writer is allocated for every request",
    check_package=_check,
    needs=PACKAGES,
    fix="unsafe",
)
