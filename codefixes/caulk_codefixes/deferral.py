"""A deferred release, in the style that the user chose."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.findings.evidence import ErrorResult, Release
from caulk_codefixes.codefix import Edit, FixSettings

JOIN_SINCE = (1, 20)
"""The Go version that brought ``errors.Join``."""


@dataclass(frozen=True, slots=True)
class Deferral:
    """Lines to insert, and what they need elsewhere in the file."""

    lines: list[str]
    edits: tuple[Edit, ...] = ()
    """They give the results of the function names."""
    imports: frozenset[str] = frozenset()


def deferral(release: Release, settings: FixSettings, error: ErrorResult | None) -> Deferral:
    """The deferred call; ``error`` is what the function returns, for the style that joins the error of the release to it. Where
    a style does not fit (nothing to join to, an older Go), the error is ignored explicitly."""
    style = settings.defer_style
    if not release.returns_error or style == "plain":
        return Deferral([f"defer {release.call}"])
    if "{" in style:
        return _from_template(release, settings)
    if style == "join-error" and release.joinable and error is not None and settings.go_version >= JOIN_SINCE:
        joined = f"{error.name} = {error.package}.Join({error.name}, {release.call})"
        return Deferral([f"defer func() {{ {joined} }}()"], naming(error), frozenset({error.package_import}))
    return Deferral([f"defer func() {{ _ = {release.call} }}()"])


def _from_template(release: Release, settings: FixSettings) -> Deferral:
    """The project's own way: ``defer closers.Log({value})``."""
    method = release.call.partition("(")[0]
    line = settings.defer_style.replace("{call}", release.call).replace("{method}", method)
    line = line.replace("{value}", method.rpartition(".")[0] or method)
    return Deferral([line], imports=frozenset({settings.defer_import} if settings.defer_import else ()))


def naming(error: ErrorResult) -> tuple[Edit, ...]:
    """The edits that give the results of a function names."""
    return tuple(Edit(offset, offset, text.encode()) for offset, text in error.naming)


def guarded(release: Release, lines: list[str]) -> list[str]:
    """The lines, inside a test for nil where the value may be missing."""
    if not release.nil_guard:
        return lines
    return [f"if {release.nil_guard} != nil {{", *("\t" + line for line in lines), "}"]
