"""What a goroutine needs of a request is taken before it starts; or it gets a copy, or a detached context."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence import Place, Where
from caulk.findings.evidence_requests import ContextUse, EscapedContext, UseKind
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import insert_statement

_BEFOREHAND = (UseKind.VALUE, UseKind.REQUEST_CONTEXT)
_CONTEXTS = (UseKind.AS_CONTEXT, UseKind.REQUEST_CONTEXT)

CLONE_SINCE = (1, 20)
"""The Go version that brought ``bytes.Clone``; ``strings.Clone`` is older."""


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, EscapedContext)
    kinds = {use.kind for use in evidence.uses}
    if UseKind.WRITES in kinds:
        return
    if kinds <= set(_BEFOREHAND) and not evidence.as_argument:
        yield from _hoist(evidence, source, settings)
    detachable = evidence.detached_name and settings.go_version >= (1, 21)
    if detachable and kinds <= set(_CONTEXTS) and UseKind.AS_CONTEXT in kinds:
        yield from _detach(evidence, source)
    if evidence.copies:
        yield from _copy(evidence, source)


def _hoist(evidence: EscapedContext, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    """``ip := c.ClientIP()`` in front of the goroutine; what lies in a buffer of the request is copied."""
    names: dict[str, str] = {}
    copiers = {use.text: use.copier for use in evidence.uses}
    for use in evidence.uses:
        names.setdefault(use.text, _distinct(use, names))
    imports = {copier.partition(".")[0] for copier in copiers.values() if copier}
    if imports and settings.go_version < CLONE_SINCE:
        return
    lines = [
        f"{name} := {copiers[text]}({text})" if copiers[text] else f"{name} := {text}" for text, name in names.items()
    ]
    insertion = insert_statement(source, Place(Where.BEFORE, evidence.before), lines)
    if insertion is None or any("\n" in text for text in names):
        return
    edits = [Edit(use.start, use.end, names[use.text].encode()) for use in evidence.uses]
    what = next(iter(names)) if len(names) == 1 else "the values"
    title = f"Take {what} before the goroutine starts"
    yield Fix("hoist-from-context", title, (insertion, *edits), Applicability.SAFE, frozenset(imports))


def _distinct(use: ContextUse, names: dict[str, str]) -> str:
    taken = set(names.values())
    return next(name for name in (use.name, *(f"{use.name}{n}" for n in range(2, 100))) if name not in taken)


def _detach(evidence: EscapedContext, source: SourceFile) -> Iterator[Fix]:
    """A context that keeps the values of the request but not its end."""
    name = evidence.detached_name
    detached = f"context.WithoutCancel({evidence.parent})"
    if evidence.as_argument:
        edits = tuple(Edit(start, end, detached.encode()) for start, end in evidence.names)
    else:
        insertion = insert_statement(source, Place(Where.BEFORE, evidence.before), [f"{name} := {detached}"])
        if insertion is None:
            return
        edits = (insertion, *(Edit(use.start, use.end, name.encode()) for use in evidence.uses))
    title = "Give the goroutine a context of its own"
    yield Fix("detach-context", title, edits, Applicability.UNSAFE, frozenset({"context"}))


def _copy(evidence: EscapedContext, source: SourceFile) -> Iterator[Fix]:
    """``cp := c.Copy()`` in front of the goroutine."""
    title = f"Give the goroutine a copy of {evidence.context}"
    same = all(use.copied for use in evidence.uses)
    applicability = Applicability.SAFE if same else Applicability.UNSAFE
    if evidence.as_argument:
        edits = tuple(Edit(end, end, b".Copy()") for _, end in evidence.names)
        yield Fix("copy-context", title, edits, applicability)
        return
    lines = [f"{evidence.copy_name} := {evidence.context}.Copy()"]
    insertion = insert_statement(source, Place(Where.BEFORE, evidence.before), lines)
    if insertion is not None:
        edits = (insertion, *(Edit(start, end, evidence.copy_name.encode()) for start, end in evidence.names))
        yield Fix("copy-context", title, edits, applicability)


FIX = CodeFix("hoist-from-context", EscapedContext, _offer)
