"""A client is made once for the package instead of on every call."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_clients import Hoist, PerCallClient, UnclosedClient
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings

ONCE_VALUES = (1, 21)
"""The Go that brought ``sync.OnceValue``."""


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, PerCallClient | UnclosedClient)
    hoist = evidence.hoist
    if hoist is None or (hoist.lazy and settings.go_version < ONCE_VALUES):
        return
    use = Edit(hoist.start, hoist.end, f"{hoist.name}()".encode() if hoist.lazy else hoist.name.encode())
    lines = _lazy(hoist) if hoist.lazy else _at_start(hoist)
    declaration = Edit(hoist.function_end, hoist.function_end, source.newline.join(("", "", *lines)).encode())
    imports = frozenset({"sync"}) if hoist.lazy else frozenset()
    title = f"Make it once for the package ({hoist.name})"
    names = frozenset({hoist.name})
    yield Fix("hoist-client", title, (use, declaration), Applicability.UNSAFE, imports, declares=names)


def _lazy(hoist: Hoist) -> list[str]:
    once = "OnceValues" if hoist.fallible else "OnceValue"
    return [
        f"// {hoist.name} makes the client when it is first wanted.",
        f"var {hoist.name} = sync.{once}(func() {hoist.results} {{",
        f"\treturn {hoist.text}",
        "})",
    ]


def _at_start(hoist: Hoist) -> list[str]:
    return [f"// {hoist.name} is shared: so are its connections.", f"var {hoist.name} = {hoist.text}"]


FIX = CodeFix("hoist-client", PerCallClient, _offer)
UNCLOSED = CodeFix("hoist-client", UnclosedClient, _offer)
