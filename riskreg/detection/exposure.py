"""Data exposure: counted security events. A grave one is a signal by itself; lesser ones when there are more than usual."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from riskreg.detection.past import against_past
from riskreg.detection.series import series
from riskreg.detection.statistics import strength
from riskreg.model.metric import DataExposure, Metric

GRAVE = 4
"""From this event level on, one event is a signal, whatever the past and whatever else was tested."""


def judge(readings: pl.DataFrame, metric: Metric, watch: DataExposure, as_of: datetime) -> pl.DataFrame:
    """Every period of every series of `metric`, judged, as `signals` needs it; `value`, `baseline` and `limit` are events.

    Level 4 and 5: a period with an event is a signal of that strength, with limit 1, outside false discovery control. Lower
    levels: events per `n` against the past, as in `against_past`; n is seats, the last known one stands where one is missing,
    and 1 where none is known.
    """
    rows = series(readings, metric, as_of, pl.col("value") >= 0)
    if rows.is_empty():
        return rows
    common = {"since": pl.col("at"), "direction": pl.lit("up"), "run_length": pl.lit(None, pl.Float64)}
    if watch.event_level >= GRAVE:
        told = rows.with_columns(
            baseline=pl.lit(0.0),
            limit=pl.lit(1.0),
            p_value=pl.lit(None, pl.Float64),
            signal=pl.col("value") >= 1,
            strength=pl.lit(watch.event_level, pl.Int64),
        )
    else:
        seats = pl.when(pl.col("n") >= 1).then("n").forward_fill().over("series").fill_null(1.0)
        told = against_past(rows.with_columns(n=seats), watch.baseline, watch.false_discovery_rate).rename(
            {"expected": "baseline", "surprising": "signal"}
        )
        effect = told.select(pl.col("value") / pl.col("baseline") - 1.0).to_series().fill_null(0.0).to_numpy()
        chance = told["p_value"].fill_null(1.0).to_numpy()
        told = told.with_columns(strength=pl.Series(strength(chance, effect)))
    return told.with_columns(
        delta=pl.col("value") - pl.col("baseline"),
        chart_value="value",
        chart_baseline="baseline",
        chart_limit="limit",
        **common,
    )
