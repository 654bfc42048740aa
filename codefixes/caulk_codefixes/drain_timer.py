"""A drain that does not wait for a value which was received already."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_timers import BlockedDrain
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Fix, FixSettings
from caulk_codefixes.layout import replace_statement

NEEDS_NO_DRAIN = (1, 23)
"""The Go version from which nothing is left in the channel of a timer that was stopped."""


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, BlockedDrain)
    lines = [evidence.stop]
    title = f"Only call `{evidence.stop}`"
    if settings.go_version < NEEDS_NO_DRAIN:
        lines = [
            f"if !{evidence.stop} {{",
            "\tselect {",
            f"\tcase <-{evidence.channel}:",
            "\tdefault:",
            "\t}",
            "}",
        ]
        title = f"Receive from `{evidence.channel}` only when there is something"
    edit = replace_statement(source, evidence.start, evidence.end, lines)
    if edit is not None:
        yield Fix("drain-timer", title, (edit,), Applicability.UNSAFE)


FIX = CodeFix("drain-timer", BlockedDrain, _offer)
