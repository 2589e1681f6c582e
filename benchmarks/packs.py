"""Seeded rules and facts for the benchmark of the inference room, and the same rules in the words of other engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from riskreg.model.rule import Rule

AS_OF = datetime(2026, 11, 21, 6, tzinfo=UTC)
SIGNALS = ("attrition_spike", "data_exposure", "forecast_miss", "quality_drift", "sla_breach")
METRICS = 20
SITES = 500
LINKED_SITES = 2000
JOINS = 20


def readings(count: int) -> pl.DataFrame:
    """Judged readings: every signal and metric as often as the others, values even over 0 to 1."""
    random = np.random.default_rng(26)
    number = np.arange(count)
    return pl.DataFrame(
        {
            "id": pl.Series(number).cast(pl.String).str.zfill(7),
            "signal": pl.Series(SIGNALS).gather(number % len(SIGNALS)),
            "at": pl.Series([AS_OF - timedelta(minutes=minute) for minute in range(1000)]).gather(number % 1000),
            "site": pl.Series([f"site-{site}" for site in range(SITES)]).gather(random.integers(0, SITES, count)),
            "metric": pl.Series([f"metric-{metric}" for metric in range(METRICS)]).gather(number // len(SIGNALS) % METRICS),
            "value": random.random(count),
        }
    )


def links(count: int) -> pl.DataFrame:
    """Signals of two kinds for each of twenty metrics at many sites, of strength 1 to 5."""
    random = np.random.default_rng(27)
    number = np.arange(count)
    return pl.DataFrame(
        {
            "id": pl.Series(number).cast(pl.String).str.zfill(7),
            "signal": pl.Series(SIGNALS[:2]).gather(number % 2),
            "at": pl.Series([AS_OF - timedelta(minutes=minute) for minute in range(1000)]).gather(number % 1000),
            "site": pl.Series([f"site-{site}" for site in range(LINKED_SITES)]).gather(random.integers(0, LINKED_SITES, count)),
            "metric": pl.Series([f"metric-{metric}" for metric in range(JOINS)]).gather(number // 2 % JOINS),
            "strength": random.integers(1, 6, count),
        }
    )


def thresholds() -> list[Rule]:
    """A hundred rules with one limit each, which one reading in a hundred reaches."""
    return [
        _rule(f"over-{signal}-{metric}", {"signal": signal, "where": _where(f"metric-{metric}", 0.99)})
        for signal in SIGNALS
        for metric in range(METRICS)
    ]


def joins(least: int) -> list[Rule]:
    """Twenty rules for two signals of one metric at one site, both of a given strength."""
    strong = [{"strength": {"gte": least}, "metric": f"metric-{metric}"} for metric in range(JOINS)]
    parts = [[{"signal": signal, "where": where} for signal in SIGNALS[:2]] for where in strong]
    return [_rule(f"both-{metric}", {"all": part}) for metric, part in enumerate(parts)]


def many(count: int) -> list[Rule]:
    """A hundred rules that fire, and as many as it takes that do not: limits out of reach, places without readings, and pairs of
    which one signal never comes."""
    rules = thresholds()
    for number in range(count - len(rules)):
        signal, metric = SIGNALS[number % len(SIGNALS)], f"metric-{number // len(SIGNALS) % METRICS}"
        where = _where(metric, 1 + number / 1000)
        if number % 3 == 1:
            where = _where(metric, 0.5) | {"site": f"far-{number}"}
        when: dict[str, Any] = {"signal": signal, "where": where}
        if number % 3 == 2:
            when = {"all": [{"signal": signal, "where": _where(metric, 0.9)}, {"signal": "tool_conflict", "where": where}]}
        rules.append(_rule(f"silent-{number}", when))
    return rules


def _where(metric: str, limit: float) -> dict[str, Any]:
    return {"metric": metric, "value": {"gte": limit}}


def _rule(ident: str, when: dict[str, Any]) -> Rule:
    fields = {"id": ident, "version": 1, "title": f"Benchmark {ident}", "owner": "quality-lead", "category": "quality-drift"}
    return Rule.model_validate(fields | {"severity": "low", "when": when, "join": ["site"]})


def flat(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The facts as other engines take them: without the time, which these rules do not ask for."""
    return frame.drop("at").to_dicts()
