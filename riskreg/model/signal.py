"""Signals: a detector's judgement on readings, in one flat schema that every detector fills.

`SIGNAL_SCHEMA` is the Polars schema of a frame of signals, made of `SIGNAL_FIELDS` when it is first asked for.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import polars as pl

    SIGNAL_SCHEMA: dict[str, pl.DataType]

SIGNAL_FIELDS: dict[str, Literal["text", "texts", "time", "number", "whole"]] = {
    "id": "text",
    "signal": "text",
    "at": "time",
    "client": "text",
    "vendor": "text",
    "site": "text",
    "function": "text",
    "metric": "text",
    "unit": "text",
    "value": "number",
    "level": "number",
    "baseline": "number",
    "limit": "number",
    "delta": "number",
    "n": "number",
    "strength": "whole",
    "p_value": "number",
    "run_length": "number",
    "direction": "text",
    "since": "time",
    "from": "time",
    "to": "time",
    "readings": "texts",
}
"""`at` is the end of the period judged (when the signal could be known); `unit` is the metric's own; `value` and `n` are of the
time `from` to `to`; `delta` is value − baseline, but of a forecast miss Σ(actual − forecast) / Σ forecast, while its value is the
WAPE, a share of the volume; of a quality drift `value` is what was reported, `level` the smoothed value, which `limit` is for, and
`since` the start of the drift; `strength` 1 to 5; `p_value` (adjusted over the series tested together) or `run_length` says how
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


def __getattr__(name: str) -> Any:
    # Rules are tested and checked without a frame, and should not wait for Polars.
    if name != "SIGNAL_SCHEMA":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import polars as pl

    types = {
        "text": pl.String(),
        "texts": pl.List(pl.String()),
        "time": pl.Datetime("us", "UTC"),
        "number": pl.Float64(),
        "whole": pl.Int64(),
    }
    schema = globals()["SIGNAL_SCHEMA"] = {field: types[kind] for field, kind in SIGNAL_FIELDS.items()}
    return schema


def no_signals() -> pl.DataFrame:
    """An empty frame with the schema."""
    import polars as pl

    from riskreg.model.signal import SIGNAL_SCHEMA

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


def as_time(value: Any) -> datetime:
    """A time, or a time or date as text, in UTC; ValueError for anything else."""
    if value is None:
        raise ValueError("there is no time here")
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise ValueError(f"{value} is neither a time nor a date")
    return value.astimezone(UTC) if value.tzinfo is not None else value.replace(tzinfo=UTC)
