"""Numbers, times and facts in the words that people read, for explain texts and for reasons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_METRICS = {
    "qa_score": "quality score",
    "csat": "customer satisfaction",
    "fcr": "first-contact resolution",
}
_SHARES = frozenset({"csat", "fcr", "reopen_rate", "escalation_rate"})
"""Metrics whose values are shares, 0 to 1; a signal does not carry the unit of its metric."""


def num(value: Any, digits: int = 1) -> str:
    """1234.5 → `1,234.5`: thousands apart, at most `digits` (up to 6) decimals, none that say nothing; minus as a minus sign."""
    text = f"{float(value):,.{min(digits, 6)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text.replace("-", "\u2212")


def pct(value: Any, digits: int = 0) -> str:
    """0.125 → `12 %` (a share as percent, after a space that does not break)."""
    return f"{num(float(value) * 100, digits)}\u00a0%"


def day(value: Any) -> str:
    """A time → `Sun 15 Nov 2026`, in UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    if not isinstance(value, date):
        raise TypeError("date needs a time")
    return f"{_DAYS[value.weekday()]} {value.day}\u00a0{_MONTHS[value.month - 1]}\u00a0{value.year}"


def words(name: Any) -> str:
    """`reopen_rate` → `reopen rate`; metrics that people call otherwise have their name."""
    return _METRICS.get(str(name), str(name).replace("_", " "))


def measured(fact: Mapping[str, Any]) -> str:
    """What a signal measured, beside what is usual: `quality score 82.1 (usually 86.4, limit 84.9)`; empty without a value."""
    if fact.get("value") is None:
        return ""
    kind, metric = fact.get("signal"), str(fact.get("metric") or "value")
    if kind == "forecast_miss":
        return _miss(fact)
    percent = metric in _SHARES
    told = [
        f"{word} {_amount(fact[field], percent=percent)}"
        for field, word in (("baseline", "usually"), ("limit", "limit"))
        if fact.get(field) is not None
    ]
    return f"{words(metric)} {_amount(fact['value'], percent=percent)}" + (f" ({', '.join(told)})" if told else "")


def say(value: Any) -> str:
    """Any value of a fact, for a line of a reason."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return num(value, 3)
    return day(value) if isinstance(value, datetime) else str(value)


def _miss(fact: Mapping[str, Any]) -> str:
    """A forecast miss: its value is the weighted absolute error, its delta the bias, both as shares of the volume."""
    limit = f", limit {pct(fact['limit'])}" if fact.get("limit") is not None else ""
    if (bias := fact.get("delta")) is None:
        return f"error {pct(fact['value'])}{limit}"
    return f"{pct(abs(bias))} {'more' if bias >= 0 else 'less'} than forecast (error {pct(fact['value'])}{limit})"


def _amount(value: Any, *, percent: bool) -> str:
    return pct(value, 1) if percent else num(value)
