"""Fields that a composite literal lacks."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_clients import MissingFields, PerCallClient
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    missing = evidence.missing if isinstance(evidence, PerCallClient) else evidence
    if not isinstance(missing, MissingFields):
        return
    edit = _edit(missing, source)
    if edit is not None:
        written = ", ".join(f"{field.name}: {field.value}" for field in missing.fields)
        name = "add-limits" if missing.limits else "add-fields"
        yield Fix(name, f"Add {written}", (edit,), Applicability.UNSAFE, frozenset(missing.imports))


def _edit(missing: MissingFields, source: SourceFile) -> Edit | None:
    """Beside the others on their line; or on lines of their own behind a blank one, so that gofmt aligns nothing anew."""
    between = source.data[missing.last_end : missing.brace]
    if b"\n" not in between:
        written = ", ".join(f"{field.name}: {field.value}" for field in missing.fields)
        return None if between.strip() else Edit(missing.last_end, missing.brace, _after(missing, written).encode())
    if missing.is_empty or not between.lstrip().startswith(b","):
        return None
    indent = source.line_indent(missing.brace) + "\t"
    width = max(len(field.name) for field in missing.fields) + 1
    lines = [f"{indent}{f'{field.name}:':<{width}} {field.value}," for field in missing.fields]
    start = source.line_start(missing.brace)
    return Edit(start, start, source.newline.join(("", *lines, "")).encode())


def _after(missing: MissingFields, written: str) -> str:
    return written if missing.is_empty else f", {written}"


FIX = CodeFix("add-fields", MissingFields, _offer)
TRANSPORT = CodeFix("add-fields", PerCallClient, _offer)
