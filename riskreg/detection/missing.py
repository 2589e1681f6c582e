"""Missing data: readings that a detector waits for, and that have not come. Silence is not good news."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from riskreg.detection.series import period_end, usable_rows, week_later
from riskreg.model.metric import ForecastMiss, Grain, Metric
from riskreg.model.reading import SCOPE
from riskreg.model.signal import Fact, as_utc

ENDED = timedelta(days=365)
"""A series that has been silent for longer than this after its due time has ended, and is no longer missed."""

_GRACE: dict[Grain, Grain] = {"interval": "day"}
"""Half hours are judged by the day at the soonest, so a day is their grace; every other grain has one period of its own."""


def missing(readings: pl.DataFrame, metrics: Sequence[Metric], *, client: str, as_of: datetime) -> list[Fact]:
    """Facts `missing_data`, in id order: each series of a metric with a detector whose next reading is overdue at `as_of` (aware).

    A reading is due at the end of its period and overdue after a grace of one more period (of a day for half hours), on the
    clocks of the metric's zone; both moments count. Periods that have not ended by `as_of` count for nothing, so a
    past moment can be asked about. Of half hours and days those are due that had a reading a week before: closed nights and
    weekends are not missed. Events have no rhythm and are never missed; nor is what never had a reading, or has `ENDED`.
    A forecast is missed like the metric that is held against it. `last` (end of the newest period with a reading) and `due` are
    dates in the metric's zone; `days_late` are whole days from due to as-of. A naive `as_of` is a ValueError.
    """
    now = as_utc(as_of)
    known = {metric.id: metric for metric in metrics}
    facts = {fact["id"]: fact for metric in metrics for fact in _overdue(readings, metric, known, client, now)}
    return [facts[ident] for ident in sorted(facts)]


def _overdue(readings: pl.DataFrame, metric: Metric, known: dict[str, Metric], client: str, now: datetime) -> Iterator[Fact]:
    watch = metric.detector
    if watch is None:
        return
    forecast = known.get(watch.forecast) if isinstance(watch, ForecastMiss) else None
    for read in (metric, forecast):
        if read is None or read.grain == "event":
            continue
        zone = ZoneInfo(read.time_zone)
        for row in _late(readings, read, now).iter_rows(named=True):
            place = {name: row[name] for name in SCOPE if row[name] is not None}
            yield {
                "id": f"missing_data:{read.id}:{'/'.join(row[name] or '-' for name in SCOPE)}",
                "fact": "missing_data",
                "watches": watch.kind,
                "client": client,
                **place,
                "metric": read.id,
                "last": row["last"].astimezone(zone).date().isoformat(),
                "due": row["due"].astimezone(zone).date().isoformat(),
                "days_late": (now - row["due"]).days,
            }


def _late(readings: pl.DataFrame, metric: Metric, now: datetime) -> pl.DataFrame:
    """Scope, `last` and `due` of the series that are overdue."""
    grain, zone = metric.grain, metric.time_zone
    rows = usable_rows(readings, metric.id, pl.lit(value=True)).select(*SCOPE, "at", end=period_end(pl.col("at"), grain, zone))
    newest = rows.filter(pl.col("end") <= now).sort(*SCOPE, "at").unique(SCOPE, keep="last", maintain_order=True)
    start = pl.col("end")
    if grain in ("interval", "day"):
        again = rows.filter(pl.col("end") <= now).select(*SCOPE, again=week_later(pl.col("at"), zone))
        due = again.join(newest, on=SCOPE, nulls_equal=True).filter(pl.col("again") > pl.col("at")).group_by(SCOPE)
        newest = newest.join(due.agg(pl.col("again").min()), on=SCOPE, how="left", nulls_equal=True, maintain_order="left")
        start = pl.coalesce("again", "end")
    expected = newest.select(*SCOPE, last="end", due=period_end(start, grain, zone))
    grace = period_end(pl.col("due"), _GRACE.get(grain, grain), zone)
    return expected.filter(grace <= now, pl.col("due") >= now - ENDED)
