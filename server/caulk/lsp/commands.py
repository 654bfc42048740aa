"""The commands of the server. Each takes plain JSON and gives plain JSON; docs/editors/README.md lists them."""

from __future__ import annotations

import os
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from caulk.findings.finding import Finding
from caulk.lsp import documents
from caulk.lsp.documents import Document
from caulk.lsp.hints import FIX_ALL_COMMAND
from caulk.lsp.progress import Work
from caulk.lsp.session import Fixed
from caulk.lsp.state import CaulkServer
from caulk.rules import registry
from caulk_codefixes.codefix import FixSettings
from caulk_codefixes.registry import repairs

STATISTICS_COMMAND = "caulk.statistics"
SCOPES = ("file", "package", "workspace")


def register(server: CaulkServer) -> None:
    """All commands."""

    @server.command(FIX_ALL_COMMAND)
    async def fix_all(uri: str, *options: Any) -> int:
        """Make all safe fixes in a file, its package or the workspace (``scope``), of one rule (``code``) or all; gives how
        many were made."""
        scope, code = _options(*options)
        fixed = await _fixed(server, _text(uri), scope, code)
        changed = [one for one in fixed if one.result.changed and server.is_current(one.document)]
        if not changed:
            return 0
        label = f"Fix all {code or 'leaks that can be fixed safely'}"
        edit = server.client.workspace_edit_of([(one.document, one.fixes) for one in changed], label)
        answer = await server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=edit, label=label))
        return sum(len(one.result.applied) for one in changed) if answer.applied else 0

    @server.command("caulk.explain")
    def explain(code: str, *_: Any) -> str:
        """The page of a rule, as Markdown; empty for an unknown code."""
        rule = registry.rule_of(_text(code))
        return rule.page() if rule is not None else ""

    @server.command("caulk.rules")
    def rules(*_: Any) -> list[dict[str, str]]:
        """All rules: code, tier, fix, summary."""
        listed = sorted(registry.RULES, key=lambda rule: rule.code)
        return [{"code": r.code, "tier": r.tier.value, "fix": r.fix, "summary": r.summary} for r in listed]

    @server.command("caulk.evidence")
    async def evidence(uri: str, position: Any, *_: Any) -> str:
        """Everything that is known of the finding at a position; empty when there is none."""
        document, place = server.current(_text(uri)), _place(position)
        if document is None:
            return ""
        at = documents.offset(document.source, place)
        found = [f for f in (await server.session.analysis(document)).findings if f.span.start <= at <= f.span.end]
        settings = await server.session.fix_settings(document)
        return "\n".join(_described(document, finding, settings) for finding in found)

    @server.command(STATISTICS_COMMAND)
    def statistics(*_: Any) -> dict[str, int]:
        """Counts, for the tests."""
        return {"analyses": server.session.analyses}


def _options(scope: Any = "file", code: Any = None, *_: Any) -> tuple[str, str | None]:
    """The arguments of fix-all that may be left out."""
    return (scope if scope in SCOPES else "file"), (code if isinstance(code, str) and code else None)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise JsonRpcInvalidParams("a string is expected")
    return value


def _place(value: Any) -> types.Position:
    """A position, whatever its JSON was made into on the way."""
    members = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    line, character = members.get("line"), members.get("character")
    if not isinstance(line, int) or not isinstance(character, int):
        raise JsonRpcInvalidParams("a position is expected")
    return types.Position(line, character)


async def _fixed(server: CaulkServer, uri: str, scope: str, code: str | None) -> list[Fixed]:
    """What fix-all gives in a scope; nothing when the user ended the work half-way."""
    codes = frozenset({code}) if code else None
    path = documents.path_of(uri)
    session = server.session
    if scope != "workspace":
        directory = os.path.dirname(path)
        paths = await session.package_files(directory) if scope == "package" else [path]
        return await session.fix_package(directory, paths, codes)
    packages = await session.packages(server.folders() or [os.path.dirname(path)])
    fixed: list[Fixed] = []
    async with Work(server, "caulk: mending leaks", len(packages)) as work:
        for directory, paths in packages.items():
            if work.is_cancelled:
                return []
            fixed += await session.fix_package(directory, paths, codes)
            work.step(directory.rpartition("/")[2])
    return fixed


def _described(document: Document, finding: Finding, settings: FixSettings) -> str:
    source = document.source
    lines = [
        f"{finding.code} ({finding.tier.value}, confidence {finding.confidence.label})",
        f"{document.path}:{source.lines.line_of(finding.span.start) + 1}: {finding.message}",
        "",
        "path:",
    ]
    for step in finding.related:
        where = f"line {source.lines.line_of(step.span.start) + 1}" if step.path in ("", document.path) else step.path
        lines.append(f"  {where}: {step.message}")
    lines += ["", "evidence:", f"  {finding.evidence!r}", "", "fixes:"]
    for fix in repairs(finding, source, settings):
        lines.append(f"  {fix.applicability.label}: {fix.title} ({fix.id})")
    return "\n".join(lines) + "\n"
