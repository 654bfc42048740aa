"""Written files whose close may fail unseen."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Release
from caulk.findings.evidence_resources import UncheckedClose
from caulk.findings.finding import Finding, Tier
from caulk.flow.program import FunctionUnit
from caulk.flow.writers import Written, written
from caulk.rules.error_result import error_result
from caulk.rules.report import finding_at
from caulk.rules.rule import Rule

_MAKERS = frozenset({b"Create", b"OpenFile", b"NewWriter", b"NewWriterLevel"})


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if b"defer" in unit.words and b"Close" in unit.words and not _MAKERS.isdisjoint(unit.words):
        for writer in written(unit):
            yield _finding(writer)


def _finding(writer: Written) -> Finding:
    unit, name = writer.unit, writer.symbol.name
    if writer.compresses:
        lost = "Close writes the last block, and when that fails the caller is told that all went well"
    else:
        lost = "a full disk or a lost mount may show only then, and the caller is told that all went well"
    return finding_at(
        unit,
        writer.close,
        code="writer-close-error-dropped",
        tier=Tier.EXTENDED,
        evidence=UncheckedClose(
            *unit.span(writer.close), Release(f"{name}.Close()"), error_result(unit, writer.function)
        ),
        message=f"the error of {name}.Close() is dropped after writing: {lost}",
    )


RULE = Rule(
    module=__name__,
    code="writer-close-error-dropped",
    tier=Tier.EXTENDED,
    summary="the error of closing a written file is dropped",
    check_function=_check,
    fix="unsafe",
    needs=(
        "os",
        "compress",
        "archive",
        "github.com/klauspost",
        "github.com/pierrec/lz4",
        "github.com/andybalholm/brotli",
    ),
    tests_too=False,
    duplicates=("errcheck", "gosec: G307"),
)
