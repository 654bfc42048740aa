"""The report for programs: one JSON object, its form versioned."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from caulk.engine.analyze import AnalysisError
from caulk.reports.model import Item, Region, relative

VERSION = 1


def render(items: Iterable[Item], errors: Iterable[AnalysisError]) -> str:
    """The whole report. Lines and columns are 1-based, columns count characters (code points). It is pure ASCII, so that any
    name of a file and any encoding of the output will do."""
    report = {
        "version": VERSION,
        "findings": [_finding(item) for item in items],
        "errors": [
            {"path": relative(error.path) if error.path else "", "message": error.message, "internal": error.internal}
            for error in errors
        ],
    }
    return json.dumps(report, indent=2)


def _finding(item: Item) -> dict[str, Any]:
    finding = item.finding
    return {
        "rule": finding.code,
        "path": item.path,
        **_region(item.region),
        "severity": finding.severity.label,
        "tier": finding.tier.value,
        "confidence": finding.confidence.label,
        "message": finding.message,
        "related": [{"path": step.path, **_region(step.region), "message": step.message} for step in item.steps],
        "fixes": [{"title": fix.title, "applicability": fix.applicability} for fix in item.fixes],
        "fingerprint": item.fingerprint,
    }


def _region(region: Region) -> dict[str, int]:
    return {
        "line": region.line,
        "column": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    }
