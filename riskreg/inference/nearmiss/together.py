"""When patterns hold together: for each moment at which a combination could fire, the tightest combination that ends there."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from riskreg.inference.language.meaning import Candidate


@dataclass(frozen=True, slots=True)
class Slot:
    """What one pattern can take. Patterns that are not counted (`alone`) take different facts from one another."""

    candidates: tuple[Candidate, ...]
    alone: bool


@dataclass(frozen=True, slots=True)
class Together:
    """A combination: when it fires (None: standing facts alone), how many seconds it spans, and what each slot takes."""

    at: datetime | None
    seconds: float
    taken: tuple[Candidate, ...]


def together(slots: Sequence[Slot]) -> tuple[Together, ...]:
    """The tightest combination for each moment, oldest first, one of standing facts alone last; join fields and windows are for
    the caller. Work grows with the candidates, not with their combinations."""
    places = [[_Entry(_rank(one), n, one) for n, one in enumerate(slot.candidates)] for slot in slots]
    dated = sorted(
        (
            (one.end, number, entry)
            for number, entries in enumerate(places)
            for entry in entries
            if (one := entry.one).end is not None
        ),
        key=lambda found: (found[0], found[1], found[2][:2]),
    )
    many = sum(slot.alone for slot in slots)
    # Of an alone slot each other one may take a fact away, so that so many of its latest candidates can matter.
    room = [many if slot.alone else 1 for slot in slots]
    tops = [sorted(entry for entry in entries if entry.one.end is None)[:most] for entries, most in zip(places, room, strict=True)]
    standing = _best(slots, tops, None)
    found = []
    for end, ending in groupby(dated, key=lambda entry: entry[0]):
        assert end is not None
        group = list(ending)
        for _, number, entry in group:
            insort(tops[number], entry)
            del tops[number][room[number] :]
        combined = [taken for _, number, entry in group if (taken := _best(slots, tops, (number, entry)))]
        if combined:
            best = tuple(entry.one for entry in min(combined, key=lambda taken: max(entry.rank[0] for entry in taken)))
            start = min(one.start for one in best if one.start)
            found.append(Together(end, (end - start).total_seconds(), best))
    return (*found, *([Together(None, 0.0, tuple(entry.one for entry in standing))] if standing else []))


class _Entry(NamedTuple):
    """A candidate with its rank: standing facts first, then the latest start. No two of one slot are equal."""

    rank: tuple[float, str]
    number: int
    one: Candidate


def _rank(one: Candidate) -> tuple[float, str]:
    return (-one.start.timestamp() if one.start else float("-inf"), one.item.id)


def _best(slots: Sequence[Slot], tops: Sequence[Sequence[_Entry]], forced: tuple[int, _Entry] | None) -> tuple[_Entry, ...] | None:
    """The combination whose earliest start is as late as can be, with one slot's candidate given; None where there is none."""
    options: list[Sequence[_Entry]] = [[forced[1]] if forced and number == forced[0] else top for number, top in enumerate(tops)]
    if not all(options):
        return None
    first = tuple(top[0] for top in options)
    alone = [entry.rank[1] for entry, slot in zip(first, slots, strict=True) if slot.alone]
    if len(alone) == len(set(alone)):
        return first
    # Two slots want the same fact: the latest bound on starts under which every slot finds a fact of its own.
    for bound in sorted({entry.rank[0] for top in options for entry in top}):
        if taken := _matched(slots, [[entry for entry in top if entry.rank[0] <= bound] for top in options]):
            return taken
    return None


def _matched(slots: Sequence[Slot], options: Sequence[Sequence[_Entry]]) -> tuple[_Entry, ...] | None:
    """A fact of its own for every slot that wants one: augmenting paths through who holds which fact."""
    if not all(options):
        return None
    holder: dict[str, int] = {}
    taken: dict[int, _Entry] = {n: top[0] for n, (slot, top) in enumerate(zip(slots, options, strict=True)) if not slot.alone}

    def place(number: int, tried: set[str]) -> bool:
        for one in options[number]:
            ident = one.rank[1]
            if ident in tried:
                continue
            tried.add(ident)
            if ident not in holder or place(holder[ident], tried):
                holder[ident], taken[number] = number, one
                return True
        return False

    if not all(place(number, set()) for number, slot in enumerate(slots) if slot.alone):
        return None
    return tuple(taken[number] for number in range(len(slots)))


def episodes(moments: Sequence[datetime], keep_open_for: int | None) -> Iterator[list[datetime]]:
    """Moments, oldest first, in episodes: a new one begins where more than `keep_open_for` seconds passed."""
    episode: list[datetime] = []
    for at in moments:
        if episode and keep_open_for is not None and (at - episode[-1]).total_seconds() > keep_open_for:
            yield episode
            episode = []
        episode.append(at)
    if episode:
        yield episode
