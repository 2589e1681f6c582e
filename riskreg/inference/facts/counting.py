"""Counted patterns: the shortest stretches of time in which enough facts lie. `at_least: 3` within four weeks, at two sites.

A stretch runs from one fact to another (or the same). Per left end there is one nearest right end with enough between, and it never
moves back as the left end moves on; so one sweep finds all, and of the stretches that hold a fact the shortest are those from which
neither end can be moved in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from riskreg.inference.facts.columns import typed
from riskreg.inference.language.meaning import Candidate
from riskreg.model.rule import Pattern

Span = tuple[int, int]
"""First and last place in the different times of a group."""


def stretched(candidates: Sequence[Candidate], pattern: Pattern, within: int | None, most: int) -> list[Candidate] | None:
    """Facts that agree on the join fields → each with every one of its shortest stretches; those without company are left out.
    `within` in seconds: the longest stretch. None where there are more than `most`."""
    least, field = pattern.at_least or 1, pattern.different
    if field is not None:
        candidates = [one for one in candidates if one.item.fact.get(field) is not None]
    standing = [one for one in candidates if one.item.at is None]
    dated = sorted((one for one in candidates if one.item.at is not None), key=lambda one: (one.item.at, one.item.id))
    # What counts once is the fact itself, or its value in the field that must differ.
    always = {_worth(one, field) for one in standing}
    times = []
    worths: list[list[Hashable]] = []
    for at, together in groupby(dated, key=lambda one: one.item.at):
        times.append(at)
        worths.append([_worth(one, field) for one in together])
    ends = _ends(worths, always, least)
    reach = None if within is None else timedelta(seconds=within)

    def allowed(span: Span) -> bool:
        return reach is None or times[span[1]] - times[span[0]] <= reach

    found: list[Candidate] = []
    place = {at: number for number, at in enumerate(times)}
    for one in dated:
        for first, last in filter(allowed, _holding(ends, place[one.item.at])):
            found.append(Candidate(one.item, times[first], times[last]))
            if len(found) > most:
                return None
    if len(always) >= least:
        return found + [Candidate(one.item, None, None) for one in standing]
    spans = list(filter(allowed, _shortest(ends)))
    if len(found) + len(spans) * len(standing) > most:
        return None
    return found + [Candidate(one.item, times[first], times[last]) for one in standing for first, last in spans]


def _worth(one: Candidate, field: str | None) -> Hashable:
    return one.item.id if field is None else typed(one.item.fact[field])


def _ends(worths: Sequence[Sequence[Hashable]], always: set[Hashable], least: int) -> list[int]:
    """For each left end the first right end with at least so many different worths between, those of `always` included; shorter
    than `worths` where there is none any more. It never decreases."""
    inside: Counter[Hashable] = Counter()
    ends: list[int] = []
    right = -1
    for left in range(len(worths)):
        while right < left or len(inside) + len(always) < least:
            right += 1
            if right == len(worths):
                return ends
            inside.update(worth for worth in worths[right] if worth not in always)
        ends.append(right)
        for worth in worths[left]:
            if worth in inside:
                inside[worth] -= 1
                if not inside[worth]:
                    del inside[worth]
    return ends


def _holding(ends: Sequence[int], place: int) -> Iterator[Span]:
    """The shortest stretches that hold a place."""
    # Left ends up to the last from which enough lie at or before the place all end there; of those the last is shortest.
    first = max(bisect_right(ends, place, 0, min(place + 1, len(ends))) - 1, 0)
    for left in range(first, min(place + 1, len(ends))):
        end = max(ends[left], place)
        after = max(ends[left + 1], place) if left + 1 < len(ends) and left < place else None
        if after is None or after > end:
            yield left, end


def _shortest(ends: Sequence[int]) -> Iterator[Span]:
    """Every stretch within which there is no shorter one."""
    for left, end in enumerate(ends):
        if left + 1 == len(ends) or ends[left + 1] > end:
            yield left, end
