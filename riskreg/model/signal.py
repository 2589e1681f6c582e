"""Signals: a detector's judgement on readings, in one flat schema that every detector fills."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

SIGNAL_SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "signal": pl.String(),
    "at": pl.Datetime("us", "UTC"),
    "client": pl.String(),
    "vendor": pl.String(),
    "site": pl.String(),
    "function": pl.String(),
    "metric": pl.String(),
    "unit": pl.String(),
    "value": pl.Float64(),
    "baseline": pl.Float64(),
    "limit": pl.Float64(),
    "delta": pl.Float64(),
    "n": pl.Float64(),
    "strength": pl.Int64(),
    "p_value": pl.Float64(),
    "run_length": pl.Float64(),
    "direction": pl.String(),
    "from": pl.Datetime("us", "UTC"),
    "to": pl.Datetime("us", "UTC"),
    "readings": pl.List(pl.String()),
}
"""`at` is the end of the period judged (when the signal could be known); `unit` is the metric's own; `delta` is value − baseline,
but of a forecast miss the bias; `strength` 1 to 5; `p_value` (adjusted over the series tested together) or `run_length` says how
sure; `direction` is `up` or `down`; `readings` are the ids of the rows judged."""

SIGNALS: dict[str, str] = {
    "attrition_spike": "People leave faster than this site's own past explains.",
    "quality_drift": "A quality measure has moved away from its usual level and stays away.",
    "forecast_miss": "Volume and forecast disagree by more than the agreed limit, or in one direction for too long.",
    "data_exposure": "A security event that exposes customer data, or more such events than usual.",
}
"""Every signal that a shipped detector can give, with its meaning in one sentence."""

Fact = dict[str, Any]
"""A flat fact: `id`, `signal` or `fact`, `at` (aware datetime), and fields that are strings, numbers, booleans or None."""


def no_signals() -> pl.DataFrame:
    """An empty frame with the schema."""
    return pl.DataFrame(schema=SIGNAL_SCHEMA)


def to_facts(signals: pl.DataFrame) -> list[Fact]:
    """Rows of a signal frame as flat facts, ordered by time and id; the list of readings stays behind."""
    rows = signals.drop("readings").sort("at", "id").to_dicts()
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


def as_utc(at: datetime) -> datetime:
    """An aware time in UTC; ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError("a time needs its zone: 2026-11-21T06:00:00+00:00")
    return at.astimezone(UTC)
