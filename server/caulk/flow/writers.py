"""Files and compressing writers that are written to and closed by a bare defer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.semantics.model import named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

_FILES = frozenset({"os.Create", "os.Root.Create"})
_OPENS = frozenset({"os.OpenFile", "os.Root.OpenFile"})
_WRITE_FLAGS = frozenset({"O_WRONLY", "O_RDWR", "O_APPEND", "O_CREATE", "O_TRUNC"})
_COMPRESSORS = frozenset(
    {
        *("compress/gzip.NewWriter", "compress/gzip.NewWriterLevel", "compress/zlib.NewWriter"),
        *("compress/zlib.NewWriterLevel", "compress/flate.NewWriter", "compress/lzw.NewWriter"),
        *("archive/zip.NewWriter", "archive/tar.NewWriter", "github.com/klauspost/compress/zstd.NewWriter"),
        *("github.com/klauspost/compress/gzip.NewWriter", "github.com/klauspost/pgzip.NewWriter"),
        *("github.com/pierrec/lz4/v4.NewWriter", "github.com/andybalholm/brotli.NewWriter"),
    }
)
_MEMORY = frozenset({"bytes.Buffer", "strings.Builder"})
_PEERS = ("WriteHeader", "SetWriteDeadline")
"""Methods of what writes to a client or a connection: when that fails there is nobody to be told."""
_WRITES = ("Write", "ReadFrom", "Create", "AddFS", "Encode", "Flush", "Truncate")
"""Methods that write, as prefixes."""
_CHECKS = frozenset({"Close", "Sync", "CloseAtomicallyReplace"})
_READS = frozenset({"io.ReadAll", "bufio.NewReader", "bufio.NewScanner", "encoding/json.NewDecoder", "io.ReadFull"})


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """A writer whose close may fail unseen."""

    unit: FunctionUnit
    function: ir.Function
    symbol: ir.Symbol
    close: ir.Defer
    compresses: bool


def written(unit: FunctionUnit) -> Iterator[Written]:
    """The writers that a function which returns errors closes with ``defer w.Close()`` and nothing else."""
    for function in unit.function.walk():
        if function.body is None or not _returns_error(unit, function):
            continue
        for statement in unit.cfg(function).defers:
            symbol = _closed(statement)
            maker = _maker(symbol) if symbol is not None and symbol.function is function else None
            if symbol is None or maker is None:
                continue
            compresses = unit.typer.callee(maker).name in _COMPRESSORS
            if (compresses or _opens_for_writing(unit, maker)) and _is_lost(unit, symbol, statement, maker):
                yield Written(unit, function, symbol, statement, compresses)


def _returns_error(unit: FunctionUnit, function: ir.Function) -> bool:
    return bool(function.results) and unit.typer.implements_error(unit.typer.resolve(function.results[-1].type))


def _closed(statement: ir.Defer) -> ir.Symbol | None:
    match statement.call:
        case ir.Call(func=ir.Selector(field="Close", base=ir.Name(symbol=ir.Symbol() as symbol)), args=()):
            return symbol
        case _:
            return None


def _maker(symbol: ir.Symbol) -> ir.Call | None:
    """The call that gives the variable its only value."""
    definition = symbol.definition
    made = definition.expr if definition is not None and definition.index == 0 and not symbol.assigned else None
    return made if isinstance(made, ir.Call) else None


def _opens_for_writing(unit: FunctionUnit, maker: ir.Call) -> bool:
    name = unit.typer.callee(maker).name
    if name in _FILES:
        return True
    flags = expressions(maker.args[1]) if name in _OPENS and len(maker.args) == 3 else ()
    return any(isinstance(part, ir.Selector) and part.field in _WRITE_FLAGS for part in flags)


def _is_lost(unit: FunctionUnit, symbol: ir.Symbol, close: ir.Defer, maker: ir.Call) -> bool:
    """Whether something is written, and nobody asks how it ended."""
    target = unit.typer.type_of(maker.args[0]) if maker.args else None
    owner = named(target)
    if owner is not None and owner.qualified in _MEMORY:
        return False
    if target is not None and any(unit.typer.member(target, name) for name in _PEERS):
        return False
    writes = False
    for name in unit.uses.names.get(symbol, ()):
        if close.start <= name.start < close.end:
            continue
        use = _use(unit, name)
        if use is None:
            return False
        writes = writes or use
    return writes


def _use(unit: FunctionUnit, name: ir.Name) -> bool | None:
    """Whether one use writes; None when it asks for the outcome, removes the file, or hands the writer on."""
    parent = unit.uses.parent(name)
    match parent:
        case ir.Selector():
            call = unit.uses.parent(parent)
            if parent.field in _CHECKS:
                return None
            if parent.field == "Name" and _is_removed(unit, call):
                return None
            return parent.field.startswith(_WRITES)
        case ir.Call():
            return _argument(unit, parent, name)
        case ir.Assign():
            return False if any(target is name for target in parent.left) else None
        case _:
            return None


def _is_removed(unit: FunctionUnit, name_call: ir.Node | None) -> bool:
    """``os.Remove(f.Name())``: what is in it does not matter."""
    outer = unit.uses.parent(name_call) if name_call is not None else None
    return isinstance(outer, ir.Call) and unit.typer.callee(outer).name in ("os.Remove", "os.RemoveAll")


def _argument(unit: FunctionUnit, call: ir.Call, name: ir.Name) -> bool | None:
    callee = unit.typer.callee(call)
    if callee.name in _READS or (callee.name.startswith("io.Copy") and call.args[0] is not name):
        return False
    target = unit.program.unit_of_callee(callee)
    if target is not None and b"Close" in target.words:
        return None
    return True
