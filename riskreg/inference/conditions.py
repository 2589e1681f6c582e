"""The conditions of a rule in words: what a fact has in a field, and what the rule asks for there."""

from __future__ import annotations

from typing import Any

from riskreg.inference.wording import listed, num, pct, say, words
from riskreg.model.rule import Condition, Pattern

_OUTCOMES = {"met": "covered", "late": "late", "breach": "not covered", "not-known": "not known"}
_TIERS = {1: "most urgent work", 2: "urgent work"}
_ORDER = {
    "gt": "more than {}",
    "gte": "at least {}",
    "lt": "less than {}",
    "lte": "at most {}",
    "ne": "anything but {}",
    "eq": "{}",
}
_PLAIN = frozenset({"eq", "exists"})
"""Operators that say nothing beyond what the fact itself has."""


def held(kind: str, field: str, condition: Condition, value: Any) -> str:
    """What a fact has that met a condition: `signal strength 5 of 5 (the rule asks for at least 3)`, `handles card data`."""
    has = _has(kind, field, value)
    return has if condition.model_fields_set <= _PLAIN else f"{has} (the rule asks for {_asked(kind, field, condition)})"


def wanted(pattern: Pattern) -> str:
    """All conditions of a pattern, of which no fact is there: `strength at least 3, kind retention-plan`."""
    return ", ".join(f"{words(field)} {_asked(pattern.kind, field, condition)}" for field, condition in pattern.where.items())


def _asked(kind: str, field: str, condition: Condition) -> str:
    parts = []
    for name in (name for name in Condition.model_fields if name in condition.model_fields_set):
        limit = getattr(condition, name)
        if name == "exists":
            parts.append("known" if limit else "not known")
        elif name in ("among", "not_in"):
            options = [_value(kind, field, option) for option in limit]
            parts.append(listed(options, "or") if name == "among" else f"anything but {listed(options)}")
        elif (field, name, limit) == ("tier", "lte", 2):
            parts.append("tier 1 or 2")
        else:
            parts.append(_ORDER[name].format(_value(kind, field, limit)))
    return " and ".join(parts)


def _has(kind: str, field: str, value: Any) -> str:
    """A value as half a sentence; fields that nobody has words for are told as `name value`."""
    said = _value(kind, field, value)
    match field, value:
        case _, None:
            return f"{words(field)} not known"
        case "pci", bool():
            return "handles card data" if value else "handles no card data"
        case "outcome", _:
            return f"cover without the site: {said}"
        case "tier", int():
            return f"{_TIERS.get(value, 'work that can wait')}: tier {said}"
        case "strength", _:
            return f"signal strength {said} of 5"
        case "share", int() | float():
            return f"{said} of the work is done there"
        case "delta", int() | float():
            return f"{_value(kind, field, abs(value))} {'above' if value >= 0 else 'below'} the {_EXPECTED.get(kind, 'usual')}"
        case "direction", "up" | "down":
            return f"the change is {value}ward"
        case "metric", _:
            return f"the measure is {said}"
        case "days_to_notice", int() | float() if value < 0:
            return f"notice was due {num(-value)} days ago"
        case "days_to_notice", int() | float():
            return f"{said} days until notice must be given"
        case "days_left", int() | float():
            return f"{said} days until the contract ends"
    return f"{words(field)} {said}"


_EXPECTED = {"forecast_miss": "forecast"}


def _value(kind: str, field: str, value: Any) -> str:
    if field == "outcome":
        return _OUTCOMES.get(str(value), str(value))
    if field == "metric":
        return words(value)
    share = field == "share" or (kind == "forecast_miss" and field in ("value", "delta", "limit"))
    return pct(value) if share and isinstance(value, (int, float)) else say(value)
