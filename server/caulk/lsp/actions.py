"""Code actions: the fixes of a finding, the same for all findings of its rule, the comment that silences it, and fix-all."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from lsprotocol import types

from caulk.config.settings import Settings
from caulk.findings.finding import Finding
from caulk.findings.fingerprint import fingerprints
from caulk.lsp import convert, documents
from caulk.lsp.documents import Document
from caulk.lsp.hints import FIX_ALL_COMMAND
from caulk.lsp.state import CaulkServer
from caulk_codefixes.codefix import Applicability, Fix, FixSettings
from caulk_codefixes.loop import applicability, applicability_in_bulk
from caulk_codefixes.registry import offers
from caulk_codefixes.suppress import IN_FILE, SILENCERS

FIX_ALL = "source.fixAll.caulk"
_SCOPES = {"file": "in this file", "package": "in this package", "workspace": "in the workspace"}


def register(server: CaulkServer) -> None:
    """Code actions and their resolution."""
    options = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL], resolve_provider=True)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        document = server.current(params.text_document.uri)
        if document is None:
            return []
        wanted = params.context.only
        actions: list[types.CodeAction] = []
        if _wants(wanted, types.CodeActionKind.QuickFix.value):
            actions += await _quick_fixes(server, document, params)
        if wanted and _wants(wanted, FIX_ALL):
            actions += await _fix_all_actions(server, document)
        return actions

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(action: types.CodeAction) -> types.CodeAction:
        data = action.data if isinstance(action.data, dict) else {}
        document = server.current(str(data.get("uri", "")))
        if document is None or document.version != data.get("version"):
            return action  # of another version: nothing that could be applied
        settings = await server.session.fix_settings(document)
        for finding in (await server.session.analysis(document)).findings:
            if [finding.span.start, finding.span.end, finding.code] == data.get("finding"):
                for fix in _offered(server, document, finding, settings):
                    if fix.id == data.get("fix") and fix.title == action.title:
                        action.edit = server.client.workspace_edit(document, [fix])
        return action


def _wants(only: Any, kind: str) -> bool:
    """Whether a request for ``only`` these kinds is one for ``kind``: a kind stands for all below it."""
    return not only or any(
        kind == str(getattr(k, "value", k)) or kind.startswith(f"{getattr(k, 'value', k)}.") for k in only
    )


def _offered(server: CaulkServer, document: Document, finding: Finding, settings: FixSettings) -> list[Fix]:
    fixes = offers(finding, document.source, settings)
    creates = server.client.creates_files and server.client.document_changes
    return [fix for fix in fixes if creates or not fix.new_files]


async def _quick_fixes(
    server: CaulkServer, document: Document, params: types.CodeActionParams
) -> list[types.CodeAction]:
    start = documents.offset(document.source, params.range.start)
    end = documents.offset(document.source, params.range.end)
    settings, fix_settings = await server.session.settings(document), await server.session.fix_settings(document)
    analysis = await server.session.analysis(document)
    offered = _Offered(server, document, settings, Counter(finding.code for finding in analysis.findings))
    names = fingerprints(analysis.findings, analysis.source)
    for finding, name in zip(analysis.findings, names, strict=True):
        if finding.span.start <= end and finding.span.end >= start:
            offered.add(finding, name, _offered(server, document, finding, fix_settings))
    return [*offered.fixes, *chain.from_iterable(offered.everywhere.values()), *offered.silencers.values()]


@dataclass(slots=True)
class _Offered:
    """The actions for some findings of a document: fixes first, then the same for whole rules, and last what silences."""

    server: CaulkServer
    document: Document
    settings: Settings
    counts: Counter[str]
    """How often each code is found."""
    fixes: list[types.CodeAction] = field(default_factory=list)
    everywhere: dict[str, list[types.CodeAction]] = field(default_factory=dict)
    silencers: dict[str, types.CodeAction] = field(default_factory=dict)
    """By what they are for: a comment for the file is offered once for all findings that it silences."""

    def add(self, finding: Finding, name: str, fixes: Iterable[Fix]) -> None:
        """What can be done about one finding, whose fingerprint is ``name``."""
        shown = convert.diagnostic(finding, self.document, name)
        for number, fix in enumerate(fixes):
            action = _action(self.server, self.document, finding, fix, shown)
            if fix.id in SILENCERS:
                self.silencers.setdefault(fix.title if fix.id == IN_FILE else name, action)
                continue
            preferred = number == 0 and applicability(finding, fix, self.settings) is Applicability.SAFE
            action.is_preferred = preferred or None
            self.fixes.append(action)
            if preferred and applicability_in_bulk(finding, fix, self.settings) is Applicability.SAFE:
                self.everywhere[finding.code] = _of_the_rule(self.document, finding.code, self.counts[finding.code])


def _action(
    server: CaulkServer, document: Document, finding: Finding, fix: Fix, shown: types.Diagnostic
) -> types.CodeAction:
    action = types.CodeAction(fix.title, kind=types.CodeActionKind.QuickFix, diagnostics=[shown])
    if server.client.resolves_edits:
        place = [finding.span.start, finding.span.end, finding.code]
        action.data = {"uri": document.uri, "version": document.version, "finding": place, "fix": fix.id}
    else:
        action.edit = server.client.workspace_edit(document, [fix])
    return action


def _of_the_rule(document: Document, code: str, in_file: int) -> list[types.CodeAction]:
    """Fix all findings of a rule: computed when it is chosen, by a command."""
    actions = []
    for scope, where in _SCOPES.items():
        if scope != "file" or in_file > 1:
            title = f"Fix all {code} {where}"
            command = types.Command(title, FIX_ALL_COMMAND, arguments=[document.uri, scope, code])
            actions.append(types.CodeAction(title, kind=types.CodeActionKind.QuickFix, command=command))
    return actions


async def _fix_all_actions(server: CaulkServer, document: Document) -> list[types.CodeAction]:
    (fixed,) = await server.session.fix_package(os.path.dirname(document.path), [document.path], None)
    if not fixed.result.changed or not server.is_current(fixed.document):
        return []
    edit = server.client.workspace_edit(fixed.document, fixed.fixes)
    return [types.CodeAction("Fix all leaks that can be fixed safely", kind=FIX_ALL, edit=edit)]
