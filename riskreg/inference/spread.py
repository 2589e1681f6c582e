"""When patterns hold together: for each moment at which a combination could fire, the tightest combination that ends there."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from riskreg.inference.meaning import Candidate


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
    dated = sorted(
        ((one.end, number, one) for number, slot in enumerate(slots) for one in slot.candidates if one.end is not None),
        key=lambda entry: (entry[0], entry[1], entry[2].item.id),
    )
    many = sum(slot.alone for slot in slots)
    tops = [sorted((one for one in slot.candidates if one.end is None), key=_latest)[: _room(slot, many)] for slot in slots]
    standing = _best(slots, tops, None)
    found = []
    for end, ending in groupby(dated, key=lambda entry: entry[0]):
        assert end is not None
        group = list(ending)
        for _, number, one in group:
            insort(tops[number], one, key=_latest)
            del tops[number][_room(slots[number], many) :]
        combined = [taken for _, number, one in group if (taken := _best(slots, tops, (number, one)))]
        if combined:
            best = max(combined, key=_start)
            start = min(one.start for one in best if one.start)
            found.append(Together(end, (end - start).total_seconds(), best))
    return (*found, *([Together(None, 0.0, standing)] if standing else []))


def _room(slot: Slot, many: int) -> int:
    """How many of the latest candidates can matter: each other slot that wants a fact of its own may take one away."""
    return many if slot.alone else 1


def _latest(one: Candidate) -> tuple[float, str]:
    """Standing facts first, then the latest start."""
    return (-one.start.timestamp() if one.start else float("-inf"), one.item.id)


def _start(taken: Sequence[Candidate]) -> float:
    return min((one.start.timestamp() for one in taken if one.start), default=float("inf"))


def _best(
    slots: Sequence[Slot], tops: Sequence[Sequence[Candidate]], forced: tuple[int, Candidate] | None
) -> tuple[Candidate, ...] | None:
    """The combination whose earliest start is as late as can be, with one slot's candidate given; None where there is none."""
    options: list[Sequence[Candidate]] = [[forced[1]] if forced and number == forced[0] else top for number, top in enumerate(tops)]
    if not all(options):
        return None
    first = tuple(top[0] for top in options)
    alone = [one.item.id for one, slot in zip(first, slots, strict=True) if slot.alone]
    if len(alone) == len(set(alone)):
        return first
    # Two slots want the same fact: the latest bound on starts under which every slot finds a fact of its own.
    for bound in sorted({_latest(one)[0] for top in options for one in top}):
        if taken := _matched(slots, [[one for one in top if _latest(one)[0] <= bound] for top in options]):
            return taken
    return None


def _matched(slots: Sequence[Slot], options: Sequence[Sequence[Candidate]]) -> tuple[Candidate, ...] | None:
    """A fact of its own for every slot that wants one: augmenting paths through who holds which fact."""
    if not all(options):
        return None
    holder: dict[str, int] = {}
    taken: dict[int, Candidate] = {n: top[0] for n, (slot, top) in enumerate(zip(slots, options, strict=True)) if not slot.alone}

    def place(number: int, tried: set[str]) -> bool:
        for one in options[number]:
            ident = one.item.id
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
