"""What a fix needs to know of a value that was given away and is not released there: kept by an object, forgotten by a
goroutine."""

from __future__ import annotations

from caulk.findings.evidence import Evidence, Place, Release, Where
from caulk.findings.evidence_insertions import MissingRelease
from caulk.flow.leaks import Leak, ending_methods
from caulk.semantics.contracts import CALL_ITSELF, NOT_AT_HAND


def kept_evidence(leak: Leak) -> Evidence:
    """The method of the same file that ends the object, when the release can be written there."""
    slot, contract = leak.slot, leak.acquire.contract
    if slot is None or contract.release_argument in ("context", NOT_AT_HAND) or contract.release_function is not None:
        return Evidence()
    argument = "nil" if contract.release_argument == "nil" else ""
    for method in ending_methods(leak.unit, slot):
        receiver, body = method.function.receiver, method.function.body
        if method.file is not leak.unit.file or receiver is None or receiver.symbol is None or body is None:
            continue
        path = slot.path[: -len(contract.resource)] if contract.released_through and contract.resource else slot.path
        target = ".".join((receiver.symbol.name, slot.name, *path))
        name = contract.released_through or contract.release
        call = f"{target}({argument})" if name == CALL_ITSELF else f"{target}.{name}({argument})"
        at = Place(Where.BLOCK_START, method.offset(body.start))
        return MissingRelease(Release(call, contract.returns_error), at, method.qualified)
    return Evidence()


def goroutine_evidence(leak: Leak) -> Evidence:
    """The first line of the goroutine's body, when it stands in the same file and no path of it hands the value on."""
    spawned, contract = leak.spawned, leak.acquire.contract
    if spawned is None or spawned.hands_on or spawned.unit.file is not leak.unit.file or spawned.function.body is None:
        return Evidence()
    if contract.release_argument or contract.release_function is not None or contract.released_through:
        return Evidence()
    target = ".".join((spawned.value.symbol.name, *spawned.value.path))
    at = Place(Where.BLOCK_START, spawned.unit.offset(spawned.function.body.start))
    where = spawned.unit.qualified if spawned.function.name else "the goroutine"
    release = Release(f"{target}.{contract.release}()", contract.returns_error)
    twice = contract.kind != "conn"  # a second Close of a connection does nothing
    return MissingRelease(release, at, where, deferred=True, changes_behaviour=twice)
