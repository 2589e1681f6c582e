"""Signals: the judged periods of every detector brought into one schema, and the numbers behind one chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from riskreg.detection import attrition, exposure, forecast, quality
from riskreg.detection.series import series
from riskreg.model.metric import AttritionSpike, DataExposure, ForecastMiss, Metric, QualityDrift
from riskreg.model.reading import SCOPE
from riskreg.model.signal import SIGNAL_SCHEMA, as_utc, no_signals

TRACE_SCHEMA: dict[str, pl.DataType] = {
    "at": pl.Datetime("us", "UTC"),
    "value": pl.Float64(),
    "baseline": pl.Float64(),
    "limit": pl.Float64(),
    "signal": pl.Boolean(),
}


def detect(readings: pl.DataFrame, metrics: Sequence[Metric], *, client: str, as_of: datetime) -> pl.DataFrame:
    """All signals in `readings` (READING_SCHEMA) up to `as_of` (aware), as a frame in SIGNAL_SCHEMA sorted by at, signal, id.

    Each metric is judged by its own detector; one without a detector gives no signal. Only periods that have ended by `as_of`
    count, and a signal's `at` is the end of its period. Labels do not silence a signal; exceptions of rules do that.

    A period is judged by itself and what lies before it, so detecting again with later readings gives the same signals and
    those of the later periods. Readings that come in late for a past period, or a new series that brings its own past along,
    do change what is computed for that past: what was once decided is kept by the journal. An id names detector, metric,
    scope (vendor/site/function) and time, and is the same on every run. `p_value` is adjusted over the series tested together;
    a signal of a chart has `run_length`, the periods between its false signals, instead. A naive `as_of` is a ValueError.
    """
    now = as_utc(as_of)
    found = [_signals(_judge(readings, metric, now), metric, client) for metric in metrics if metric.detector is not None]
    return pl.concat([no_signals(), *found]).sort("at", "signal", "id")


def trace(
    readings: pl.DataFrame, metric: Metric, *, site: str | None, vendor: str | None, function: str | None, as_of: datetime
) -> pl.DataFrame:
    """The numbers behind one control chart, those that `detect` used: at (end of the period), value, baseline, limit, signal.

    Units: attrition in per cent of headcount per period; quality rates in per cent and scores in points, the value being the EWMA;
    forecast misses as WAPE in per cent; exposures as events per period. `baseline` and `limit` are null where nothing was judged.
    Without a detector: the readings in the metric's own unit. A scope that is None may be anything; of several series that
    fit, the one that says least about its scope is drawn. No series fits: an empty frame. A naive `as_of` is a ValueError.
    """
    judged = _judge(readings, metric, as_utc(as_of))
    wanted = {"site": site, "vendor": vendor, "function": function}
    fitting = judged.filter(pl.lit(value=True), *(pl.col(name) == value for name, value in wanted.items() if value is not None))
    if fitting.is_empty():
        return pl.DataFrame(schema=TRACE_SCHEMA)
    said = pl.sum_horizontal(pl.col(name).is_not_null() for name in SCOPE)
    chosen = fitting.sort(said, "series")["series"][0]
    line = fitting.filter(pl.col("series") == chosen).sort("order")
    return line.select(
        pl.col("end").alias("at"),
        *(pl.col(f"chart_{name}").cast(pl.Float64).alias(name) for name in ("value", "baseline", "limit")),
        "signal",
    )


def _judge(readings: pl.DataFrame, metric: Metric, as_of: datetime) -> pl.DataFrame:
    """Every period of every series: scope, series, order, at, end, ids (of its readings), since (start of what it speaks of),
    the numbers of a signal (with `level` those of the last period only), `signal` (whether it is one), and chart_value,
    chart_baseline, chart_limit."""
    match metric.detector:
        case AttritionSpike() as watch:
            return attrition.judge(readings, metric, watch, as_of)
        case QualityDrift() as watch:
            return quality.judge(readings, metric, watch, as_of)
        case ForecastMiss() as watch:
            return forecast.judge(readings, metric, watch, as_of)
        case DataExposure() as watch:
            return exposure.judge(readings, metric, watch, as_of)
        case None:
            unjudged = {"chart_baseline": pl.lit(None, pl.Float64), "chart_limit": pl.lit(None, pl.Float64)}
            rows = series(readings, metric, as_of, pl.lit(value=True))
            return rows.with_columns(chart_value="value", signal=pl.lit(value=False), **unjudged)


def _signals(judged: pl.DataFrame, metric: Metric, client: str) -> pl.DataFrame:
    assert metric.detector is not None
    if judged.is_empty():
        return no_signals()
    kind = metric.detector.kind
    scope = pl.concat_str([pl.col(name).fill_null("-") for name in SCOPE], separator="/")
    hits = judged.filter("signal").with_columns(
        id=pl.concat_str(pl.lit(f"{kind}:{metric.id}:"), scope, pl.lit(":"), pl.col("end").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"))
    )
    # A signal that speaks of several periods is made from the rows of all of them.
    spans = hits.select("id", "series", since="since", to="end").join(judged.select("series", "at", "ids"), on="series")
    rows = (
        spans.filter(pl.col("at") >= pl.col("since"), pl.col("at") < pl.col("to"))
        if metric.grain != "event"
        else spans.filter(pl.col("at") == pl.col("to"))
    )
    made_from = rows.explode("ids").group_by("id").agg(pl.col("ids").sort().alias("readings"))
    # Beside a smoothed level, value and n are those of the last period alone; elsewhere they are of the whole time.
    level, last = ("level", "at") if "level" in hits.columns else (None, "since")
    complete = hits.with_columns(
        signal=pl.lit(kind),
        client=pl.lit(client),
        metric=pl.lit(metric.id),
        unit=pl.lit(metric.unit),
        **{"from": pl.col(last)},
        at=pl.col("end"),
        to=pl.col("end"),
        level=level,
        since="since" if level else None,
    )
    return complete.join(made_from, on="id").select(pl.col(name).cast(dtype) for name, dtype in SIGNAL_SCHEMA.items())
