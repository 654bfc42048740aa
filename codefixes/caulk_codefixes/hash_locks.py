"""A fixed number of locks, of which a hash of the key chooses one, in the place of one for each key."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_requests import GrowingMap
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings
from caulk_codefixes.layout import remove_statement

COUNT = 256


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, GrowingMap)
    locks, table = evidence.hashed, evidence.container
    if locks is None or settings.go_version < (1, 19):  # no maphash.String
        return
    removed = remove_statement(source, *locks.second)
    if removed is None:
        return
    number = f"{locks.package}.String({locks.seed}, {locks.key})%uint64(len({table}))"
    comment = f"// {locks.seed} chooses a lock for each key, anew in every process."
    seed = ("", "", comment, f"var {locks.seed} = {locks.package}.MakeSeed()")
    edits = (
        Edit(*locks.first, f"{locks.prefix}&{table}[{number}]".encode()),
        removed,
        Edit(*locks.declared_type, f"[{COUNT}]{locks.lock_type}".encode()),
        Edit(locks.function_end, locks.function_end, source.newline.join(seed).encode()),
    )
    yield Fix(
        "hash-locks",
        f"Choose one of {COUNT} locks by a hash of the key",
        edits,
        Applicability.UNSAFE,
        frozenset({locks.package_import}),
        declares=frozenset({locks.seed}),
    )


FIX = CodeFix("hash-locks", GrowingMap, _offer)
