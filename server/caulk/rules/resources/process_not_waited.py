"""Processes that are started and never waited for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caulk.findings.evidence import Evidence, Place, Where
from caulk.findings.evidence_resources import UnwaitedProcess
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.cfg import leaves
from caulk.flow.frequency import runs_once
from caulk.flow.leaks import leaves_by
from caulk.flow.processes import Unwaited, unwaited
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.naming import free_name
from caulk.rules.rule import Rule

_OPENS = re.compile(rb"xdg-open|rundll32|x-www-browser|wslview|(?i:browser)|\"open\"|(?i:explorer)|\"/c\", *\"start\"")
"""A function that names one of these hands something to the desktop: the process ends at once."""
_HANDS_OVER = re.compile(r"(?i)restart|relaunch|respawn|reexec|daemon|detach|background|upgrade|selfupdate")
"""Names of functions whose process is meant to outlive this one."""
_PIPE = re.compile(rb"\.Std(?:out|err)Pipe\(")
"""Wait closes such a pipe: nobody knows whether it was read to its end."""
_WINDOWS = re.compile(rb"^//go:build windows\b", re.M)


def _check(unit: FunctionUnit) -> Iterator[Finding]:
    if _is_for_windows(unit):
        return  # where no process waits for its parent
    for process in unwaited(unit):
        if not runs_once(unit):
            yield _finding(process)


def _is_for_windows(unit: FunctionUnit) -> bool:
    return unit.file.path.endswith("_windows.go") or _WINDOWS.search(unit.file.source.data) is not None


def _tier(process: Unwaited) -> Tier:
    """What is sent away on purpose, or ends at once, costs one entry of the process table in a program that goes on."""
    unit = process.unit
    on_purpose = process.detached or _OPENS.search(unit.text) or _HANDS_OVER.search(unit.name)
    return Tier.EXPERIMENTAL if on_purpose else Tier.CORE


def _finding(process: Unwaited) -> Finding:
    unit = process.unit
    tier = _tier(process)
    return Finding(
        code="process-not-waited",
        path=unit.file.path,
        span=Span(*unit.span(process.call)),
        message=_message(process),
        evidence=_evidence(process),
        related=(
            Related(Span(*unit.span(process.call)), "started here"),
            *(Related(Span(*unit.span(leaves_by(e))), "left here, and still running") for e in process.exits[:3]),
        ),
        tier=tier,
        severity=tier.severity,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


def _message(process: Unwaited) -> str:
    name = process.command.name if process.command is not None else "the command"
    where = "is not waited for"
    if process.waited:
        where += f" on the way out at line {process.unit.line(leaves_by(process.exits[0]).start)}"
    return (
        f"the process that {name} starts {where}: when it has ended it stays in the process table until this program ends"
        " too, and so do the pipes and goroutines that serve it"
    )


def _evidence(process: Unwaited) -> Evidence:
    unit, item = process.unit, process.item
    if process.waited or (process.command is not None and process.command.assigned) or _PIPE.search(unit.text):
        return Evidence()
    position = unit.placement(process.function).of(item)
    if position is None:
        return Evidence()
    owner: ir.Node = position.owner or item
    start, end = unit.span(owner)
    return UnwaitedProcess(
        command=process.command.name if process.command is not None else free_name(unit, "cmd"),
        start=start,
        end=end,
        maker=unit.span(process.maker) if process.command is None and process.maker is not None else None,
        call=unit.span(process.call),
        after=_after(process),
        returned=isinstance(item, ir.Return) and len(item.values) == 1,
        error=free_name(unit, "err") if isinstance(item, ir.Return) else "",
    )


def _after(process: Unwaited) -> Place | None:
    item = process.item
    if not isinstance(item, ir.Assign) or not isinstance(item.left[0], ir.Name) or item.left[0].symbol is None:
        return None
    unit = process.unit
    placement = unit.placement(process.function)
    place = placement.after_check(item, item.left[0].symbol, process.command)
    if place is not None:
        return Place(Where(place.where), unit.offset(place.offset))
    position = placement.of(item)
    owner = position.owner if position is not None else None
    if isinstance(owner, ir.If) and owner.orelse is None and leaves(owner.then, unit.never_returns):
        return Place(Where.AFTER, unit.offset(owner.end))  # the command is declared outside of `if err := cmd.Start()`
    return None


RULE = Rule(
    module=__name__,
    code="process-not-waited",
    tier=Tier.CORE,
    summary="a process is started and nobody waits for it",
    check_function=_check,
    needs=("os/exec",),
    fix="unsafe",
)
