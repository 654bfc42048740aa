"""What is shown beside the code: the hover, and, for those who ask for them, lenses and inlay hints."""

from __future__ import annotations

from collections import defaultdict

from lsprotocol import types

from caulk.findings.finding import Finding
from caulk.lsp import documents
from caulk.lsp.documents import Document
from caulk.lsp.state import CaulkServer
from caulk.reports.text import counted
from caulk.rules import registry
from caulk.syntax.split import split

FIX_ALL_COMMAND = "caulk.fixAll"


def register(server: CaulkServer) -> None:
    """The hover."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        document = server.current(params.text_document.uri)
        if document is None:
            return None
        at = documents.offset(document.source, params.position)
        for finding in (await server.session.analysis(document)).findings:
            if finding.span.start <= at <= finding.span.end:
                kind = types.MarkupKind.Markdown if server.client.markdown else types.MarkupKind.PlainText
                place = documents.range_of(document.source, finding.span.start, finding.span.end)
                return types.Hover(types.MarkupContent(kind, page_of(finding, document)), place)
        return None


def register_lenses(server: CaulkServer) -> None:
    """Above each function and the package clause: how many leaks there are, and a click that mends them."""

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        document = server.current(params.text_document.uri)
        if document is None:
            return []
        findings = (await server.session.analysis(document)).findings
        lenses = [_lens(document, document.source.data.find(b"package"), len(findings))] if findings else []
        places: defaultdict[int, int] = defaultdict(int)
        for finding in findings:
            start = next(
                (f.start for f in split(document.source.data).functions if f.start <= finding.span.start < f.end), -1
            )
            places[start] += 1
        return lenses + [_lens(document, start, count) for start, count in sorted(places.items()) if start >= 0]


def register_inlay_hints(server: CaulkServer) -> None:
    """At the end of the line where something leaks: what is still open there."""

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    async def inlay_hint(params: types.InlayHintParams) -> list[types.InlayHint]:
        document = server.current(params.text_document.uri)
        if document is None:
            return []
        hints = []
        for finding in (await server.session.analysis(document)).findings:
            steps = [step for step in finding.related if not step.path or step.path == document.path]
            if not steps:
                continue
            end = document.source.line_end(steps[-1].span.start)
            at = documents.position(document.source, end)
            if params.range.start.line <= at.line <= params.range.end.line:
                label = f"{finding.code}: {steps[-1].message}"
                hints.append(types.InlayHint(at, label, tooltip=finding.message, padding_left=True))
        return hints


def page_of(finding: Finding, document: Document) -> str:
    """The page of the finding's rule, with the path that leaks here in front of its first section."""
    rule = registry.rule_of(finding.code)
    page = rule.page() if rule is not None else f"# {finding.code}\n"
    head, section, rest = page.partition("\n## ")
    return f"{head}\n## Here\n\n{finding.message}.\n\n{_path(finding, document)}{section}{rest}"


def _path(finding: Finding, document: Document) -> str:
    """The steps of the leak as a list of links; those in other files, whose text is not at hand, by their file."""
    lines = []
    for number, step in enumerate(finding.related, 1):
        if step.path and step.path != document.path:
            where = f"[{step.path.rpartition('/')[2]}]({documents.uri_of(step.path)})"
        else:
            line = document.source.lines.line_of(step.span.start) + 1
            where = f"[line {line}]({document.uri}#L{line})"
        lines.append(f"{number}. {where}: {step.message}\n")
    return "".join(lines)


def _lens(document: Document, start: int, count: int) -> types.CodeLens:
    at = documents.position(document.source, max(start, 0))
    title = f"{counted(count, 'finding')}: mend what is safe"
    return types.CodeLens(types.Range(at, at), types.Command(title, FIX_ALL_COMMAND, arguments=[document.uri, "file"]))
