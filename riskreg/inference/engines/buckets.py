"""Buckets of time: facts that lie within one window share one, and facts far apart do not, so that an equality keeps them apart.

A bucket is twice as long as the window, and each begins in the middle of the one before. So the moment at which a candidate begins
lies in two of them, and the candidates of one combination, which begin at most a window apart, have one in common: the later of
the two in which the first of them lies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import prod

from riskreg.inference.language.meaning import Candidate

WORTH = 4
"""Facts get buckets where, without them, they would make more than so many pairs each."""

Values = tuple[str, ...]


def in_buckets(
    takes: Mapping[int, Sequence[Candidate]], fields: Mapping[int, Sequence[str]], within: int | None
) -> dict[int, list[tuple[int, int]]]:
    """For each pattern with dated candidates: the place of each candidate in `takes`, once for each of its buckets. Empty where
    buckets (twice `within` long, in seconds) would not leave the engine less to do. `fields`: the join fields of each pattern.

    Buckets in which some pattern has nothing are left out. A standing candidate is in every bucket that its join values need.
    """
    dated = {number: some for number, some in takes.items() if any(one.start is not None for one in some)}
    if within is None or len(dated) < 2:
        return {}
    shared = sorted(set[str].intersection(*({*fields[number]} for number in dated)))
    keys = {number: [tuple(one.item.fact[name] for name in shared) for one in some] for number, some in dated.items()}
    crowds = [Counter(some) for some in keys.values()]
    pairs = sum(prod(crowd[key] for crowd in crowds) for key in crowds[0])
    if pairs <= WORTH * sum(crowd.total() for crowd in crowds):
        return {}
    touched = {number: [touches(one.start, max(within, 1)) for one in some] for number, some in dated.items()}
    needed = _needed([list(zip(keys[number], touched[number], strict=True)) for number in dated])
    found = {
        number: [
            (place, bucket)
            for place, (key, own) in enumerate(zip(keys[number], touched[number], strict=True))
            for bucket in (own or sorted(needed[key]))
            if bucket in needed[key]
        ]
        for number in dated
    }
    return found if sum(map(len, found.values())) < pairs else {}


def touches(moment: datetime | None, length: int) -> tuple[int, ...]:
    """The numbers of the two buckets that hold a moment; none for a standing fact."""
    if moment is None:
        return ()
    later = int(moment.timestamp() // length)
    return later - 1, later


def _needed(patterns: Sequence[Sequence[tuple[Values, tuple[int, ...]]]]) -> dict[Values, set[int]]:
    """By join values, the buckets in which every pattern has something to take."""
    by_key: list[dict[Values, set[int]]] = []
    standing: list[set[Values]] = []
    for some in patterns:
        mine: dict[Values, set[int]] = {}
        for key, own in some:
            mine.setdefault(key, set()).update(own)
        by_key.append(mine)
        standing.append({key for key, own in some if not own})
    needed = {}
    for key in {key for mine in by_key for key in mine}:
        here = [mine.get(key, set[int]()) for mine in by_key]
        bound = [buckets for buckets, free in zip(here, standing, strict=True) if key not in free]
        needed[key] = set.intersection(*bound) if bound else set.union(*here) or {0}
    return needed
