"""A buffer that is made for every request comes from a ``sync.Pool`` instead."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_requests import BufferKind, PerRequestBuffer
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import starts_line


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, PerRequestBuffer)
    start, end = evidence.statement
    if evidence.lasts or not starts_line(source, start) or b"\n" in source.data[start:end]:
        return
    compressor = evidence.kind is BufferKind.COMPRESSOR
    if compressor and not evidence.closed:
        return  # put back before it is closed, it would write into the next response
    lines = _pooled_writer(evidence) if compressor else _pooled_bytes(evidence)
    indent, newline = source.line_indent(start), source.newline
    use = Edit(start, end, (newline + indent).join(lines).encode())
    pool = Edit(evidence.function_end, evidence.function_end, newline.join(("", "", *_pool(evidence))).encode())
    imports = frozenset({"sync", "io"}) if compressor else frozenset({"sync"})
    yield Fix(
        "pool-buffer",
        f"Reuse it through a sync.Pool ({evidence.pool_name})",
        (use, pool),
        Applicability.UNSAFE,
        imports,
        declares=frozenset({evidence.pool_name}),
    )


def _pooled_writer(evidence: PerRequestBuffer) -> list[str]:
    """It is put back without the response: the pool would keep that, and a late write would go there."""
    return [
        f"{evidence.name} := {evidence.pool_name}.Get().(*{evidence.type_name})",
        f"{evidence.name}.Reset({evidence.target})",
        "defer func() {",
        f"\t{evidence.name}.Reset(io.Discard)",
        f"\t{evidence.pool_name}.Put({evidence.name})",
        "}()",
    ]


def _pooled_bytes(evidence: PerRequestBuffer) -> list[str]:
    return [
        f"{evidence.pointer_name} := {evidence.pool_name}.Get().(*[]byte)",
        f"defer {evidence.pool_name}.Put({evidence.pointer_name})",
        f"{evidence.name} := *{evidence.pointer_name}",
    ]


def _pool(evidence: PerRequestBuffer) -> list[str]:
    """The pool itself, behind the function. Pointers go in, so that putting one back allocates nothing; the buffers have one
    size, so that none can grow."""
    if evidence.kind is BufferKind.COMPRESSOR:
        return [
            f"// {evidence.pool_name} holds compressing writers between requests.",
            f"var {evidence.pool_name} = sync.Pool{{",
            f"\tNew: func() any {{ return {evidence.constructor}(io.Discard) }},",
            "}",
        ]
    return [
        f"// {evidence.pool_name} holds buffers between requests.",
        f"var {evidence.pool_name} = sync.Pool{{",
        "\tNew: func() any {",
        f"\t\tbuffer := {evidence.constructor}",
        "\t\treturn &buffer",
        "\t},",
        "}",
    ]


FIX = CodeFix("pool-buffer", PerRequestBuffer, _offer)
