"""The report of a run: precision a rule, what is new and what is gone, and what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from benchmarks.precision.ledger import Found, Key, Tally, Verdict, tally, total
from benchmarks.precision.modules import Pin
from benchmarks.precision.run import Cost, Result

WANTED = {"core": 0.95, "extended": 0.80}
"""The precision that a rule needs to stay in its tier."""
HEADER = (
    f"{'rule':32}{'tier':10}{'found':>7}{'judged':>8}{'true':>6}{'false':>7}{'precision':>11}{'lost':>6}{'mended':>8}"
)


def render(
    results: Mapping[Pin, Result],
    verdicts: Mapping[Key, Verdict],
    before: Mapping[Pin, Result | None],
    *,
    listed: bool = False,
) -> Iterator[str]:
    """The lines of the report. ``before``: what an earlier caulk said of the modules, None where nothing is remembered."""
    for held_out in (False, True):
        part = {pin: result for pin, result in results.items() if pin.held_out == held_out}
        if part:
            paths = {pin.path for pin in part}
            known = {key: verdict for key, verdict in verdicts.items() if key.module in paths}
            tallies = tally((found for result in part.values() for found in result.found), known)
            yield f"\n{'Held-out modules' if held_out else 'Modules'}: {len(part)}"
            yield from _precision(tallies)
    yield from _changes(results, verdicts, before, listed=listed)
    yield from _costs(results)
    for pin, result in results.items():
        yield from (f"internal error: {pin.query}: {error}" for error in result.errors)


def _precision(tallies: Mapping[tuple[str, str], Tally]) -> Iterator[str]:
    yield HEADER
    for (code, tier), counts in tallies.items():
        yield _row(code, tier, counts)
    for tier in sorted({tier for _, tier in tallies if tier in WANTED}):
        yield _row("all", tier, total(counts for (_, its), counts in tallies.items() if its == tier))
    low = [code for (code, tier), counts in tallies.items() if _is_low(tier, counts)]
    if low:
        yield f"below what their tier wants: {', '.join(low)}"


def _is_low(tier: str, counts: Tally) -> bool:
    return counts.precision is not None and counts.precision < WANTED.get(tier, 0)


def _row(code: str, tier: str, counts: Tally) -> str:
    precision = "-" if counts.precision is None else f"{counts.precision:.1%}"
    found = counts.judged + len(counts.unjudged)
    return (
        f"{code:32}{tier:10}{found:7}{counts.judged:8}{len(counts.right):6}{len(counts.wrong):7}{precision:>11}"
        f"{len(counts.lost):6}{len(counts.mended):8}{'  <' if _is_low(tier, counts) else ''}"
    )


def _changes(
    results: Mapping[Pin, Result],
    verdicts: Mapping[Key, Verdict],
    before: Mapping[Pin, Result | None],
    *,
    listed: bool,
) -> Iterator[str]:
    """Unjudged findings that an earlier caulk did not have (or all), and leaks that are no longer found."""
    for pin, result in results.items():
        earlier = before[pin]
        known = frozenset(found.key for found in earlier.found) if earlier is not None else None
        unjudged = [found for found in result.found if found.key not in verdicts]
        new = unjudged if listed else [one for one in unjudged if known is not None and one.key not in known]
        yield from (f"{'unjudged' if listed else 'new'}: {_place(pin, found)}" for found in new)
        present = {found.key for found in result.found}
        for key, verdict in verdicts.items():
            if key.module == pin.path and verdict.right and key not in present:
                yield f"lost: {key.short} {key.code} {pin.query}/{key.path} in {key.function}: {key.text}"


def _place(pin: Pin, found: Found) -> str:
    return f"{found.key.short} {found.key.code} {pin.query}/{found.key.path}:{found.line}: {found.message}"


def _costs(results: Mapping[Pin, Result]) -> Iterator[str]:
    yield f"\n{'cost of a cold run':50}{'lines':>10}{'wall s':>9}{'lines/s':>9}{'CPU s':>8}{'/ parse':>9}{'peak MiB':>10}"
    for pin, result in results.items():
        yield _cost(pin.query, result.cost)
    if results:
        yield _cost("all", _sum(result.cost for result in results.values()))


def _sum(costs: Iterable[Cost]) -> Cost:
    each = list(costs)
    return Cost(
        sum(cost.lines for cost in each),
        sum(cost.wall for cost in each),
        sum(cost.cpu for cost in each),
        sum(cost.parse_cpu for cost in each),
        max(cost.peak for cost in each),
    )


def _cost(name: str, cost: Cost) -> str:
    speed, ratio = cost.lines / max(cost.wall, 1e-9), cost.cpu / max(cost.parse_cpu, 1e-9)
    return (
        f"{name[:49]:50}{cost.lines:10,}{cost.wall:9.1f}{speed:9,.0f}{cost.cpu:8.1f}{ratio:9.2f}{cost.peak >> 20:10,}"
    )
