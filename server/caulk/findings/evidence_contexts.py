"""Evidence of contexts that are used wrongly."""

from __future__ import annotations

from dataclasses import dataclass

from caulk.findings.evidence import Evidence


@dataclass(frozen=True, slots=True)
class GrowingContext(Evidence):
    """``ctx = context.WithValue(ctx, …)`` where a variable of its own in that place would do."""

    name_end: int
    value_start: int
    """The operator stands between them."""


@dataclass(frozen=True, slots=True)
class UnrelatedContext(Evidence):
    """``context.Background()`` where the context of the request is at hand."""

    start: int
    end: int
    replacement: str
    """``ctx``, ``r.Context()``; in a goroutine that outlives the request ``context.WithoutCancel(ctx)``."""
    detached: bool = False
    """Whether that is so, which needs Go 1.21."""


@dataclass(frozen=True, slots=True)
class OutlivingContext(Evidence):
    """A request's context in a goroutine that goes on when the request has ended."""

    context: str
    """The context as written: ``ctx``, ``r.Context()``."""
    name: str
    """What it is to be called in the goroutine."""
    cancel: str
    """A free name for its cancel function."""
    body: int | None
    """Offset of the ``{`` of the goroutine's literal; None for ``go f(ctx)``."""
    uses: tuple[tuple[int, int], ...]
    """Where it is written and not called ``name`` yet; for ``go f(ctx)`` the argument."""
