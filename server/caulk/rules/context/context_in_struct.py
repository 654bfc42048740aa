"""Contexts that are kept in structs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.finding import Finding, Span, Tier
from caulk.flow.program import FileUnit, Program
from caulk.ir import nodes as ir
from caulk.rules.report import NO_EVIDENCE
from caulk.rules.rule import Rule

_OF_ONE_CALL = re.compile(
    r"(?i)(?:request|req|call|context|ctx|option|opts|param|args|config|job|task|work|stream|session|conn|message|msg|event"
    r"|query|command|cmd|iterator|iter|cursor|reader|writer|tx|transaction|operation|op|batch|builder|state|key|wrapper|test"
    r"|suite|mock|fake)"
)
"""Types that live as long as one call, and carry what belongs to it."""
_CANCEL = re.compile(r"(?i)cancel|stop|quit|close|done")


def _check(program: Program) -> Iterator[Finding]:
    for file in program.files:
        if file.is_generated or file.is_test or not file.imports("context"):
            continue
        name = next((name for name, path in file.package_file.imports.items() if path == "context"), "context")
        for declared in file.decls.types:
            if isinstance(declared.type, ir.StructType) and not _OF_ONE_CALL.search(declared.name):
                yield from _in_struct(file, declared, declared.type, name)


def _in_struct(file: FileUnit, declared: ir.TypeDecl, struct: ir.StructType, package: str) -> Iterator[Finding]:
    if any(_ends_it(field, package) for field in struct.fields):
        return
    for field in struct.fields:
        if not field.embedded and _is(field.type, package, "Context"):
            yield Finding(
                code="context-in-struct",
                path=file.path,
                span=Span(*file.span(field)),
                message=(
                    f"{declared.name} keeps a context: its methods use the deadline and values of whoever made it, not of"
                    " whoever calls them; pass the context as the first parameter"
                ),
                tier=Tier.EXPERIMENTAL,
                severity=Tier.EXPERIMENTAL.severity,
                evidence=NO_EVIDENCE,
            )


def _ends_it(field: ir.FieldDecl, package: str) -> bool:
    """Whether the field ends the context: the struct is a worker with a life of its own."""
    if _is(field.type, package, "CancelFunc") or _is(field.type, package, "CancelCauseFunc"):
        return True
    return isinstance(field.type, ir.FuncType | ir.ChanType) and _CANCEL.search(field.name) is not None


def _is(type_: ir.TypeExpr, package: str, name: str) -> bool:
    return isinstance(type_, ir.NamedType) and type_.package == package and type_.name == name


RULE = Rule(
    module=__name__,
    code="context-in-struct",
    tier=Tier.EXPERIMENTAL,
    summary="a context is kept in a struct",
    check_package=_check,
    tests_too=False,
    duplicates=("containedctx",),
)
