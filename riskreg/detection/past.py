"""Counts against their own past: what a scope's earlier periods predict for this one, and how surprising the count is."""

from __future__ import annotations

import polars as pl

from riskreg.detection.statistics import benjamini_hochberg, predicted_limit, predicted_tail, rejected_below

LEFT_OUT = 2
"""The newest earlier periods are no part of the norm, so that a spike that goes on is not its own norm."""
LEAST_PAST = 4
"""With fewer earlier periods than this in the norm, a period is not judged."""
PRIOR_PERIODS = 4
"""The family's mean rate weighs as much as this many periods of the scope's own, at most."""


def against_past(counts: pl.DataFrame, baseline: int, rate: float) -> pl.DataFrame:
    """Each count (`value`, with exposure `n` above 0) against the `baseline` periods before it, the newest two left out.

    Adds `expected` (count), `p_value` (adjusted over the series of the same period), `surprising` and `limit` (the least count
    that would have been surprising); nulls where the past is too short. The rate is gamma distributed: shape ½ (Jeffreys) plus
    the scope's own past events, plus the rate of the family's other series with the weight that their likeness earns
    (`_prior`); the count is then negative binomial (`predicted_tail`). Only periods before the judged one enter, so later
    ones change nothing.
    """

    def past(column: pl.Expr) -> pl.Expr:
        return column.rolling_sum(baseline, min_samples=LEAST_PAST).shift(LEFT_OUT + 1).over("series")

    judged = (
        counts.with_columns(
            events=past(pl.col("value")), past=past(pl.col("n")), periods=(pl.col("order") - LEFT_OUT).clip(upper_bound=baseline)
        )
        .with_columns(_family(), rate=pl.col("events") / pl.col("past"))
        .with_columns(prior=_prior())
        .with_columns(
            shape=0.5 + pl.col("events") + pl.col("family").fill_null(0.0) * pl.col("prior"),
            exposure=pl.col("past") + pl.col("prior"),
        )
        .with_columns(expected=pl.col("shape") / pl.col("exposure") * pl.col("n"))
    )
    known = pl.col("expected").is_not_null()
    shape, exposure, n, value = (judged[name].fill_null(1.0).to_numpy() for name in ("shape", "exposure", "n", "value"))
    raw = judged.with_columns(raw=pl.when(known).then(pl.Series(predicted_tail(value, shape, exposure, n))))
    tested = raw.with_columns(p_value=benjamini_hochberg(pl.col("raw")).over("end")).with_columns(
        cut=rejected_below(pl.col("p_value"), rate).over("end")
    )
    cut = tested["cut"].fill_null(rate).fill_nan(rate).to_numpy()
    return tested.with_columns(
        surprising=(pl.col("p_value") <= rate).fill_null(value=False),
        limit=pl.when(known).then(pl.Series(predicted_limit(cut, shape, exposure, n))),
    ).drop("events", "past", "periods", "family", "rate", "prior", "shape", "exposure", "raw", "cut")


def _family() -> pl.Expr:
    """Rate of the other series of the period, all together; null without others."""
    events, past = (pl.col(name).sum().over("end") - pl.col(name) for name in ("events", "past"))
    return pl.when(past > 0).then((events / past).clip(lower_bound=0.0)).alias("family")


def _prior() -> pl.Expr:
    """Exposure that the family's rate is worth beside the scope's own past, at most `PRIOR_PERIODS` of its periods.

    The gamma distribution that fits the spread of the series' rates beyond chance has rate mean / variance (the moment
    estimate of Marshall 1991): series that differ much say little about each other.
    """
    total = pl.col("past").sum().over("end")
    mean = pl.col("events").sum().over("end") / total
    spread = (pl.col("past") * (pl.col("rate") - mean) ** 2).sum().over("end") / total
    between = spread - mean * pl.col("past").count().over("end") / total
    most = PRIOR_PERIODS * pl.col("past") / pl.col("periods")
    earned = pl.when(between > 0).then(pl.min_horizontal(mean / between, most)).otherwise(most)
    return pl.when(pl.col("family").is_null()).then(0.0).otherwise(earned)
