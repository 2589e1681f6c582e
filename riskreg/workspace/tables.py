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


@dataclass(slots=True)
class Tally:
    """The faults of one readings file: the first hundred, and how many more."""

    faults: list[Fault] = field(default_factory=list)
    more: int = 0

    def add(self, *faults: Fault, uncounted: int = 0) -> None:
        """Keeps what there is room for; `uncounted` are faults that nobody has made values of."""
        room = max(LISTED - len(self.faults), 0)
        self.faults.extend(faults[:room])
        self.more += max(len(faults) - room, 0) + uncounted


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
