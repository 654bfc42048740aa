"""Evidence of the rules about databases and caches."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.findings.evidence import Evidence


@dataclass(frozen=True, slots=True)
class UncheckedRows(Evidence):
    """A loop over rows behind which nobody asks whether it ended early."""

    rows: str
    loop_end: int
    returned: str
    """The operands of the return that hands the error on (``nil, err``)."""


@dataclass(frozen=True, slots=True)
class QueryForExec(Evidence):
    """A query whose statement gives no rows."""

    method: tuple[int, int]
    """The name of the called method."""
    replacement: str
    """``Exec`` or ``ExecContext``."""
    rows: tuple[int, int] | None = None
    """The variable of the rows, to become ``_`` (which it may be already); None for a statement on its own."""
    assign: tuple[int, int] | None = None
    """The ``:=`` that must become ``=``, because it would declare nothing any more."""
    closes: tuple[tuple[int, int], ...] = ()
    """The statements that close the rows: they go."""


@dataclass(frozen=True, slots=True)
class UnmonitoredPool(Evidence):
    """A database handle whose numbers nobody exports."""

    name: str
    """The variable that holds it, empty when it has none."""
    after: int
    """Offset of the end of the statement behind which it can be registered; -1 for nowhere."""
    block_start: bool = False
    """Whether ``after`` is the brace that opens a block instead."""
    label: str = "db"
    """What the metrics call it."""
