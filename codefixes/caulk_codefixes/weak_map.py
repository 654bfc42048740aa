"""A map that is keyed by requests becomes one whose entries go with their keys."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources

from caulk.findings.evidence_requests import GrowingMap, KeyedUse, RequestKeyed
from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk_codefixes.codefix import Applicability, CodeFix, Edit, Fix, FixSettings, NewFile

FILE_NAME = "weakmap.go"


@cache
def _helper() -> str:
    return resources.files("caulk_codefixes").joinpath("weakmap.go.txt").read_text(encoding="utf-8")


def _offer(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    evidence = finding.evidence
    assert isinstance(evidence, GrowingMap)
    keyed = evidence.keyed
    if keyed is None or settings.go_version < (1, 24):
        return
    declaration = f" weakMap[{keyed.key_type}, {keyed.value_type}]"
    edits = [Edit(*keyed.initialiser, declaration.encode())]
    edits += [edit for use in keyed.uses for edit in _edits(use)]
    title = f"Let the entries of {evidence.container} go with their requests (weak map)"
    yield Fix("weak-map", title, tuple(edits), Applicability.UNSAFE, new_files=(_new_file(keyed),))


def _new_file(keyed: RequestKeyed) -> NewFile:
    return NewFile(FILE_NAME, _helper().replace("PACKAGE", keyed.package, 1).encode())


def _edits(use: KeyedUse) -> Iterator[Edit]:
    """``m[k] = v`` → ``m.Store(k, v)``; ``v, ok := m[k]`` → ``m.Load(k)``; any other ``m[k]`` → ``m.Get(k)``."""
    method = "Store" if use.value is not None else "Load" if use.comma_ok else "Get"
    yield Edit(use.base_end, use.key[0], f".{method}(".encode())
    if use.value is None:
        yield Edit(use.key[1], use.end, b")")
    else:
        yield Edit(use.key[1], use.value[0], b", ")
        yield Edit(use.value[1], use.value[1], b")")


FIX = CodeFix("weak-map", GrowingMap, _offer)
