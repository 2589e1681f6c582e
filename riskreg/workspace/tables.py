"""Readings files of every format as tables: batches of columns, and the place of every cell as a person sees it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from riskreg.model.faults import Fault, Span
from riskreg.workspace.sources import Source

ROW = "\x00row"
"""The column of a batch that holds row numbers; no heading can have this name."""
LISTED = 100
"""Faults of one readings file that are listed; the rest is counted."""
ALIKE = 5
"""Faults of one readings file that say the same of the same value and are listed; how many more there are is one line."""


@dataclass(slots=True)
class Tally:
    """The faults of one readings file: the first hundred, five of those that say the same, and how many more."""

    faults: list[Fault] = field(default_factory=list)
    more: int = 0
    """Faults that are neither listed nor in a line that counts those alike."""
    early: dict[str, tuple[int, Span]] = field(default_factory=dict)
    """Metric → readings that are not at the start of their period, and the place of the first."""
    _alike: dict[tuple[str, str], int] = field(default_factory=dict)
    """Code and message of what is listed → how many there are in all."""

    def add(self, *faults: Fault, uncounted: int = 0) -> None:
        """Keeps what there is room for; `uncounted` are faults that nobody has made values of."""
        for item in faults:
            self._add(item)
        self.more += uncounted

    def _add(self, item: Fault) -> None:
        alike = self._alike.get((item.code, item.message), 0)
        if alike < ALIKE and len(self.faults) < LISTED:
            self.faults.append(item)
            self._alike[item.code, item.message] = alike + 1
        else:
            self.count(item, 1)

    def count(self, item: Fault, times: int) -> None:
        """So many more that say the same as `item`, in other rows."""
        key = (item.code, item.message)
        if key in self._alike:
            self._alike[key] += times
        else:
            self.more += times

    def told(self) -> list[Fault]:
        """What is listed; behind the last of those alike, how many more rows there are of them."""
        listed: dict[tuple[str, str], list[Fault]] = {}
        for item in self.faults:
            listed.setdefault((item.code, item.message), []).append(item)
        rest = []
        for key, alike in listed.items():
            if (times := self._alike[key] - len(alike)) > 0:
                message = f"… and {times:,} more {'row' if times == 1 else 'rows'} of this file with the same: {alike[-1].message}"
                rest.append(alike[-1].model_copy(update={"message": message}))
        return [*self.faults, *rest]


@dataclass(slots=True)
class Table:
    """One table of a readings file. A batch has a text column (or a typed one) for each heading, and ROW."""

    source: Source
    headings: tuple[str, ...]
    batches: Iterable[pl.DataFrame]
    sheet: str = ""
    header_row: int = 1

    def span(self, row: int, column: int) -> Span:
        """Row and column (from 1) as a place: `x.csv:17:3` (the third field of line 17), `x.xlsx:Sheet!C17`."""
        if self.sheet:
            return self.source.span(cell=f"{self.sheet}!{letters(column)}{row}")
        return self.source.span(row, column)

    @property
    def ident(self) -> str:
        """What the ids of its readings begin with; the row number follows."""
        return f"{self.source.path}:{self.sheet}!" if self.sheet else f"{self.source.path}:"


def letters(column: int) -> str:
    """3 → `C`, 28 → `AB`."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def as_batches(
    rows: Iterator[tuple[int, list[str | None]]], headings: tuple[str, ...], size: int = 50_000
) -> Iterator[pl.DataFrame]:
    """Rows (number, cells as text) as batches of at most `size`."""
    numbers: list[int] = []
    cells: list[list[str | None]] = []
    for number, row in rows:
        numbers.append(number)
        cells.append(row)
        if len(numbers) == size:
            yield frame(numbers, cells, headings)
            numbers, cells = [], []
    if numbers:
        yield frame(numbers, cells, headings)


def frame(numbers: list[int], cells: list[list[str | None]], headings: tuple[str, ...]) -> pl.DataFrame:
    """One batch from rows of text."""
    schema = dict.fromkeys(headings, pl.String())
    found = pl.DataFrame(cells, schema=schema, orient="row") if cells else pl.DataFrame(schema=schema)
    return found.with_columns(pl.Series(ROW, numbers, dtype=pl.Int64))
