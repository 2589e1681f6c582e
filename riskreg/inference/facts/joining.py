"""Candidates as arrays: which of them can take part in a combination at all, and how many combinations they would make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations as pairs

import numpy as np
from numpy.typing import NDArray

from riskreg.inference.facts.columns import NO_TIME, Kind, Mask, Rows, Words, micros, ranked
from riskreg.inference.language.meaning import MAX_COMBINATIONS, Branch, Candidate

_EARLIEST = micros(datetime(1, 1, 1, tzinfo=UTC))


class Taken:
    """What one pattern can take: rows of one or more tables, what they say of the fields that are joined on, and their times."""

    def __init__(self, parts: Sequence[tuple[Kind, Rows]], fields: frozenset[str], words: Words, place: Rows | None = None) -> None:
        self.parts, self.fields, self._words = tuple(parts), fields, words
        self.at = _together([kind.at[rows] for kind, rows in parts])
        self.place = np.arange(len(self.at)) if place is None else place
        """Where each stood before some were taken away."""
        self._codes: dict[str, Rows] = {}

    def __len__(self) -> int:
        return len(self.at)

    def codes(self, field: str) -> Rows:
        """The number of each fact's text in a field that all of them have."""
        if field not in self._codes:
            self._codes[field] = _together([self._words.of(kind, field)[rows] for kind, rows in self.parts])
        return self._codes[field]

    def keys(self, fields: Iterable[str] | None = None) -> dict[str, Rows]:
        """The numbers of all fields, or of some."""
        return {field: self.codes(field) for field in sorted(self.fields if fields is None else fields)}

    def where(self, some: Mask) -> Taken:
        """Only some of them."""
        if some.all():
            return self
        parts, start = [], 0
        for kind, rows in self.parts:
            parts.append((kind, rows[some[start : start + len(rows)]]))
            start += len(rows)
        return Taken(parts, self.fields, self._words, self.place[some])

    def repeated(self, places: Rows, ends: Rows) -> Taken:
        """One entry for each of some places, with a time of its own; only to be counted."""
        made = Taken((), self.fields, self._words, places)
        made.at, made._codes = ends, {field: codes[places] for field, codes in self.keys().items()}
        return made

    def candidates(self) -> list[Candidate]:
        """The facts, each with its own moment."""
        return [one for kind, rows in self.parts for one in kind.candidates(rows)]


def _together(arrays: Sequence[Rows]) -> Rows:
    return arrays[0] if len(arrays) == 1 else np.concatenate([np.array([], dtype=np.int64), *arrays])


def pruned(branch: Branch, taken: Mapping[int, Taken]) -> dict[int, Taken]:
    """The candidates of a branch without those whose join values no candidate of another pattern has. Empty where none is left."""
    left = {number: taken[number] for number in dict.fromkeys(branch.positive)}
    again = len(left) > 1
    while again:
        again = False
        for one, other in pairs(left, 2):
            shared = sorted(left[one].fields & left[other].fields)
            if not shared:
                continue
            mine, yours = shared_codes(left[one].keys(shared), left[other].keys(shared), shared)
            here, there = np.isin(mine, yours), np.isin(yours, mine)
            if not here.all() or not there.all():
                left[one], left[other] = left[one].where(here), left[other].where(there)
                if not len(left[one]) or not len(left[other]):
                    return {}
                again = len(left) > 2
    return left


def shared_codes(left: Mapping[str, Rows], right: Mapping[str, Rows], fields: Sequence[str]) -> tuple[Rows, Rows]:
    """One number for the values in some fields together, the same on both sides where all are the same."""
    mine, yours = left[fields[0]], right[fields[0]]
    for field in fields[1:]:
        codes = np.concatenate([mine, yours]), np.concatenate([left[field], right[field]])
        _, first = ranked(codes[0])
        _, number = ranked(first * (codes[1].max(initial=0) + 2) + codes[1] + 1)
        mine, yours = number[: len(mine)], number[len(mine) :]
    return mine, yours


def numbered(keys: Mapping[str, Rows], size: int) -> Rows:
    """One number for all values of a row together."""
    return shared_codes(keys, keys, sorted(keys))[0] if keys else np.zeros(size, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Counted:
    """Combinations on their way, as counts: one entry for each key so far, and the window that it lies in (-1: standing)."""

    keys: Mapping[str, Rows]
    window: Rows
    count: NDArray[np.float64]


def combinations(branches: Sequence[Branch], taken: Mapping[int, Taken], within: int | None) -> int:
    """How many combinations an engine would look at, partial ones included, without making one.

    `within` in seconds: facts are put together only within overlapping spans of twice that length, as durable_rules is given
    them. Counting stops above `MAX_COMBINATIONS`.
    """
    total = 0.0
    for branch in branches:
        if not all(len(taken[number]) for number in branch.positive):
            continue
        if _at_most(branch, taken, within) + total <= MAX_COMBINATIONS:
            total += _at_most(branch, taken, within)
            continue
        before: _Counted | None = None
        for number in branch.positive:
            entries = _entries(taken[number], within)
            if before is None:
                before = entries
                total += entries.count.sum()
            else:
                made, before = _joined(before, entries, MAX_COMBINATIONS - total)
                total += made
            if total > MAX_COMBINATIONS:
                return int(min(total, 1e18))
            if before is None:
                break
    return int(total)


def _at_most(branch: Branch, taken: Mapping[int, Taken], within: int | None) -> float:
    """An upper bound: as if everything went with everything."""
    total, product = 0.0, 1.0 if within is None else 2.0
    for number in branch.positive:
        product *= len(taken[number])
        total += product
    return total


def _entries(taken: Taken, within: int | None) -> _Counted:
    if within is None:
        return _summed(taken.keys(), np.full(len(taken), -1, dtype=np.int64), np.ones(len(taken)))
    # A span begins at each multiple of `within` and is twice as long, so a fact lies in two of them.
    again = taken.at != NO_TIME
    span = np.where(again, (taken.at - _EARLIEST) // max(within * 1_000_000, 1), -1)
    keys = {field: np.concatenate([codes, codes[again]]) for field, codes in taken.keys().items()}
    return _summed(keys, np.concatenate([span, span[again] + 1]), np.ones(len(taken) + int(again.sum())))


def _summed(keys: Mapping[str, Rows], window: Rows, count: NDArray[np.float64]) -> _Counted:
    code = numbered({**keys, "": window}, len(window))
    different, place = ranked(code)
    sums = np.bincount(place, weights=count, minlength=len(different)).astype(np.float64)
    first = np.empty(len(different), dtype=np.int64)
    first[place] = np.arange(len(code))
    return _Counted({field: codes[first] for field, codes in keys.items()}, window[first], sums)


def _joined(left: _Counted, right: _Counted, most: float) -> tuple[float, _Counted | None]:
    """How many combinations a further pattern makes; and they, counted, where there are any and at most `most`."""
    made, parts = 0.0, []
    for one, other in ((True, True), (True, False), (False, True), (False, False)):
        mine, yours = _side(left, standing=one), _side(right, standing=other)
        shared = sorted(mine.keys.keys() & yours.keys.keys())
        if not len(mine.count) or not len(yours.count):
            continue
        sides: tuple[dict[str, Rows], dict[str, Rows]] = ({f: mine.keys[f] for f in shared}, {f: yours.keys[f] for f in shared})
        if one == other:
            sides[0][""], sides[1][""] = mine.window, yours.window
        here, there = shared_codes(*sides, sorted(sides[0])) if sides[0] else (_zeros(mine), _zeros(yours))
        both, codes = ranked(np.concatenate([here, there]))
        here, there = codes[: len(here)], codes[len(here) :]
        made += float((mine.count * np.bincount(there, weights=yours.count, minlength=len(both))[here]).sum())
        if made > most:
            return made, None
        parts.append(_pairs(mine, yours, here, there))
    if not made:
        return made, None
    fields = left.keys.keys() | right.keys.keys()
    keys = {field: np.concatenate([part.keys[field] for part in parts]) for field in fields}
    return made, _summed(keys, np.concatenate([part.window for part in parts]), np.concatenate([part.count for part in parts]))


def _zeros(counted: _Counted) -> Rows:
    return np.zeros(len(counted.count), dtype=np.int64)


def _side(counted: _Counted, *, standing: bool) -> _Counted:
    some = (counted.window == -1) == standing
    return _Counted({field: codes[some] for field, codes in counted.keys.items()}, counted.window[some], counted.count[some])


def _pairs(left: _Counted, right: _Counted, mine: Rows, yours: Rows) -> _Counted:
    """The entries of an equality join."""
    order = np.argsort(yours, kind="stable")
    first, last = np.searchsorted(yours[order], mine, "left"), np.searchsorted(yours[order], mine, "right")
    many = last - first
    one = np.repeat(np.arange(len(mine)), many)
    within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    other = order[np.repeat(first, many) + within]
    keys = {
        **{field: codes[other] for field, codes in right.keys.items()},
        **{field: codes[one] for field, codes in left.keys.items()},
    }
    return _Counted(keys, np.maximum(left.window[one], right.window[other]), left.count[one] * right.count[other])
