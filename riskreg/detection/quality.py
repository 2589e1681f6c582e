"""Quality drift: EWMA and CUSUM charts of a score or a rate, each period weighed by its sample size."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
from scipy import special

from riskreg.detection.charts import ALLOWANCE, MARGIN, cusum, ewma_limit, normal_cusum_limit
from riskreg.detection.series import grid, series
from riskreg.detection.statistics import Array, strength
from riskreg.model.metric import Metric, QualityDrift

_SIDES = {"up": (1,), "down": (-1,), "both": (1, -1)}


def judge(readings: pl.DataFrame, metric: Metric, watch: QualityDrift, as_of: datetime) -> pl.DataFrame:
    """Every period of every series of `metric`, judged, as `signals` needs it; numbers are in the metric's own unit.

    `value` is what was reported for the period (of `n` contacts), `level` the EWMA (the reading itself while the norm is being
    learnt), `baseline` the norm, `limit` that of the EWMA on the worse side (with two worse sides, the side where the level is).
    A period is a signal while EWMA or CUSUM is out on a worse side and the EWMA has moved there by at least `least_change`; one
    whose level is inside the limit is the CUSUM's. `since` is where that CUSUM last left zero. The chart shows the level.

    The norm is the mean of the first `baseline` periods, weighed by n. A period's variance is p(1 − p)/n or deviation²/n,
    times the overdispersion of the learnt periods where that is above 1 (Laney 2002), because weeks differ by more than
    sampling. The norm's own error widens both charts: its variance is added to the EWMA's, and the CUSUM's norm is moved by
    `MARGIN` standard errors. Each of the charts in use keeps `run_length` times their number, so that together they keep at
    least `run_length` periods between false signals. Normal theory: rates want n·p and n·(1 − p) of about five or more.
    """
    within = pl.col("value").is_between(0.0, 1.0) if watch.measure == "rate" else pl.lit(value=True)
    rows = _norms(series(readings, metric, as_of, (pl.col("n") >= 1) & within), watch)
    if rows.is_empty():
        return rows
    value, n, norm, variance, error = (grid(rows, name) for name in ("value", "n", "norm", "variance", "error"))
    level, spread = _ewma(value, variance / n, norm, watch)
    spread = np.sqrt(spread + error**2)
    sides = _SIDES[metric.worse]
    length = watch.run_length * 2 * len(sides)
    reach = ewma_limit(length, watch.weight) * spread
    limits = np.full(value.shape, normal_cusum_limit(length))
    place = rows["order"].to_numpy(), rows["series"].to_numpy()
    out, side = np.zeros(value.shape, np.bool_), np.full(value.shape, sides[0])
    since = np.tile(np.arange(len(value))[:, None], value.shape[1])
    deviation = np.sqrt(variance / n)
    for worse in sides:
        steps = (worse * (value - norm) - MARGIN * error) / deviation - ALLOWANCE
        steps[: watch.baseline] = -np.inf
        began, rising = cusum(steps, limits, restart=False)
        change = worse * (level - norm)
        here = (rising | (change > reach)) & (change > 0) & (change >= watch.least_change)
        here[: watch.baseline] = False
        out, since = out | here, np.where(here, began, since)
        side = np.where(change > 0, worse, side)
    with np.errstate(under="ignore"):
        chance = np.minimum(special.ndtr(-np.abs(level - norm) / spread), 1.0 / watch.run_length)[place]
    least = watch.least_change or reach[place]
    effect = np.nan_to_num(np.abs(level - norm)[place] / least)
    learnt = rows["order"].to_numpy() < watch.baseline
    scale = 100.0 if watch.measure == "rate" else 1.0
    told = rows.with_columns(
        pl.Series("level", np.where(learnt | np.isnan(norm[place]), value[place], level[place])),
        pl.Series("limit", (norm + side * reach)[place]).fill_nan(None),
        pl.Series("signal", out[place]),
        pl.Series("since", since[place]),
        pl.Series("direction", np.where(side[place] > 0, "up", "down")),
        pl.Series("strength", strength(chance, effect)),
        pl.Series("learnt", learnt),
    ).with_columns(
        baseline=pl.when(~pl.col("learnt")).then("norm"),
        limit=pl.when(~pl.col("learnt")).then("limit"),
        since=pl.col("at").gather("since").over("series"),
        p_value=pl.lit(None, pl.Float64),
        run_length=pl.lit(float(watch.run_length)),
    )
    return told.with_columns(
        delta=pl.col("value") - pl.col("baseline"),
        chart_value=pl.col("level") * scale,
        chart_baseline=pl.col("baseline") * scale,
        chart_limit=pl.col("limit") * scale,
    )


def _norms(rows: pl.DataFrame, watch: QualityDrift) -> pl.DataFrame:
    """Per series: `norm`, `variance` of one contact (with overdispersion), standard `error` of the norm; null if too short."""
    learnt = pl.col("order") < watch.baseline

    def learnt_sum(column: pl.Expr) -> pl.Expr:
        return pl.when(learnt).then(column).otherwise(0.0).sum().over("series")

    contacts, hits = learnt_sum(pl.col("n")), learnt_sum(pl.col("n") * pl.col("value"))
    # Half a contact of each kind keeps the variance above zero where all or none were good.
    rate = (hits + 0.5) / (contacts + 1.0)
    single = rate * (1.0 - rate) if watch.deviation is None else pl.lit(float(watch.deviation) ** 2)
    enough = pl.len().over("series") >= watch.baseline
    normed = rows.with_columns(norm=pl.when(enough).then(hits / contacts), single=single)
    chi_square = learnt_sum(pl.col("n") * (pl.col("value") - pl.col("norm")) ** 2 / pl.col("single"))
    return normed.with_columns(variance=pl.col("single") * (chi_square / (watch.baseline - 1)).clip(lower_bound=1.0)).with_columns(
        error=(pl.col("variance") / contacts).sqrt()
    )


def _ewma(value: Array, variance: Array, norm: Array, watch: QualityDrift) -> tuple[Array, Array]:
    """EWMA and its exact variance, period by period; both begin at the norm, with the first period after the learnt ones."""
    level, spread = norm.copy(), np.zeros(value.shape)
    for period in range(watch.baseline, len(value)):
        level[period] = (1.0 - watch.weight) * level[period - 1] + watch.weight * value[period]
        spread[period] = (1.0 - watch.weight) ** 2 * spread[period - 1] + watch.weight**2 * variance[period]
    return level, spread
