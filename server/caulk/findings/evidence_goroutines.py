"""Evidence of goroutines that never end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from caulk.findings.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Buffer:
    """A buffer that lets every sender through, found right by exploring the function again with it."""

    start: int
    end: int
    """The size argument of ``make``; empty, directly behind the type, when there is none."""
    size: str
    """Go text of the wanted size."""
    certain: bool
    """Whether nothing else can change: one goroutine, one send, nobody asks for ``len`` or ``cap``."""


@dataclass(frozen=True, slots=True)
class LoneSend:
    """A send statement that may give up when a context ends: a whole statement in a function without results."""

    start: int
    end: int
    context: str
    """The context in scope there."""


@dataclass(frozen=True, slots=True)
class BlockedSend(Evidence):
    """A goroutine that waits for ever for somebody to receive."""

    buffer: Buffer | None = None
    send: LoneSend | None = None
    return_after: int | None = None
    """End of an earlier send behind which a ``return`` is missing."""


@dataclass(frozen=True, slots=True)
class MissingClose(Evidence):
    """A goroutine that ranges over a channel on which only the function that made it sends, and which nobody closes."""

    channel: str
    """The channel as the function that made it names it."""
    after: int
    """End of the statement that declares it: a deferred close fits behind it."""


class Pause(Enum):
    """What a loop without an exit waits for, and so where a context fits in."""

    SLEEP = "sleep"
    """A ``time.Sleep`` statement."""
    SELECT = "select"
    """A select without an arm that leaves."""
    RANGE = "range"
    """``for range t.C``."""


@dataclass(frozen=True, slots=True)
class EndlessLoop(Evidence):
    """A loop that no path leaves, in a goroutine where ``return`` is legal, with a context in scope."""

    pause: Pause
    start: int
    end: int
    """SLEEP: the statement. SELECT: the ``select`` statement. RANGE: the header, from ``for`` up to the ``{`` of the body."""
    subject: str
    """SLEEP: the duration. RANGE: the channel. SELECT: empty."""
    body: int
    """Offset of the ``{``: of the select, or of the body of the range loop."""
    context: str


@dataclass(frozen=True, slots=True)
class InnerBreak(Evidence):
    """A ``break`` that leaves only the select or switch around it."""

    start: int
    end: int
    loop_start: int
    """Where the loop statement starts that was meant."""
    label: str
    """A free name for a label in front of the loop; the label that it has already when ``labelled``."""
    labelled: bool
    may_return: bool
    """Whether nothing follows the loop and the function has no results: ``return`` does the same."""


@dataclass(frozen=True, slots=True)
class EmptyDefault(Evidence):
    """A clause ``default:`` that does nothing."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LateGroupAdd(Evidence):
    """``wg.Add(1)`` in the goroutine that it counts."""

    start: int
    end: int
    """The statement."""
    before: int
    """Where the ``go`` statement starts."""
    movable: bool
    """Whether the statement means the same in front of the ``go`` statement."""
    first: bool
    """Whether nothing happens in the goroutine before it."""


@dataclass(frozen=True, slots=True)
class SkippedGroupDone(Evidence):
    """``wg.Done()`` that some way out of the goroutine does not pass."""

    body: int
    """Offset of the ``{`` of the goroutine."""
    call: str
    dones: tuple[tuple[int, int], ...]
    """The statements that a deferred call makes superfluous."""
    certain: bool
    """Whether each of them is the last thing that the goroutine does."""


@dataclass(frozen=True, slots=True)
class EarlyGroupWait(Evidence):
    """``wg.Wait()`` at the end of each round of the loop that starts the goroutines."""

    start: int
    end: int
    """The statement."""
    behind: int
    """Where the loop ends."""
