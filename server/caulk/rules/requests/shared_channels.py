"""Channels that all requests share, and sends on them that nothing else can end."""

from __future__ import annotations

from caulk.findings.evidence import OtherStatements
from caulk.flow.program import FunctionUnit
from caulk.flow.requests import RequestCode
from caulk.ir import nodes as ir
from caulk.semantics.model import Chan


def is_shared_channel(code: RequestCode, channel: ir.Expr) -> bool:
    """Whether a channel outlives the request: a package variable, or a field of the object that serves or of such a
    variable."""
    if not isinstance(code.unit.typer.underlying(code.unit.typer.type_of(channel)), Chan):
        return False
    root = channel
    while isinstance(root, ir.Selector):
        root = root.base
    if not isinstance(root, ir.Name):
        return False
    if root.symbol is None:
        return True
    return root is not channel and root.symbol.kind is ir.SymbolKind.RECEIVER


def dropping(unit: FunctionUnit, statement: ir.Stmt, send: ir.Send) -> OtherStatements | None:
    """The send, or nothing when there is no room."""
    text = unit.source_text(send)
    if "\n" in text:
        return None
    lines = ("select {", f"case {text}:", "default: // full: dropped", "}")
    return OtherStatements(
        *unit.span(statement), lines, f"Drop what does not fit into {unit.source_text(send.channel)}"
    )
