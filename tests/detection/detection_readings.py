"""Readings for the tests: a matrix of values (a row per period, a column per scope) as the frame that the detectors read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from riskreg.model.metric import Metric
from riskreg.model.reading import READING_SCHEMA

START = datetime(2025, 1, 6, tzinfo=UTC)
LATER = datetime(2035, 1, 1, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def readings(metric, value, n=None, *, field="site", names=None, start=START, step=WEEK):
    value = np.atleast_2d(np.asarray(value, float))
    periods, scopes = value.shape
    sample = np.full(value.shape, np.nan) if n is None else np.broadcast_to(np.asarray(n, float), value.shape)
    names = names or [f"S{number:04d}" for number in range(scopes)]
    frame = pl.DataFrame(
        {
            "id": [f"{metric}.csv:{row + 2}" for row in range(value.size)],
            "at": [start + step * period for period in range(periods) for _ in range(scopes)],
            "metric": [metric] * value.size,
            field: names * periods,
            "value": value.ravel(),
            "n": sample.ravel(),
            "source": ["test"] * value.size,
        }
    ).with_columns(pl.col("n").fill_nan(None))
    missing = [pl.lit(None, kind).alias(name) for name, kind in READING_SCHEMA.items() if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in READING_SCHEMA.items())


def metric(ident, **fields):
    return Metric(**{"id": ident, "name": ident, "definition": "for a test"} | fields)


def leavers(**detector):
    return metric("leavers", detector={"kind": "attrition_spike"} | detector)


def qa_score(**detector):
    return metric(
        "qa_score", unit="score", worse="down", detector={"kind": "quality_drift", "measure": "mean", "deviation": 12.0} | detector
    )


def csat(worse="down", **detector):
    return metric("csat", unit="share", worse=worse, detector={"kind": "quality_drift", "measure": "rate"} | detector)


def volume(grain="week", time_zone="UTC", **detector):
    return metric(
        "volume",
        worse="both",
        grain=grain,
        time_zone=time_zone,
        detector={"kind": "forecast_miss", "forecast": "volume_forecast"} | detector,
    )


def exposures(level, **fields):
    return metric("exposures", **{"detector": {"kind": "data_exposure", "event_level": level}} | fields)
