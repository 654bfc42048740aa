"""``ctx = …`` becomes ``ctx := …``: a context of its own in each round."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_contexts import GrowingContext
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, GrowingContext)
    equals = source.data.index(b"=", evidence.name_end, evidence.value_start)
    edit = Edit(equals, equals, b":")
    yield Fix("declare-context", "Declare a context of its own here", (edit,), Applicability.SAFE)


FIX = CodeFix("declare-context", GrowingContext, _offer)
