"""A counter of the writes to a ``sync.Map``, which has no length, and a bound for it."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_requests import GrowingMap, Home, WriteCounter
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.guard_map_size import LIMIT
from caulk_codefixes.layout import insert_statement


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, GrowingMap)
    counter = evidence.counter
    if counter is None or settings.go_version < (1, 23):  # no Clear
        return
    edits = [_guard(source, counter, evidence.container), _declaration(source, counter, evidence.container)]
    if counter.blank is not None:
        edits.append(Edit(*counter.blank, counter.loaded.encode()))
    made = tuple(edit for edit in edits if edit is not None)
    if len(made) == len(edits):
        declares = frozenset({counter.name}) if counter.home is Home.PACKAGE else frozenset[str]()
        title = f"Empty {evidence.container} after {LIMIT:,} new entries"
        imports = frozenset({counter.package_import})
        yield Fix("count-map-writes", title, made, Applicability.UNSAFE, imports, declares=declares)


def _guard(source: SourceFile, counter: WriteCounter, container: str) -> Edit | None:
    """In front of a ``Store``; behind a ``LoadOrStore``, which says whether it has stored."""
    condition = f"{counter.used_as}.Add(1) >= {LIMIT}"
    body = [f"\t{counter.used_as}.Store(0)", f"\t{container}.Clear()", "}"]
    if counter.loaded:
        lines = [f"if !{counter.loaded} && {condition} {{", *body]
        return insert_statement(source, Place(Where.AFTER, counter.statement[1]), lines)
    return insert_statement(source, Place(Where.BEFORE, counter.statement[0]), [f"if {condition} {{", *body])


def _declaration(source: SourceFile, counter: WriteCounter, container: str) -> Edit | None:
    written = f"{counter.name} {counter.package}.Int64"
    newline = source.newline
    match counter.home:
        case Home.LOCAL:
            return insert_statement(source, Place(Where.AFTER, counter.at), [f"var {written}"])
        case Home.PACKAGE:
            comment = f"// {counter.name} counts the entries since {container} was emptied."
            return Edit(counter.at, counter.at, newline.join(("", "", comment, f"var {written}")).encode())
        case Home.FIELD:
            start = source.line_start(counter.at)
            indent = source.line_indent(counter.at) + "\t"  # after an empty line: in a block of its own
            return Edit(start, start, f"{newline}{indent}{written}{newline}".encode())


FIX = CodeFix("count-map-writes", GrowingMap, _offer)
