"""Facts as columns: one for each field of a kind, rows in id order, values typed, rows made into facts only where asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from riskreg.inference.language.meaning import Candidate, Item
from riskreg.model.faults import Fault

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Name = tuple[str, str]
"""A kind of fact: (`signal` or `fact`, its name)."""
Typed = tuple[str, Any]

NO_TIME = np.iinfo(np.int64).min
"""The time of a standing fact, in microseconds since 1970."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
T = TypeVar("T")


def micros(at: datetime | None) -> int:
    """Microseconds since 1970 of an aware time; `NO_TIME` for none."""
    return int(NO_TIME) if at is None else (at - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime | None:
    """The inverse of `micros`."""
    return None if at == NO_TIME else _EPOCH + at * _MICROSECOND


def typed(value: Any) -> Typed:
    """A value that equals another only where rules say so: 10 is not "10", true is not 1, 5 equals 5.0."""
    return ("bool" if isinstance(value, bool) else "number" if isinstance(value, (int, float)) else type(value).__name__, value)


def ranked(values: NDArray[Any]) -> tuple[NDArray[Any], Rows]:
    """The different values, ascending, and for each value its place among them: what `np.unique` gives, which first imports
    a part of numpy that nothing else here needs."""
    order = np.argsort(values, kind="stable")
    ascending = values[order]
    new = np.ones(len(values), dtype=bool)
    new[1:] = ascending[1:] != ascending[:-1]
    places = np.empty(len(values), dtype=np.int64)
    places[order] = np.cumsum(new) - 1
    return ascending[new], places


Texts = tuple[Rows, Sequence[str]]
"""For each row the place of its text among some words, -1 where it has none; and the words."""


class Column:
    """One field of the facts of one kind. A row has a number, a text, true or false, a time, or nothing."""

    def __init__(
        self,
        present: Mask,
        *,
        numbers: NDArray[np.float64] | None = None,
        truths: NDArray[np.int8] | None = None,
        worded: Mask | None = None,
        texts: Callable[[], Texts] | None = None,
    ) -> None:
        self.present = present
        self.numbers = numbers
        """Not a number where there is none; None where no row has one."""
        self.truths = truths
        """1 true, 0 false, -1 neither; None where no row has one."""
        self.worded = worded
        """Where there is text; None where no row has any."""
        self._texts = texts

    @cached_property
    def texts(self) -> Texts:
        """The texts, numbered when they are first compared."""
        return self._texts() if self._texts else (np.full(len(self.present), -1, dtype=np.int64), ())

    @classmethod
    def of(cls, values: Sequence[Any]) -> Column:
        """From Python values, None where there is nothing."""
        words: dict[str, int] = {}
        numbers, texts, truths = [np.nan] * len(values), [-1] * len(values), [-1] * len(values)
        for row, value in enumerate(values):
            if isinstance(value, str):
                texts[row] = words.setdefault(value, len(words))
            elif isinstance(value, bool):
                truths[row] = int(value)
            elif isinstance(value, (int, float)):
                numbers[row] = float(value)
        codes = np.array(texts, dtype=np.int64)
        return cls(
            np.array([value is not None for value in values], dtype=bool),
            numbers=np.array(numbers),
            truths=np.array(truths, dtype=np.int8),
            worded=codes >= 0,
            texts=lambda: (codes, tuple(words)),
        )

    @cached_property
    def equal(self) -> tuple[Rows, dict[Typed, int]]:
        """A code for each row, the same for values that are equal, -1 for nothing or a time; and the code of each value."""
        codes, words = self.texts
        known: dict[Typed, int] = {("str", word): code for code, word in enumerate(words)}
        if self.truths is not None:
            codes = np.where(self.truths >= 0, self.truths + len(known), codes)
            known |= {("bool", False): len(known), ("bool", True): len(known) + 1}
        if self.numbers is not None:
            some = ~np.isnan(self.numbers)
            values, places = ranked(self.numbers[some])
            codes = codes.copy()
            codes[some] = places + len(known)
            known |= {("number", value): len(known) + code for code, value in enumerate(values.tolist())}
        return codes, known


class Source(Protocol):
    """Where the values of one kind stand."""

    def column(self, field: str) -> Column: ...

    def items(self, rows: Rows) -> list[Item]: ...


class _Told:
    """Facts that came one by one."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items

    def column(self, field: str) -> Column:
        return Column.of([one.fact.get(field) for one in self._items])

    def items(self, rows: Rows) -> list[Item]:
        return [self._items[row] for row in rows.tolist()]


class Kind:
    """The facts of one kind, in id order. What was worked out on them once is kept."""

    def __init__(self, at: Rows, source: Source) -> None:
        self.at = at
        """Microseconds since 1970; `NO_TIME` for a standing fact."""
        self._source = source
        self._columns: dict[str, Column] = {}
        self._made: dict[int, Candidate] = {}
        self._kept: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return len(self.at)

    def column(self, field: str) -> Column:
        if field not in self._columns:
            self._columns[field] = self._source.column(field)
        return self._columns[field]

    def candidates(self, rows: Rows) -> list[Candidate]:
        """The facts of these rows, each with its own moment."""
        wanted = rows.tolist()
        new = list(dict.fromkeys(row for row in wanted if row not in self._made))
        if new:
            for row, one in zip(new, self._source.items(np.array(new, dtype=np.int64)), strict=True):
                self._made[row] = Candidate(one, one.at, one.at)
        return [self._made[row] for row in wanted]

    def once(self, name: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made once for a name."""
        if name not in self._kept:
            self._kept[name] = make()
        kept: T = self._kept[name]
        return kept


@dataclass(frozen=True)
class Part:
    """Accepted facts that came together, in id order."""

    kinds: Mapping[Name, Kind]
    ids: Sequence[str]
    place: Callable[[int], Item]
    """Row → its fact."""
    content: Callable[[], str]
    """A text that is the same only for the same facts."""
    faults: tuple[Fault, ...] = ()

    def find(self, ident: str) -> int | None:
        """The row of an id."""
        row = bisect_left(self.ids, ident)
        return row if row < len(self.ids) and self.ids[row] == ident else None


def told(items: Sequence[Item], faults: tuple[Fault, ...] = ()) -> Part:
    """A part of items in id order."""
    groups: dict[Name, list[Item]] = {}
    for one in items:
        word = "signal" if "signal" in one.fact else "fact"
        groups.setdefault((word, one.fact[word]), []).append(one)
    kinds = {name: Kind(np.array([micros(one.at) for one in some], dtype=np.int64), _Told(some)) for name, some in groups.items()}
    return Part(
        kinds, [one.id for one in items], items.__getitem__, lambda: repr([sorted(one.fact.items()) for one in items]), faults
    )


class Words:
    """One number for each text that facts are joined on, the same in every kind of fact."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, kind: Kind, field: str) -> Rows:
        """For each fact of a kind the number of its text in a field; -1 where it has none."""
        return kind.once((self, field), lambda: self._read(kind, field))

    def _read(self, kind: Kind, field: str) -> Rows:
        codes, words = kind.column(field).texts
        table = [self._numbers.setdefault(word, len(self._numbers)) for word in words]
        return np.array([*table, -1], dtype=np.int64)[codes]
