"""Requests that wait until a writer of logs, audits or metrics has room."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.finding import Finding, Tier
from caulk.flow.program import Program
from caulk.flow.requests import PACKAGES, RequestCode
from caulk.ir import nodes as ir
from caulk.ir.visit import statements
from caulk.rules.report import NO_EVIDENCE, finding_at
from caulk.rules.requests.shared_channels import dropping, is_shared_channel
from caulk.rules.rule import Rule
from caulk.rules.surroundings import is_for_tests
from caulk.semantics.model import Chan, Struct, named

_CODE = "blocking-log-send"
_WORDS = r"logs?|logger|audits?|metrics?|stats|telemetry|trail|analytics"
_ROLE = re.compile(
    rf"(?<![A-Za-z])(?i:{_WORDS})(?![a-z])|(?<=[a-z])(?:{_WORDS.title()})(?![a-z])|(?<![A-Za-z])(?:{_WORDS})(?:ch|chan|queue|buf)\b"
)
"""What is called so may be lost rather than hold up a request."""


def _check(program: Program) -> Iterator[Finding]:
    if is_for_tests(program):
        return
    for code in program.requests:
        body, unit = code.function.body, code.unit
        if body is None or unit.file.is_test or b"<-" not in unit.code:
            continue
        for statement in statements(body):
            if isinstance(statement, ir.Send) and _blocks(code, statement):
                yield _finding(code, statement)


def _blocks(code: RequestCode, send: ir.Send) -> bool:
    unit = code.unit
    channel = send.channel
    if isinstance(unit.uses.parent(send), ir.CommCase):
        return False
    if not is_shared_channel(code, channel) or _asks_for_answer(code, send):
        return False
    if f"len({unit.source_text(channel)})" in unit.text.decode("utf-8", "replace"):
        return False
    owner = named(unit.typer.type_of(channel.base)) if isinstance(channel, ir.Selector) else None
    type_ = unit.typer.underlying(unit.typer.type_of(channel))
    element = named(type_.elem) if isinstance(type_, Chan) else None
    names = (unit.source_text(channel), *(part.name for part in (owner, element) if part is not None))
    of_package = _ROLE.fullmatch(unit.program.package.name) is not None
    return of_package or any(_ROLE.search(name) for name in names)


def _asks_for_answer(code: RequestCode, send: ir.Send) -> bool:
    """Whether what is sent has a channel for the answer: then the request waits anyway."""
    typer = code.unit.typer
    type_ = typer.underlying(typer.type_of(send.channel))
    element = type_.elem if isinstance(type_, Chan) else None
    owner = named(element)
    struct = typer.underlying(owner) if owner is not None else None
    return isinstance(struct, Struct) and any(isinstance(field.type, Chan) for field in struct.fields)


def _finding(code: RequestCode, send: ir.Send) -> Finding:
    unit = code.unit
    channel = unit.source_text(send.channel)
    return finding_at(
        unit,
        send,
        code=_CODE,
        tier=Tier.EXTENDED,
        message=f"requests wait here when the reader of {channel} falls behind or has stopped, and none of them gets on",
        evidence=dropping(unit, send, send) or NO_EVIDENCE,
    )


RULE = Rule(
    module=__name__,
    code=_CODE,
    tier=Tier.EXTENDED,
    summary="a request waits until a writer of logs, audits or metrics has room",
    check_package=_check,
    needs=PACKAGES,
    fix="unsafe",
    tests_too=False,
)
