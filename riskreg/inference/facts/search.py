"""Which facts meet what many patterns ask, looked up together: ten thousand limits on one column cost one sort of it.

Questions of one kind are grouped by the fields that they ask to be equal (at most two) and the one field that they put in order.
For a group, rows have one sorted key, and each question is one or a few ranges of it; what a range does not say is asked of its
rows alone. A group with few questions looks at the rows that any of them could want, and sorts only those.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskreg.inference.facts.asks import Ask, Atom, Thresholds, mask
from riskreg.inference.facts.columns import Kind, Mask, Name, Rows, Typed, ranked
from riskreg.model.rule import ORDER, Named

MAX_WAYS = 64
"""Ranges of one question; an `in` of more values is asked row by row."""
MAX_EQUAL = 2
"""Fields of which the values are one key."""

_Interval = tuple[float, bool, float, bool]
"""Lower limit, whether it is left out, upper limit, whether it is left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Questions that look at the same fields of one kind, as arrays with one entry for each range."""

    equal: tuple[str, ...]
    order: str | None
    asks: Rows
    """Number of the question."""
    values: tuple[tuple[Typed, ...], ...]
    """For each of `equal`: the values that are asked for."""
    wanted: tuple[Rows, ...]
    """For each of `equal`: places in `values`."""
    low: NDArray[np.float64]
    low_open: Mask
    high: NDArray[np.float64]
    high_open: Mask


@dataclass(frozen=True, slots=True)
class Ranges:
    """What a group found among the facts of its kind: rows in key order, and for each question its ranges of them."""

    rows: Rows
    first: Rows
    last: Rows
    asks: Rows
    """Number of the question of each range that is not empty, ascending."""


class Index:
    """All questions of a pack, numbered in order and each once."""

    def __init__(self) -> None:
        self._numbers: dict[Ask, int] = {}
        self.asks: list[Ask] = []
        self.rests: list[tuple[Atom, ...]] = []
        """For each question what its ranges do not say."""
        self.groups: dict[Name, tuple[Group, ...]] = {}

    def add(self, ask: Ask) -> int:
        """The number of a question."""
        number = self._numbers.setdefault(ask, len(self.asks))
        if number == len(self.asks):
            self.asks.append(ask)
        return number

    def close(self) -> None:
        """Groups the questions; none can be added afterwards."""
        self.rests = [()] * len(self.asks)
        of_kind: dict[Name, list[int]] = {}
        for number, ask in enumerate(self.asks):
            of_kind.setdefault(ask.kind, []).append(number)
        self.groups = {kind: self._grouped(numbers) for kind, numbers in of_kind.items()}

    def _grouped(self, numbers: Sequence[int]) -> tuple[Group, ...]:
        """The fields with the most different values asked for tell facts apart best."""
        equal: dict[str, set[Any]] = {}
        order: dict[str, set[Any]] = {}
        for number in numbers:
            for atom in self.asks[number].atoms:
                if _is_equal(atom):
                    equal.setdefault(atom.field, set()).update(_options(atom))
                elif _is_order(atom):
                    order.setdefault(atom.field, set()).add(atom.limit)
        ranked_equal = sorted(equal, key=lambda field: (-len(equal[field]), field))
        ranked_order = sorted(order, key=lambda field: (-len(order[field]), field))
        groups: dict[tuple[tuple[str, ...], str | None], list[tuple[int, tuple[Typed, ...], _Interval]]] = {}
        for number in numbers:
            ask = self.asks[number]
            options: dict[str, frozenset[Typed]] = {}
            for atom in ask.atoms:
                if _is_equal(atom):
                    options[atom.field] = options.get(atom.field, _options(atom)) & _options(atom)
            fields: list[str] = []
            ways = 1
            for field in ranked_equal:
                if field in options and len(fields) < MAX_EQUAL and ways * len(options[field]) <= MAX_WAYS:
                    fields.append(field)
                    ways *= len(options[field])
            fields.sort()
            ordered = {atom.field for atom in ask.atoms if _is_order(atom)}
            field_in_order = next((field for field in ranked_order if field in ordered), None)
            interval = _interval(atom for atom in ask.atoms if _is_order(atom) and atom.field == field_in_order)
            self.rests[number] = tuple(
                sorted(
                    (
                        a
                        for a in ask.atoms
                        if not (_is_equal(a) and a.field in fields) and not (_is_order(a) and a.field == field_in_order)
                    ),
                    key=lambda a: (a.field, a.operator),
                )
            )
            into = groups.setdefault((tuple(fields), field_in_order), [])
            into.extend((number, way, interval) for way in product(*(sorted(options[field], key=repr) for field in fields)))
        return tuple(_group(equal, order, entries) for (equal, order), entries in groups.items() if entries)


def _group(equal: tuple[str, ...], order: str | None, entries: Sequence[tuple[int, tuple[Typed, ...], _Interval]]) -> Group:
    values: list[dict[Typed, int]] = [{} for _ in equal]
    wanted = [
        np.array([known.setdefault(way[place], len(known)) for _, way, _ in entries], dtype=np.int64)
        for place, known in enumerate(values)
    ]
    low, low_open, high, high_open = zip(*(interval for _, _, interval in entries), strict=True)
    return Group(
        equal, order, np.array([number for number, _, _ in entries], dtype=np.int64), tuple(map(tuple, values)), tuple(wanted),
        np.array(low), np.array(low_open), np.array(high), np.array(high_open),
    )  # fmt: skip


def _is_equal(atom: Atom) -> bool:
    return atom.operator in ("eq", "among")


def _options(atom: Atom) -> frozenset[Typed]:
    return atom.limit if atom.operator == "among" else frozenset((atom.limit,))


def _is_order(atom: Atom) -> bool:
    return atom.operator in ORDER and not isinstance(atom.limit, Named)


def _interval(atoms: Iterable[Atom]) -> _Interval:
    """All order operators of one field as one interval."""
    low, low_open, high, high_open = -np.inf, False, np.inf, False
    for atom in atoms:
        if atom.operator in ("gt", "gte"):
            low, low_open = max((low, low_open), (atom.limit, atom.operator == "gt"))
        else:
            high, closed = min((high, not high_open), (atom.limit, atom.operator == "lte"))
            high_open = not closed
    return float(low), low_open, float(high), high_open


def search(kind: Kind, group: Group) -> Ranges:
    """The ranges of a group among the facts of a kind; worked out once for both."""
    return kind.once(group, lambda: _search(kind, group))


def _search(kind: Kind, group: Group) -> Ranges:
    rows = np.arange(len(kind), dtype=np.int64)
    codes: list[Rows] = []
    sizes: list[int] = []
    alive = np.ones(len(group.asks), dtype=bool)
    keep = np.ones(len(kind), dtype=bool)
    for field, values, wanted in zip(group.equal, group.values, group.wanted, strict=True):
        # Rows and questions meet in the code of their value among the values that are asked for.
        of_row, known = kind.column(field).equal
        place_of = np.full(len(known) + 1, -1, dtype=np.int64)
        for place, value in enumerate(values):
            if value in known:
                place_of[known[value]] = place
        asked_for = np.zeros(len(values) + 1, dtype=bool)
        asked_for[place_of[place_of >= 0]] = True
        alive &= asked_for[wanted]
        row_code = place_of[of_row]
        keep &= row_code >= 0
        codes.append(row_code)
        sizes.append(len(values))
    if not alive.any():
        return _NOTHING
    numbers: NDArray[np.float64] | None = None
    if group.order is not None:
        numbers = kind.column(group.order).numbers
        if numbers is None:
            return _NOTHING
        # A limit that is left out is checked again by its range; here it only keeps the sort short.
        keep &= (numbers >= group.low[alive].min()) & (numbers <= group.high[alive].max())
    if not keep.all():
        rows = rows[keep]
    key = np.zeros(len(rows), dtype=np.int64)
    asked_key = np.zeros(len(group.asks), dtype=np.int64)
    for code, size, wanted in zip(codes, sizes, group.wanted, strict=True):
        key, asked_key = key * size + code[rows], asked_key * size + wanted
    if numbers is None:
        first_key, last_key = asked_key, asked_key + 1
    else:
        steps, rank = ranked(numbers[rows])
        low = np.where(group.low_open, np.searchsorted(steps, group.low, "right"), np.searchsorted(steps, group.low, "left"))
        high = np.where(group.high_open, np.searchsorted(steps, group.high, "left"), np.searchsorted(steps, group.high, "right"))
        width = len(steps) + 1
        key = key * width + rank
        first_key, last_key = asked_key * width + low, asked_key * width + np.maximum(low, high)
    order = np.argsort(key, kind="stable") if group.equal or group.order else np.arange(len(key))
    key = key[order]
    first, last = np.searchsorted(key, first_key, "left"), np.searchsorted(key, last_key, "left")
    some = np.flatnonzero(alive & (last > first))
    some = some[np.argsort(group.asks[some], kind="stable")]
    return Ranges(rows[order], first[some], last[some], group.asks[some])


_EMPTY = np.array([], dtype=np.int64)
_NOTHING = Ranges(_EMPTY, _EMPTY, _EMPTY, _EMPTY)


class Search:
    """One index over the facts of some kinds: which questions may have an answer, and the rows of each that is looked at."""

    def __init__(self, index: Index, thresholds: Thresholds, as_of: int) -> None:
        self._index, self._thresholds, self._as_of = index, thresholds, as_of
        self.alive = np.zeros(len(index.asks) + 1, dtype=bool)
        """For each question whether any fact may meet it; the last stands for no question."""
        self._found: dict[int, list[tuple[Kind, Ranges, int, int]]] = {}
        self._rows: dict[int, tuple[tuple[Kind, Rows], ...]] = {}

    def look(self, name: Name, kinds: Sequence[Kind]) -> None:
        """All questions of one kind, over its tables."""
        for kind in kinds:
            for group in self._index.groups.get(name, ()):
                ranges = search(kind, group)
                self.alive[ranges.asks] = True
                starts = np.flatnonzero(np.diff(ranges.asks, prepend=-1))
                for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), len(ranges.asks)], strict=False):
                    self._found.setdefault(int(ranges.asks[start]), []).append((kind, ranges, start, stop))

    def rows(self, number: int) -> tuple[tuple[Kind, Rows], ...]:
        """The rows that meet a question, ascending, in each table that has any."""
        if number not in self._rows:
            parts = []
            for kind, ranges, start, stop in self._found.get(number, ()):
                rows = self._meeting(number, kind, ranges, start, stop)
                rows = rows[kind.at[rows] <= self._as_of]
                if len(rows):
                    parts.append((kind, rows))
            self._rows[number] = tuple(parts)
        return self._rows[number]

    def _meeting(self, number: int, kind: Kind, ranges: Ranges, start: int, stop: int) -> Rows:
        ask = self._index.asks[number]
        if ask.named:
            return self._filtered(number, kind, ranges, start, stop)
        return kind.once(ask, lambda: self._filtered(number, kind, ranges, start, stop))

    def _filtered(self, number: int, kind: Kind, ranges: Ranges, start: int, stop: int) -> Rows:
        spans = [ranges.rows[first:last] for first, last in zip(ranges.first[start:stop], ranges.last[start:stop], strict=True)]
        rows = np.sort(np.concatenate(spans) if len(spans) > 1 else spans[0])
        for field in sorted(self._index.asks[number].texts):
            worded = kind.column(field).worded
            rows = rows[worded[rows]] if worded is not None else _EMPTY
        return narrowed(kind, rows, self._index.rests[number], self._thresholds)


def narrowed(kind: Kind, rows: Rows, atoms: Iterable[Atom], thresholds: Thresholds) -> Rows:
    """The rows among some that meet every atom."""
    for atom in atoms:
        if not len(rows):
            break
        rows = rows[mask(kind, atom, rows, thresholds)]
    return rows
