"""Forecast miss: volume against its forecast, per day or week; too much and too little are told apart."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from riskreg.detection.series import in_series, period_end, period_start, usable_rows
from riskreg.detection.statistics import (
    absolute_error,
    benjamini_hochberg,
    gamma_limit,
    gamma_tail,
    poisson_two_sided,
    rejected_below,
    strength,
)
from riskreg.model.metric import ForecastMiss, Metric
from riskreg.model.reading import SCOPE


def judge(readings: pl.DataFrame, metric: Metric, watch: ForecastMiss, as_of: datetime) -> pl.DataFrame:
    """Every day or week of every series of `metric`, judged, as `signals` needs it; `value`, `baseline` and `limit` are WAPE.

    `value` is Σ|actual − forecast| / Σ actual over the rows of the period that have both (a period without any volume is
    measured against its forecast); `baseline` the WAPE that counting noise alone gives; `delta` the bias as contracts count it,
    Σ(actual − forecast) / Σ forecast (of the volume where nothing was forecast); `n` the volume; `direction` up where there was
    more than forecast. All are shares, not per cent.

    A miss: the WAPE is above `limit` and the error beyond counting noise, by p-values (gamma tail of Σ|actual − forecast| for
    Poisson volumes) adjusted over the series of that period. `limit` is the greater of two: `wape` with the counting noise
    that belongs to it (`wape` itself for large volumes), and the WAPE at which the p-value would do.

    A lasting bias: the tracking signal (sum of errors over mean absolute error of the last `memory` periods, as Brown and
    Trigg 1964) is beyond `tracking`, the bias over that time at least `bias`, and the total beyond counting noise (exact Poisson).
    Its signal may stand inside the limit; its numbers are those of the whole memory. The chart shows the WAPE in per cent.
    """
    rows = _measured(_periods(readings, metric, watch, as_of), watch)
    if rows.is_empty():
        return rows
    rate = watch.false_discovery_rate
    missed = (pl.col("wape") > pl.col("limit_wape")) & (pl.col("p_miss") <= rate)
    biased = (
        (pl.col("tracking").abs() > watch.tracking) & (pl.col("memory_bias").abs() >= watch.bias) & (pl.col("p_bias") <= rate)
    ).fill_null(value=False)
    told = rows.with_columns(signal=missed | biased, slow=biased & ~missed)
    slow = pl.col("slow")
    told = told.with_columns(
        since=pl.when(slow).then("memory_start").otherwise("at"),
        value=pl.when(slow).then("memory_wape").otherwise("wape"),
        delta=pl.when(slow).then("memory_bias").otherwise("bias"),
        baseline=pl.when(slow).then("memory_noise").otherwise("noise_share"),
        p_value=pl.when(slow).then("p_bias").otherwise("p_miss"),
        n=pl.when(slow).then("memory_volume").otherwise("volume"),
        run_length=pl.lit(None, pl.Float64),
        chart_value=100.0 * pl.col("wape"),
        chart_baseline=100.0 * pl.col("noise_share"),
        chart_limit=100.0 * pl.col("limit"),
    ).with_columns(direction=pl.when(pl.col("delta") >= 0).then(pl.lit("up")).otherwise(pl.lit("down")))
    size = pl.when(slow).then(pl.col("delta").abs() / watch.bias).otherwise(pl.col("value") / pl.col("limit_wape"))
    return told.with_columns(strength=pl.Series(strength(told["p_value"].to_numpy(), told.select(size).to_series().to_numpy())))


def _periods(readings: pl.DataFrame, metric: Metric, watch: ForecastMiss, as_of: datetime) -> pl.DataFrame:
    """Actual and forecast side by side, summed to the period: error, absolute error, and what counting noise makes of them."""
    known = pl.col("value") >= 0
    both = usable_rows(readings, metric.id, known).join(
        usable_rows(readings, watch.forecast, known).select(*SCOPE, "at", forecast="value", forecast_id="id"),
        on=[*SCOPE, "at"],
        nulls_equal=True,
    )
    actual, forecast = both["value"].to_numpy(), both["forecast"].to_numpy()
    # A forecast that is short by `wape` of the volume: volume = forecast / (1 − wape).
    short = forecast / max(1.0 - watch.wape, 0.01)
    noise = absolute_error(forecast, forecast)
    start = pl.col("at") if metric.grain == watch.period else period_start(pl.col("at"), watch.period, metric.time_zone)
    return (
        both.with_columns(
            pl.Series("absolute", abs(actual - forecast)),
            pl.Series("noise", noise),
            pl.Series("noise_variance", (forecast - noise**2).clip(0.0)),
            pl.Series("allowed", absolute_error(short, forecast)),
            pl.Series("short", short),
            at=start,
        )
        .group_by(*SCOPE, "at", maintain_order=True)
        .agg(
            pl.col("absolute", "forecast", "noise", "noise_variance", "allowed", "short").sum(),
            pl.col("value").sum().alias("volume"),
            pl.col("id").append(pl.col("forecast_id")).alias("ids"),
        )
        .with_columns(end=period_end(pl.col("at"), watch.period, metric.time_zone))
        .filter(pl.col("end") <= as_of)
        .pipe(in_series)
    )


def _measured(rows: pl.DataFrame, watch: ForecastMiss) -> pl.DataFrame:
    """Shares, limits, the tracking signal and both adjusted p-values of each period."""
    error = pl.col("volume") - pl.col("forecast")

    def memory(column: pl.Expr) -> pl.Expr:
        return column.rolling_sum(watch.memory).over("series")

    sums = rows.with_columns(
        base=_either("volume", "forecast"),
        memory_volume=memory(pl.col("volume")),
        memory_forecast=memory(pl.col("forecast")),
        memory_start=pl.col("at").shift(watch.memory - 1).over("series"),
        mean_error=memory(error.abs()) / watch.memory,
    ).with_columns(memory_base=_either("memory_volume", "memory_forecast"))
    shares = sums.with_columns(
        wape=pl.col("absolute") / pl.col("base"),
        bias=error / _either("forecast", "volume"),
        noise_share=pl.col("noise") / pl.col("base"),
        limit_wape=pl.when(pl.col("short") > 0).then(pl.col("allowed") / pl.col("short")).otherwise(watch.wape),
        memory_wape=memory(pl.col("absolute")) / pl.col("memory_base"),
        memory_noise=memory(pl.col("noise")) / pl.col("memory_base"),
        memory_bias=(pl.col("memory_volume") - pl.col("memory_forecast")) / _either("memory_forecast", "memory_volume"),
        tracking=pl.when(pl.col("mean_error") > 0).then(memory(error) / pl.col("mean_error")).otherwise(0.0),
    )
    absolute, noise, variance = (shares[name].to_numpy() for name in ("absolute", "noise", "noise_variance"))
    volume, expected = (shares[name].fill_null(0.0).to_numpy() for name in ("memory_volume", "memory_forecast"))
    tested = shares.with_columns(
        p_miss=pl.Series(gamma_tail(absolute, noise, variance)),
        p_bias=pl.when(pl.col("memory_volume").is_not_null()).then(pl.Series(poisson_two_sided(volume, expected))),
    ).with_columns(benjamini_hochberg(pl.col(name)).over("end") for name in ("p_miss", "p_bias"))
    cut = tested.select(rejected_below(pl.col("p_miss"), watch.false_discovery_rate).over("end")).to_series().to_numpy()
    needed = pl.Series(gamma_limit(cut, noise, variance)) / tested["base"]
    return tested.with_columns(limit=pl.max_horizontal("limit_wape", needed))


def _either(first: str, second: str) -> pl.Expr:
    """What shares are of: the first; where that is nothing, the second; 1 where both are."""
    return pl.when(pl.col(first) > 0).then(first).when(pl.col(second) > 0).then(second).otherwise(1.0)
