"""Attrition spike: leavers of a headcount, against the scope's own past."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from riskreg.detection.charts import MARGIN, cusum, poisson_cusum_limit
from riskreg.detection.past import against_past
from riskreg.detection.series import grid, series
from riskreg.detection.statistics import Array, strength
from riskreg.model.metric import AttritionSpike, Metric

LEAST_LEAVERS = 2
"""One person who leaves is no spike, however quiet the past was."""


def judge(readings: pl.DataFrame, metric: Metric, watch: AttritionSpike, as_of: datetime) -> pl.DataFrame:
    """Every period of every series of `metric`, judged, as `signals` needs it; `value`, `baseline` and `limit` are leavers.

    A spike is a period whose leavers are surprising against the past (`against_past`, Benjamini-Hochberg over the series of
    that period), at least `ratio` times the expected, and not one person alone. A slow rise is a signal of the CUSUM (`_rise`);
    its numbers are those of the whole rise: leavers since it began, what was expected in that time, and what the chart
    tolerates. Periods without a headcount of at least one are not judged. The chart shows leavers in per cent of headcount,
    period by period, against the limit of the spike.
    """
    rows = series(readings, metric, as_of, (pl.col("value") >= 0) & (pl.col("n") >= 1))
    if rows.is_empty():
        return rows
    judged = against_past(rows, watch.baseline, watch.false_discovery_rate)
    matters = pl.max_horizontal(watch.ratio * pl.col("expected"), LEAST_LEAVERS)
    judged = judged.with_columns(limit=pl.when(pl.col("limit").is_not_null()).then(pl.max_horizontal("limit", matters.ceil())))
    rise = _rise(judged, watch)
    spike = pl.col("surprising") & (pl.col("value") >= matters)
    numbers = judged.with_columns(rise, spike=spike).with_columns(slow=pl.col("rising") & ~pl.col("spike"))
    slow = pl.col("slow")
    percent = 100.0 / pl.col("n")
    told = numbers.with_columns(
        signal=pl.col("spike") | pl.col("rising"),
        since=pl.when(slow).then(pl.col("at").gather("since").over("series")).otherwise("at"),
        chart_value=pl.col("value") * percent,
        chart_baseline=pl.col("expected") * percent,
        chart_limit=pl.col("limit") * percent,
    ).with_columns(
        value=pl.when(slow).then("rise_value").otherwise("value"),
        baseline=pl.when(slow).then("rise_baseline").otherwise("expected"),
        limit=pl.when(slow).then("rise_limit").otherwise("limit"),
        n=pl.when(slow).then("rise_n").otherwise("n"),
        p_value=pl.when(~slow).then("p_value"),
        run_length=pl.when("rising").then(pl.lit(watch.run_length)),
        direction=pl.lit("up"),
    )
    least = pl.when(slow).then(watch.cusum_ratio - 1.0).otherwise(max(watch.ratio - 1.0, 0.05))
    effect = told.select((pl.col("value") / pl.col("baseline") - 1.0) / least).to_series().fill_null(0.0).to_numpy()
    chance = told["p_value"].fill_null(1.0 / watch.run_length).to_numpy()
    return told.with_columns(delta=pl.col("value") - pl.col("baseline"), strength=pl.Series(strength(chance, effect)))


def _rise(rows: pl.DataFrame, watch: AttritionSpike) -> list[pl.Series]:
    """The CUSUM of Poisson log-likelihood ratios, norm against `cusum_ratio` times the norm, begun again after each signal.

    The norm is the rate of the first `baseline` periods, moved up by `MARGIN` standard errors: the norm is an estimate, and so
    a chart does not pay for a norm that came out low by chance (the idea of Gandy and Kvaløy 2013, guaranteed conditional
    performance).
    """
    leavers, heads = grid(rows, "value"), grid(rows, "n")
    learnt = slice(0, watch.baseline)
    enough = np.isfinite(heads).sum(axis=0) >= watch.baseline
    events, exposure = np.nansum(leavers[learnt], axis=0) + 0.5, np.nansum(heads[learnt], axis=0)
    usual, careful = events / exposure * heads, (events + MARGIN * np.sqrt(events)) / exposure * heads
    more, step = watch.cusum_ratio - 1.0, np.log(watch.cusum_ratio)
    steps = np.where(enough, leavers * step - careful * more, -np.inf)
    steps[learnt] = -np.inf
    limits = poisson_cusum_limit(np.nan_to_num(careful, nan=1.0), watch.cusum_ratio, watch.run_length)
    since, out = cusum(steps, limits, restart=True)
    place = rows["order"].to_numpy(), rows["series"].to_numpy()
    first = since[place]

    def span(matrix: Array) -> Array:
        total = np.vstack([np.zeros(matrix.shape[1]), np.nan_to_num(matrix).cumsum(axis=0)])
        return np.asarray(total[place[0] + 1, place[1]] - total[first, place[1]])

    tolerated = limits[place] / step + span(careful) * more / step
    return [
        pl.Series("rising", out[place]),
        pl.Series("since", first),
        pl.Series("rise_value", span(leavers)),
        pl.Series("rise_baseline", span(usual)),
        pl.Series("rise_limit", tolerated),
        pl.Series("rise_n", span(heads) / (place[0] - first + 1)),
    ]
