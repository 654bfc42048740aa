"""Names for findings that survive moved lines: for baselines and SARIF."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile


def fingerprints(findings: Sequence[Finding], source: SourceFile) -> list[str]:
    """One name for each finding of a file: its rule, the text of its line without white space, and its number among equals."""
    seen: Counter[str] = Counter()
    names: list[str] = []
    for finding in findings:
        start = source.line_start(finding.span.start)
        line = b"".join(source.data[start : source.line_end(finding.span.start)].split())
        stem = hashlib.sha256(b"\0".join((finding.code.encode(), line))).hexdigest()[:16]
        seen[stem] += 1
        names.append(stem if seen[stem] == 1 else f"{stem}-{seen[stem]}")
    return names
