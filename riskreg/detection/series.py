"""Series: the usable readings of one metric, one row per scope and period, in order; and the ends of periods."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from riskreg.detection.statistics import Array
from riskreg.model.metric import Grain, Metric
from riskreg.model.reading import READING_SCHEMA, SCOPE
from riskreg.model.times import INTERVAL

_LENGTHS = {"day": "1d", "week": "1w", "month": "1mo"}


def usable_rows(readings: pl.DataFrame, metric: str, usable: pl.Expr) -> pl.DataFrame:
    """Rows of `metric` with a time, a finite value and `usable`; of rows for the same scope and time the last id stands.

    In READING_SCHEMA, ordered by scope and time, so that the order in which readings came does not matter.
    """
    typed = readings.select(pl.col(name).cast(kind) for name, kind in READING_SCHEMA.items())
    sample = pl.when(pl.col("n").is_finite()).then("n")
    return (
        typed.filter(pl.col("metric") == metric, pl.col("at").is_not_null(), pl.col("value").is_finite())
        .with_columns(n=sample)
        .filter(usable)
        .sort(*SCOPE, "at", "id", "value", "n", "source")
        .unique([*SCOPE, "at"], keep="last", maintain_order=True)
    )


def series(readings: pl.DataFrame, metric: Metric, as_of: datetime, usable: pl.Expr) -> pl.DataFrame:
    """Usable rows of `metric` whose period has ended by `as_of`, with `end`, `ids`, `series` and `order` (see `in_series`)."""
    rows = usable_rows(readings, metric.id, usable).with_columns(
        end=period_end(pl.col("at"), metric.grain, metric.time_zone), ids=pl.concat_list("id")
    )
    return in_series(rows.filter(pl.col("end") <= as_of))


def in_series(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows numbered: `series` for each scope, from 0 in the order of scopes, and `order`, the period's place in its series.

    A period without a reading has no row: it is unknown, not zero, and nothing is judged in it.
    """
    ordered = rows.sort(*SCOPE, "at").with_columns(series=pl.struct(SCOPE).rle_id().cast(pl.Int64))
    return ordered.with_columns(order=pl.int_range(pl.len()).over("series"))


def period_end(start: pl.Expr, grain: Grain, zone: str) -> pl.Expr:
    """When the period that begins at `start` (UTC) is over: a day, a week or a calendar month on the clocks of `zone`,
    half an hour for intervals, at once for events."""
    if grain == "event":
        return start
    if grain == "interval":
        return start + pl.duration(seconds=INTERVAL)
    return _to_utc(_local(start, zone).dt.offset_by(_LENGTHS[grain]), zone)


def period_start(at: pl.Expr, grain: Grain, zone: str) -> pl.Expr:
    """The local midnight at which the day, or the Monday of the week, of `at` (UTC) began, in UTC."""
    return _to_utc(_local(at, zone).dt.truncate(_LENGTHS[grain]), zone)


def week_later(start: pl.Expr, zone: str) -> pl.Expr:
    """The same time of day a week after `start` (UTC) on the clocks of `zone`."""
    return _to_utc(_local(start, zone).dt.offset_by("1w"), zone)


def grid(frame: pl.DataFrame, column: str) -> Array:
    """A column as a matrix with a row per `order` and a column per `series`; NaN where a series is shorter."""
    order, number = frame["order"].to_numpy(), frame["series"].to_numpy()
    matrix = np.full((int(order.max()) + 1, int(number.max()) + 1) if len(frame) else (0, 0), np.nan)
    matrix[order, number] = frame[column].to_numpy()
    return matrix


def _local(at: pl.Expr, zone: str) -> pl.Expr:
    return at.dt.convert_time_zone(zone).dt.replace_time_zone(None)


def _to_utc(local: pl.Expr, zone: str) -> pl.Expr:
    # Clocks that go forward skip some local times; the hour after stands for them.
    here = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    later = local.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(here, later).dt.convert_time_zone("UTC")
