"""What of a rule depends on the day and the place: which exceptions are in force, and what a limit by name is for a fact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from riskreg.model.metric import Threshold
from riskreg.model.rule import Named, Rule, RuleException

Thresholds = Mapping[str, Mapping[str, Threshold]]
"""Metric → name → limit."""


def in_force(rule: Rule, today: date) -> tuple[RuleException, ...]:
    """The exceptions of a rule that hold on a day (UTC)."""
    return tuple(one for one in rule.exceptions if today <= one.until)


def limit_at(limit: float | Named, fact: Mapping[str, Any], thresholds: Thresholds) -> float | None:
    """What a limit is for one fact: itself, or the threshold of the fact's metric at the fact's place; None where there is none."""
    if not isinstance(limit, Named):
        return limit
    metric = fact.get("metric")
    threshold = thresholds.get(metric, {}).get(limit.threshold) if isinstance(metric, str) else None
    return None if threshold is None else threshold.at(fact)
