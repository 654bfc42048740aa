"""The shared part of all acquire/release rules: leaks of the flow layer become findings with evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.cfg import FunctionEnd
from caulk.flow.leaks import Leak, LeakKind, ending_methods, leaves_by
from caulk.flow.outcomes import Ending
from caulk.flow.program import FunctionUnit
from caulk.ir import nodes as ir
from caulk.rules.leak_evidence import evidence_of
from caulk.rules.rule import Rule
from caulk.semantics.contracts import CALL_ITSELF

_PAST = {
    "Close": "closed",
    "Release": "released",
    "Rollback": "rolled back or committed",
    "End": "ended",
    "Stop": "stopped",
    "Unlock": "unlocked",
    "Put": "put back",
    "Finish": "finished",
    "EndSession": "ended",
    "RemoveAll": "removed",
    "Quit": "closed",
    "CloseNow": "closed",
    "Discard": "discarded or committed",
    "Sync": "synced",
    "Scan": "scanned",
    "Disconnect": "disconnected",
    CALL_ITSELF: "called",
}


Refine: TypeAlias = Callable[[Leak, Finding], Finding | None]
"""What a rule makes of the finding of a leak: another one, or none."""


def unreleased(
    module: str,
    *,
    code: str,
    summary: str,
    fix: str = "safe",
    tier: Tier = Tier.CORE,
    duplicates: tuple[str, ...] = (),
    refine: Refine | None = None,
) -> Rule:
    """A rule that reports the leaks of one code, as ``refine`` has them."""
    return Rule(
        module=module,
        code=code,
        tier=tier,
        summary=summary,
        check_function=partial(leak_findings, code, tier, refine),
        gate=may_leak,
        fix=fix,
        duplicates=duplicates,
    )


def may_leak(unit: FunctionUnit) -> bool:
    """The gate of all these rules."""
    return unit.program.gate.lets_in(unit)


def leak_findings(code: str, tier: Tier, refine: Refine | None, unit: FunctionUnit) -> Iterator[Finding]:
    """The findings of the leaks of one code in a function."""
    for leak in unit.leaks:
        if leak.code == code and not _is_tolerated_in_main(leak):
            finding = _finding(leak, code, _tier(leak, tier))
            refined = refine(leak, finding) if refine is not None else finding
            if refined is not None:
                yield refined


def _tier(leak: Leak, tier: Tier) -> Tier:
    """That of the rule, or a lower one when the contract says that less depends on it."""
    own = Tier(leak.tier or tier.value)
    return max(own, tier, key=list(Tier).index)


def _is_tolerated_in_main(leak: Leak) -> bool:
    """What main itself holds ends with the process."""
    unit = leak.unit
    in_main = not unit.receiver and unit.name in ("main", "TestMain") and leak.acquire.function is unit.function
    return in_main and leak.kind not in (LeakKind.PREMATURE, LeakKind.LOOP_DEFER)


def _finding(leak: Leak, code: str, tier: Tier) -> Finding:
    unit = leak.unit
    marked: ir.Node = leak.acquire.call
    if leak.use is not None:
        marked = leak.use
    elif leak.event is not None:
        marked = ir.Node(leak.event.item.start, leak.event.item.end)
    return Finding(
        code=code,
        path=unit.file.path,
        span=Span(*unit.span(marked)),
        message=_message(leak),
        evidence=evidence_of(leak),
        related=tuple(_related(leak)),
        tier=tier,
        severity=tier.severity,
        function=Span(unit.chunk.start, unit.chunk.end),
    )


# -- words


def _subject(leak: Leak) -> str:
    """What the value is called in the message: ``resp.Body``, ``cancel``."""
    place = leak.acquire.place
    if place is None:
        return leak.acquire.contract.noun
    return ".".join((place.symbol.name, *place.path))


def _message(leak: Leak) -> str:
    contract = leak.acquire.contract
    subject = _subject(leak)
    done = _PAST.get(contract.release_name, "released")
    called = _short_call(leak.unit, leak.acquire.call)
    match leak.kind:
        case LeakKind.KEPT:
            return _kept_message(leak, done, called)
        case LeakKind.FORGOTTEN:
            return _forgotten_message(leak, done)
        case LeakKind.USED:
            line = leak.unit.line(leak.event.item.start) if leak.event is not None else 0
            return f"{subject} is used after it was {done} at line {line}: this fails, or works on somebody else's data"
        case LeakKind.DISCARDED:
            return f"the {contract.noun} of {called} is discarded, so it can never be {done}: it {contract.why}"
        case LeakKind.INLINE:
            return f"the {contract.noun} of {called} gets no name, so it can never be {done}: it {contract.why}"
        case LeakKind.PREMATURE:
            error = leak.acquire.error_symbol
            checked = error.name if error is not None else "the error"
            return f"{subject} is {done} before {checked} is checked: there is nothing to release when {called} fails"
        case LeakKind.LOOP_DEFER:
            return f"the deferred release of {subject} waits for the function to return: every round of the loop keeps one more {contract.noun}"
        case LeakKind.OVERWRITTEN:
            line = leak.unit.line(leak.exits[0].item.start)
            return f"{subject} is overwritten at line {line} before it is {done}: the {contract.noun} {contract.why}"
        case _:
            return f"{subject} ({contract.noun} of {called}) is {_where(leak, done)}: it {contract.why}"


def _kept_message(leak: Leak, done: str, called: str) -> str:
    slot, contract = leak.slot, leak.acquire.contract
    assert slot is not None
    method = next((method.qualified for method in ending_methods(leak.unit, slot)), "")
    forgotten = f"{method} forgets it" if method else "nothing in the package does that"
    return f"{slot.text} ({contract.noun} of {called}) is never {done}, {forgotten}: it {contract.why}"


def _forgotten_message(leak: Leak, done: str) -> str:
    spawned = leak.spawned
    assert spawned is not None
    value = ".".join((spawned.value.symbol.name, *spawned.value.path))
    line = spawned.unit.line(spawned.exit.item.start)
    return f"the goroutine leaves {value} open at line {line}: it is {done} on other paths only, and {leak.acquire.contract.why}"


def _where(leak: Leak, done: str) -> str:
    outcome = leak.outcome
    if leak.exits and leak.exits[0].with_error:
        return f"returned together with an error at line {leak.unit.line(leak.exits[0].item.start)}, so nobody gets it {done}"
    if outcome is None or not outcome.has(Ending.RELEASED, Ending.DEFERRED, Ending.RETURNED, Ending.TRANSFERRED):
        return f"never {done}"
    exit_ = leak.exits[0]
    line = leak.unit.line(leaves_by(exit_).start)
    if exit_.overwritten:
        return f"not {done} before it is overwritten at line {leak.unit.line(exit_.item.start)}"
    if isinstance(exit_.item, FunctionEnd):
        return f"not {done} when the function ends at line {line}"
    if leak.is_partial_construction:
        return f"not {done} when the constructor gives up at line {line}"
    return f"not {done} on the way out at line {line}"


def _short_call(unit: FunctionUnit, call: ir.Call) -> str:
    """``http.Get``: the function part of the call, or its last names when it is long."""
    text = unit.source_text(call.func)
    if len(text) > 40 or "\n" in text:
        text = "…." + text.rpartition(".")[2] if "." in text else text[:40]
    return text


def _related(leak: Leak) -> Iterator[Related]:
    """The path: where it was acquired, what releases it elsewhere, where it leaves."""
    unit, acquire = leak.unit, leak.acquire
    yield Related(Span(*unit.span(acquire.call)), "acquired here")
    for method in ending_methods(unit, leak.slot) if leak.slot is not None else ():
        if method.file is unit.file:
            yield Related(Span(method.chunk.start, method.chunk.end), "does not release it")
    if leak.spawned is not None and leak.spawned.unit.file is unit.file:
        yield Related(
            Span(*leak.spawned.unit.span(leaves_by(leak.spawned.exit))), "still open when the goroutine ends here"
        )
    if leak.use is not None and leak.event is not None:
        yield Related(Span(*unit.span(leak.event.item)), "released here")
    if leak.kind not in (LeakKind.OPEN, LeakKind.OVERWRITTEN) or leak.outcome is None:
        return
    for event in leak.outcome.of(Ending.RELEASED, Ending.DEFERRED)[:1]:
        what = "released here on another path" if event.ending is Ending.RELEASED else "deferred only here"
        yield Related(Span(*unit.span(event.item)), what)
    for exit_ in leak.exits[:3]:
        node = leaves_by(exit_)
        if exit_.overwritten:
            if exit_.branch is not None:
                yield Related(Span(*unit.span(node)), "the loop goes round with it still open")
            yield Related(Span(*unit.span(exit_.item)), "overwritten here")
        else:
            yield Related(Span(*unit.span(node)), "still open when the function is left here")
