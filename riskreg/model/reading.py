"""Readings as columns: the one schema of the frame that the workspace fills and the detectors read."""

from __future__ import annotations

import polars as pl

READING_SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "at": pl.Datetime("us", "UTC"),
    "metric": pl.String(),
    "vendor": pl.String(),
    "site": pl.String(),
    "function": pl.String(),
    "value": pl.Float64(),
    "n": pl.Float64(),
    "source": pl.String(),
}
"""`id` is `file:row`; `at` is the start of the period measured; scope fields may be null; `n` is the sample size or headcount."""

SCOPE = ("vendor", "site", "function")
"""The scope fields of a reading, a signal and a join key, widest first."""


def no_readings() -> pl.DataFrame:
    """An empty frame with the schema."""
    return pl.DataFrame(schema=READING_SCHEMA)
