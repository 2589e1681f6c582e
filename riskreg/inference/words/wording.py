"""Numbers, times and facts in the words that people read, for explain texts and for reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from riskreg.model.signal import as_time
from riskreg.model.times import parse_duration

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MISSING = "missing_data"
"""The kind of fact that says that readings are overdue."""
_MEASURED = ("value", "level", "baseline", "limit", "delta")
_SIGNALS = {
    "attrition_spike": "more leavers than usual",
    "quality_drift": "quality drift",
    "forecast_miss": "forecast missed",
    "data_exposure": "data exposed",
}


def num(value: Any, digits: int = 1) -> str:
    """1234.5 → `1,234.5`: thousands apart, at most `digits` (up to 6) decimals, none that say nothing; minus as a minus sign."""
    if value is None:
        raise ValueError("there is no number here")
    text = f"{float(value):,.{min(digits, 6)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text.replace("-", "\u2212")


def pct(value: Any, digits: int = 0) -> str:
    """0.125 → `12 %` (a share as percent, after a space that does not break)."""
    return f"{num(value if value is None else float(value) * 100, digits)}\u00a0%"


def day(value: Any) -> str:
    """A time or date → `Sun 15 Nov 2026`, in UTC."""
    value = as_time(value)
    return f"{_DAYS[value.weekday()]} {value.day}\u00a0{_MONTHS[value.month - 1]}\u00a0{value.year}"


def time(value: Any, after: str = "0s") -> str:
    """A time → `Wed 18 Nov 2026, 20:40 UTC`; `time("72h")` is so long after it."""
    moment = as_time(value) + timedelta(seconds=parse_duration(after))
    return f"{day(moment)}, {moment:%H:%M} UTC"


def period(fact: Mapping[str, Any]) -> str:
    """The time that a signal judged: `the week to Mon 16 Nov 2026`, `the 9 days to …`; `the period to …` where it does not say.
    Of missing data the time that nobody knows of: `the time since Sun 18 Oct 2026`."""
    if fact.get("fact") == MISSING:
        return f"the time since {day(fact['last'])}" if fact.get("last") else "the time so far"
    until, since = as_time(fact["at"]), as_time(fact["from"]) if fact.get("from") is not None else None
    days = round((until - since) / timedelta(days=1)) if since else 0
    weeks, odd = divmod(days, 7)
    if days == 0:
        length = "period"
    elif odd:
        length = "day" if days == 1 else f"{days}\u00a0days"
    else:
        length = "week" if weeks == 1 else f"{weeks}\u00a0weeks"
    return f"the {length} to {day(until)}"


def words(name: Any) -> str:
    """`reopen_rate` → `reopen rate`; signals that people call otherwise have their name."""
    return _SIGNALS.get(str(name)) or str(name).replace("_", " ")


def many(noun: Any) -> str:
    """The plural of a field's name: `sites`, `categories`."""
    word = words(noun)
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch")) else f"{word}s"


def spoken(names: Mapping[str, str] | None) -> dict[str, str]:
    """Names as sentences can hold them: `Payments (German)` for a function, `quality score` for a metric called Quality score."""
    return {ref: _IN_SENTENCE.get(ref.partition(":")[0], str)(name) for ref, name in (names or {}).items()}


def small(text: str) -> str:
    """The first letter small, as within a sentence; `QA score` stays."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def named(name: str) -> str:
    """`Payments, German` → `Payments (German)`: a name that can stand in a sentence and in a list."""
    head, comma, rest = name.partition(", ")
    return f"{head} ({rest})" if comma else name


_IN_SENTENCE = {"function": named, "metric": small}


def listed(names: Iterable[Any], last: str = "and") -> str:
    """`a, b and c`, each once and in the order given; names that have commas themselves as in `named`."""
    *first, end = dict.fromkeys(named(str(name)) for name in names) or ("none",)
    return f"{', '.join(first)} {last} {end}" if first else end


def measured(fact: Mapping[str, Any]) -> str:
    """What a signal measured, beside what is usual: `quality score 82, usually 86, unusual below 85`; empty without a value.
    Where the value was smoothed before it was judged, both are told: `quality score 81 reported, smoothed 82, usually 86, …`.
    Of missing data since when it is missing: `no data since Sun 18 Oct 2026`."""
    if fact.get("fact") == MISSING:
        return f"no data since {day(fact['last'])}" if fact.get("last") else "no data yet"
    if fact.get("value") is None:
        return ""
    if not all(_is_number(fact[name]) for name in _MEASURED if fact.get(name) is not None):
        return f"{words(fact.get('metric') or 'value')} {say(fact['value'])}"
    kind, metric = fact.get("signal"), str(fact.get("metric") or "value")
    if kind == "forecast_miss":
        return _miss(fact)
    if kind == "data_exposure" and not fact.get("baseline") and fact.get("limit") == 1:
        return f"{_events(fact['value'], metric)}, and one is enough"
    percent = fact.get("unit") == "share"
    amount = _amount(fact["value"], percent=percent)
    if kind == "attrition_spike":
        told = [f"{amount} left"]
    elif kind == "data_exposure":
        told = [_events(fact["value"], metric)]
    else:
        told = [f"{words(metric)} {amount}"]
    if fact.get("level") is not None:
        told = [f"{told[0]} reported", f"smoothed {_amount(fact['level'], percent=percent)}"]
    if fact.get("baseline") is not None:
        told.append(f"usually {_amount(fact['baseline'], percent=percent)}")
    if fact.get("limit") is not None:
        told.append(_unusual(fact, _amount(fact["limit"], percent=percent)))
    return ", ".join(told)


def say(value: Any) -> str:
    """Any value of a fact, for a line of a reason."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return num(value, 3)
    return day(value) if isinstance(value, datetime) else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _unusual(fact: Mapping[str, Any], limit: str) -> str:
    """From which value on it is unusual. A value that has not gone so far is a signal because it stays where it is."""
    value, bound = fact["value"] if fact.get("level") is None else fact["level"], fact["limit"]
    down = value < fact.get("baseline", bound)
    if value > bound if down else value < bound:
        return "a small change that lasts"
    if fact.get("signal") in ("attrition_spike", "data_exposure"):
        return f"unusual from {limit}"
    return f"unusual {'below' if down else 'above'} {limit}"


def _events(value: Any, metric: str) -> str:
    """`1 grave exposure`, `9 minor exposures`."""
    return f"{num(value)} {words(metric).removesuffix('s') if value == 1 else words(metric)}"


def _miss(fact: Mapping[str, Any]) -> str:
    """A forecast miss: its value is the weighted absolute error, a share of the volume; its delta the bias, of the forecast."""
    error = f"error {pct(fact['value'])} of the volume"
    if (limit := fact.get("limit")) is not None:
        error += f", unusual above {pct(limit)}" if fact["value"] >= limit else ", a small miss that lasts"
    if (bias := fact.get("delta")) is None:
        return error
    return f"{pct(abs(bias))} {'more' if bias >= 0 else 'less'} than forecast ({error})"


def _amount(value: Any, *, percent: bool) -> str:
    return pct(value, 1) if percent else num(value)
