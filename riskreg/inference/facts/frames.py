"""A frame of facts, checked as a whole, as the columns that rules look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

import numpy as np
import polars as pl

from riskreg.inference.facts.accepting import (
    MAX_FAULTS,
    PLACE,
    PLACES,
    further,
    refusal,
    sound_name,
    wrong,
)
from riskreg.inference.facts.columns import NO_TIME, Column, Kind, Name, Part, Rows, Texts
from riskreg.inference.language.meaning import CONCLUDED, MAX_TEXT, MAX_WHOLE, Item
from riskreg.model.faults import Fault

_MOMENT = pl.Datetime("us", "UTC")
_ROW = "#"


def read(frame: pl.DataFrame) -> Part:
    """A part of the facts of a frame; see `Facts.from_frame`."""
    frame, faults = _accepted(frame)
    at = frame["at"].to_physical().fill_null(int(NO_TIME)).to_numpy() if "at" in frame.columns else np.full(len(frame), NO_TIME)
    table = _Table(frame)
    kinds: dict[Name, Kind] = {}
    for word in ("fact", "signal"):
        codes, names = table.texts(word)
        order = np.argsort(codes, kind="stable")
        bounds = np.searchsorted(codes[order], np.arange(len(names) + 1))
        for code, name in enumerate(names):
            rows = order[bounds[code] : bounds[code + 1]]
            kinds[word, name] = Kind(at[rows], _Framed(table, rows))
    return Part(kinds, _Ids(frame["id"]), lambda row: _items(frame[row])[0], frame.write_ndjson, faults)


class _Table:
    """A frame of accepted facts; the texts of a column are numbered once for all kinds."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._texts: dict[str, Texts] = {}

    def texts(self, field: str) -> Texts:
        if field not in self._texts:
            series = self.frame[field]
            words = series.unique().drop_nulls().sort()
            codes = series.cast(pl.Enum(words)).to_physical().cast(pl.Int64).fill_null(-1)
            self._texts[field] = codes.to_numpy(), words.to_list()
        return self._texts[field]


class _Framed:
    """The facts of one kind: some rows of a table."""

    def __init__(self, table: _Table, rows: Rows) -> None:
        self._table, self._rows = table, rows

    def column(self, field: str) -> Column:
        frame = self._table.frame
        if field not in frame.columns:
            return Column(np.zeros(len(self._rows), dtype=bool))
        series = frame[field]
        present = series.is_not_null().to_numpy()[self._rows]
        if series.dtype == pl.String:
            return Column(present, worded=present, texts=lambda: self._texts(field))
        if series.dtype == pl.Boolean:
            return Column(present, truths=series.cast(pl.Int8).fill_null(-1).to_numpy()[self._rows])
        if series.dtype.is_numeric():
            return Column(present, numbers=series.cast(pl.Float64).fill_null(float("nan")).to_numpy()[self._rows])
        return Column(present)

    def _texts(self, field: str) -> Texts:
        codes, words = self._table.texts(field)
        return codes[self._rows], words

    def items(self, rows: Rows) -> list[Item]:
        return _items(self._table.frame[self._rows[rows]])


def _items(frame: pl.DataFrame) -> list[Item]:
    """Rows of an accepted frame as facts, without what is empty."""
    columns = [series for series in frame if series.null_count() < len(series)]
    names = [series.name for series in columns]
    rows = zip(*(_values(series) for series in columns), strict=True)
    facts = [dict(zip(names, row, strict=True)) for row in rows]
    if any(series.null_count() for series in columns):
        facts = [{field: value for field, value in fact.items() if value is not None} for fact in facts]
    return [Item(fact["id"], fact.get("at"), fact) for fact in facts]


def _values(series: pl.Series) -> list[Any]:
    if not isinstance(series.dtype, pl.Datetime):
        return series.to_list()
    moments = series.dt.replace_time_zone(None).to_list()  # made in a quarter of the time without a zone
    return [None if at is None else at.replace(tzinfo=UTC) for at in moments]


class _Ids(Sequence[str]):
    """A sorted column of ids as a sequence."""

    def __init__(self, series: pl.Series) -> None:
        self._series = series

    def __getitem__(self, row: Any) -> Any:
        return self._series[row]

    def __len__(self) -> int:
        return len(self._series)


def _accepted(frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Fault, ...]]:
    """Rows that can be judged, sorted by id, and the faults of the others."""
    frame = frame.drop([name for name, kind in frame.schema.items() if kind == pl.Null])
    frame = frame.with_columns(pl.col(name).cast(pl.String) for name, kind in frame.schema.items() if _is_category(kind))
    for name in ("id", "signal", "fact"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    refused = frame.select(pl.any_horizontal(*_refusals(frame.schema)).alias("refused"))["refused"]
    sound = frame.with_row_index(_ROW).filter(~refused)
    first = sound.unique("id", keep="first", maintain_order=True) if sound["id"].is_duplicated().any() else sound
    faults: list[Fault] = []
    if len(first) < len(frame):
        out = frame.with_row_index(_ROW).join(first.select(_ROW), on=_ROW, how="anti").sort(_ROW)
        for row in out.head(MAX_FAULTS).to_dicts():
            number = row.pop(_ROW)
            fact = {field: value for field, value in row.items() if value is not None}
            found = wrong(fact, {str(fact.get("id"))})
            assert found is not None
            faults.append(refusal(fact, number, found))
    kept = first.drop(_ROW).sort("id")
    kept = kept.with_columns(pl.col(name).cast(_MOMENT) for name, kind in kept.schema.items() if isinstance(kind, pl.Datetime))
    return kept, (*faults, *further(len(frame) - len(first)))


def _is_category(kind: pl.DataType) -> bool:
    return isinstance(kind, (pl.Categorical, pl.Enum))


def _refusals(schema: Mapping[str, pl.DataType]) -> Iterator[pl.Expr]:
    """For each rule of `facts.wrong`, whether a row breaks it."""
    texts = {name for name, kind in schema.items() if kind == pl.String}
    if "id" in texts:
        length = pl.col("id").str.len_chars()
        yield pl.col("id").is_null() | (length == 0) | (length > MAX_TEXT) | pl.col("id").str.starts_with(CONCLUDED)
    else:
        yield pl.lit(value=True)
    yield pl.col("signal").is_null() == pl.col("fact").is_null()
    yield from (pl.col(name).is_not_null() for name in ("signal", "fact") if name not in texts)
    if not isinstance(schema.get("at", _MOMENT), pl.Datetime):
        yield pl.col("at").is_not_null()
    for name, kind in schema.items():
        column = pl.col(name)
        if not sound_name(name) or (name in PLACES and name not in texts):
            yield column.is_not_null()
        elif name in texts:
            yield (column.str.len_chars() > MAX_TEXT).fill_null(value=False)
            if name in PLACES:
                yield (~column.str.contains(PLACE)).fill_null(value=False)
        elif kind.is_float():
            yield (~(column.cast(pl.Float64).abs() <= MAX_WHOLE)).fill_null(value=False) | column.is_nan().fill_null(value=False)
        elif kind.is_integer():
            yield ((column > MAX_WHOLE) | (column < -MAX_WHOLE)).fill_null(value=False)
        elif kind != pl.Boolean and not (isinstance(kind, pl.Datetime) and kind.time_zone is not None):
            yield column.is_not_null()
