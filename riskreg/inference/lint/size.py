"""How many combinations of facts a rule may have to look at, estimated before any fact is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from riskreg.inference.lint.pack import Outline, Pack
from riskreg.inference.lint.registry import Told, each
from riskreg.inference.lint.timing import DAY, PERIODS
from riskreg.inference.lint.wheres import pattern_values
from riskreg.inference.meaning import MAX_COMBINATIONS
from riskreg.model.metric import ForecastMiss, Metric

HISTORY = 104 * 7 * DAY
"""Seconds of past that are counted with: two years."""
SHARE = 4
"""One period in so many is taken to give a signal: far more than well set detectors give."""


@each("rule-may-explode", "By the size of the workspace the rule may have to look at more combinations than the limit.")
def may_explode(outline: Outline, pack: Pack) -> Iterator[Told]:
    counts, metrics = pack.known.counts, pack.known.metrics
    if counts is None or metrics is None:
        return
    for branch in outline.branches:
        facts = {number: _facts(outline, number, pack, counts, metrics) for number in branch.positive}
        total = float(prod(facts.values()))
        for name in outline.rule.join:
            carriers = sum(name in outline.carries[number] for number in branch.positive)
            total /= counts.get(name, 1) ** max(0, carriers - 1)
        window = outline.rule.within
        dated = sum(outline.patterns[number].signal is not None for number in branch.positive)
        if window is not None and dated > 1:
            total *= min(1.0, 2 * window / HISTORY) ** (dated - 1)
        if total > MAX_COMBINATIONS:
            parts = " × ".join(f"{facts[number]:,} {outline.patterns[number].kind}" for number in branch.positive)
            message = (
                f"it may have to look at about {_round(total):,} combinations ({parts}, less what join and within keep apart), and "
                f"{MAX_COMBINATIONS:,} are possible; counted as if one period in {SHARE} of two years gave a signal in every series"
            )
            yield Told(("when",), message, "Join on more fields, shorten within, or narrow the conditions.", "join: [site]")
            return


def _facts(outline: Outline, number: int, pack: Pack, counts: Mapping[str, int], metrics: Mapping[str, Metric]) -> int:
    """Facts of a pattern in the whole workspace, where every series gives a signal in one period of `SHARE`."""
    pattern = outline.patterns[number]
    values = pattern_values(outline, number, pack)
    sites, functions, vendors = (max(1, counts.get(name, 1)) for name in ("site", "function", "vendor"))
    if pattern.signal is None:
        all_of = {"site": sites, "served": counts.get("served", sites * functions), "contract": vendors, "cover": sites * functions}
        found = all_of.get(pattern.kind, max(sites, functions))
    else:
        among = values("metric").among
        watched = [
            (metric.detector.period if isinstance(metric.detector, ForecastMiss) else metric.grain)
            for metric in metrics.values()
            if metric.detector and metric.detector.kind == pattern.signal and (among is None or ("text", metric.id) in among)
        ]
        found = sum(max(sites, functions) * HISTORY // PERIODS.get(grain, PERIODS["week"]) // SHARE for grain in watched)
    for name in ("site", "function", "vendor"):
        listed = values(name).among
        if listed is not None:
            found = found * min(len(listed), counts.get(name, 1)) // max(1, counts.get(name, 1))
    return max(1, found)


def _round(total: float) -> int:
    digits = len(str(int(total))) - 2
    size = int(10**digits)
    return round(total / size) * size
