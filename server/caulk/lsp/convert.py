"""Findings and fixes in the terms of the protocol."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from lsprotocol import types

from caulk.findings.finding import Finding, Severity
from caulk.lsp.documents import Document, range_of, uri_of
from caulk.rules import registry
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, Edit, Fix
from caulk_codefixes.merge import apply

SOURCE = "caulk"
UNSAFE, LABEL = "unsafe", "label"
"""The names of change annotations: edits that may change behaviour, and those that belong to something larger."""

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFORMATION: types.DiagnosticSeverity.Information,
    Severity.HINT: types.DiagnosticSeverity.Hint,
}


def diagnostic(finding: Finding, document: Document, fingerprint: str) -> types.Diagnostic:
    """One finding as a diagnostic, with the path of the leak as related information."""
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(document.uri, range_of(document.source, step.span.start, step.span.end)), step.message
        )
        for step in finding.related
        if not step.path or step.path == document.path
    ]
    return types.Diagnostic(
        range=range_of(document.source, finding.span.start, finding.span.end),
        message=finding.message,
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        code_description=_description(finding.code),
        source=SOURCE,
        related_information=related or None,
        data=data_of(fingerprint),
    )


def data_of(fingerprint: str) -> dict[str, str]:
    """What a client gives back with a diagnostic."""
    return {"fingerprint": fingerprint}


@cache
def _description(code: str) -> types.CodeDescription | None:
    """Where the page of the rule is."""
    rule = registry.rule_of(code)
    return types.CodeDescription(uri_of(str(rule.page_path))) if rule is not None else None


def text_edits(source: SourceFile, fixes: Sequence[Fix]) -> list[types.TextEdit]:
    """The edits of fixes, with the imports that they need, as small edits of the document."""
    after = apply(source, fixes).text
    return [
        types.TextEdit(range_of(source, edit.start, edit.end), edit.text.decode("utf-8", "surrogateescape"))
        for edit in line_edits(source.data, after)
    ]


def line_edits(before: bytes, after: bytes) -> Iterable[Edit]:
    """The lines that differ, as edits of ``before``."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    head = _common(old, new)
    starts = [sum(map(len, old[:head]))]
    tail = min(_common(old[::-1], new[::-1]), len(old) - head, len(new) - head)
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]  # the matcher is slow on long texts
    for line in old:
        starts.append(starts[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, first, last, new_first, new_last in matcher.get_opcodes():
        if tag != "equal":
            yield Edit(starts[first], starts[last], b"".join(new[new_first:new_last]))


def _common(one: Sequence[bytes], other: Sequence[bytes]) -> int:
    """How many lines are the same at the start."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


class Client:
    """What the client can do, as it said when it connected."""

    def __init__(self, capabilities: types.ClientCapabilities) -> None:
        text = capabilities.text_document
        workspace = capabilities.workspace
        edit = workspace.workspace_edit if workspace is not None else None
        action = text.code_action if text is not None else None
        resolve = action.resolve_support if action is not None else None
        self.pulls = text is not None and text.diagnostic is not None
        self.resolves_edits = resolve is not None and "edit" in resolve.properties
        self.document_changes = edit is not None and bool(edit.document_changes)
        self.annotations = edit is not None and edit.change_annotation_support is not None
        operations = edit.resource_operations if edit is not None and edit.resource_operations else ()
        self.creates_files = types.ResourceOperationKind.Create in operations
        diagnostics = workspace.diagnostics if workspace is not None else None
        self.refreshes = diagnostics is not None and bool(diagnostics.refresh_support)
        hover = text.hover if text is not None else None
        formats = hover.content_format if hover is not None and hover.content_format else ()
        self.markdown = not formats or types.MarkupKind.Markdown in formats
        self.shows_progress = capabilities.window is not None and bool(capabilities.window.work_done_progress)
        self.answers_configuration = workspace is not None and bool(workspace.configuration)
        settings = workspace.did_change_configuration if workspace is not None else None
        self.registers_configuration = settings is not None and bool(settings.dynamic_registration)
        files = workspace.did_change_watched_files if workspace is not None else None
        self.registers_watchers = files is not None and bool(files.dynamic_registration)
        self.versions = text is not None and text.publish_diagnostics is not None

    def workspace_edit(self, document: Document, fixes: Sequence[Fix]) -> types.WorkspaceEdit:
        """The edits of fixes in the form that the client understands best."""
        return self.workspace_edit_of([(document, fixes)])

    def workspace_edit_of(
        self, changed: Sequence[tuple[Document, Sequence[Fix]]], label: str = ""
    ) -> types.WorkspaceEdit:
        """The same for several documents. ``label`` says what is done to all of them, where the client shows such."""
        if not self.document_changes:
            return types.WorkspaceEdit(
                changes={document.uri: text_edits(document.source, fixes) for document, fixes in changed}
            )
        used: dict[str, types.ChangeAnnotation] = {}
        changes: list[Any] = []
        for document, fixes in changed:
            name = self._annotation(fixes, label)
            if name:
                used[name] = types.ChangeAnnotation(label if name == LABEL else "May change behaviour")
            changes += self._changes(document, fixes, name)
        return types.WorkspaceEdit(document_changes=changes, change_annotations=used or None)

    def _annotation(self, fixes: Sequence[Fix], label: str) -> str:
        """The name of the annotation that edits get; none without."""
        if not self.annotations:
            return ""
        if any(fix.applicability < Applicability.SAFE for fix in fixes):
            return UNSAFE
        return LABEL if label else ""

    def _changes(self, document: Document, fixes: Sequence[Fix], annotation: str) -> Iterable[Any]:
        if self.creates_files:
            yield from self._new_files(document, fixes)
        edits: list[Any] = list(text_edits(document.source, fixes))
        if annotation:
            edits = [types.AnnotatedTextEdit(annotation, edit.range, edit.new_text) for edit in edits]
        identifier = types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
        yield types.TextDocumentEdit(identifier, edits)

    def _new_files(self, document: Document, fixes: Sequence[Fix]) -> Iterable[Any]:
        directory = document.uri.rpartition("/")[0]
        for new in {file.name: file for fix in fixes for file in fix.new_files}.values():
            uri = f"{directory}/{new.name}"
            yield types.CreateFile(uri, options=types.CreateFileOptions(ignore_if_exists=True))
            start = types.Range(types.Position(0, 0), types.Position(0, 0))
            identifier = types.OptionalVersionedTextDocumentIdentifier(uri, None)
            yield types.TextDocumentEdit(identifier, [types.TextEdit(start, new.text.decode())])
