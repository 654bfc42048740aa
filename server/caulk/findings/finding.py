"""What a rule reports: plain frozen data that pickles."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum

from caulk.findings.evidence import Evidence


class Severity(IntEnum):
    """Ordered: a higher one is worse."""

    HINT = 1
    INFORMATION = 2
    WARNING = 3
    ERROR = 4

    @property
    def label(self) -> str:
        return self.name.lower()


class Tier(Enum):
    """How sure a rule is: core = a provable path, extended = a policy or strong heuristic, experimental = off by default."""

    CORE = "core"
    EXTENDED = "extended"
    EXPERIMENTAL = "experimental"

    @property
    def severity(self) -> Severity:
        return {Tier.CORE: Severity.WARNING, Tier.EXTENDED: Severity.INFORMATION, Tier.EXPERIMENTAL: Severity.HINT}[
            self
        ]


class Confidence(IntEnum):
    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Bytes ``start`` to ``end`` (exclusive) of a file."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Related:
    """One step of the leaking path, in the order of the path. ``path`` is empty for the finding's own file."""

    span: Span
    message: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One leak. Spans are absolute byte offsets into the file ``path``."""

    code: str
    path: str
    span: Span
    message: str
    evidence: Evidence
    related: tuple[Related, ...] = ()
    tier: Tier = Tier.CORE
    severity: Severity = Severity.WARNING
    confidence: Confidence = Confidence.HIGH
    function: Span = field(default=Span(0, 0))
    """The top-level function that it lies in; empty for package-level findings."""
