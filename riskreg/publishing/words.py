"""Words of the pages, beside those that every room writes (`riskreg.model.words`): moments, ages, counted things, outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from riskreg.model.plan import Outcome
from riskreg.model.words import NBSP, count, day, dialled, money, percent, place, positions

__all__ = [
    "NBSP", "OUTCOME", "STATUS", "age", "capital", "clock", "count", "counted", "day", "dialled", "listed",
    "local_day", "moment", "money", "named", "number", "percent", "place", "plural", "positions", "reading", "spaced", "spelled",
]  # fmt: skip

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

STATUS: dict[Outcome, str] = {
    "met": "covered",
    "untouched": "covered",
    "late": "partly",
    "breach": "not-covered",
    "not-known": "not-known",
}
"""Outcome of a proof → the name of its sign (`rr-status--…`)."""

OUTCOME: dict[Outcome, str] = {
    "met": "Covered",
    "untouched": "Untouched",
    "late": "Late",
    "breach": "Not covered",
    "not-known": "Not known",
}


def clock(at: datetime, zone: str, name: str = "") -> str:
    """`14:00 Cebu`: the time of day in `zone`, with the name of the place."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}{NBSP}{name or place(zone)}"


def moment(at: datetime, zone: str) -> str:
    """`Sat 21 Nov 2026, 06:00 London`."""
    return f"{day(at.astimezone(ZoneInfo(zone)))}, {clock(at, zone)}"


def local_day(at: datetime, zone: str, year: int | None = None) -> str:
    """The date of a moment in `zone`, with its weekday; without the year where it is `year`."""
    return day(at.astimezone(ZoneInfo(zone)), year)


def age(seconds: float) -> str:
    """How old something is: `40 min`, `2 h`, `3 days`."""
    if seconds < 5400:
        return f"{max(0, round(seconds / 60))}{NBSP}min"
    if seconds < 2 * 86400:
        return f"{round(seconds / 3600)}{NBSP}h"
    return f"{round(seconds / 86400)}{NBSP}days"


def number(value: float, decimals: int = 1) -> str:
    """At most `decimals` decimals, no trailing zeros, thousands with commas, a true minus sign."""
    text = f"{abs(value):,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"−{text}" if value < 0 and text != "0" else text


def spelled(amount: int) -> str:
    """Whole numbers up to ten in words."""
    return _SMALL[amount] if 0 <= amount <= 10 else f"{amount:,}"


def plural(amount: int, one: str, many: str = "") -> str:
    """The noun that fits the number."""
    return one if amount == 1 else many or f"{one}s"


def counted(amount: int, one: str, many: str = "") -> str:
    """`two risks`."""
    return f"{spelled(amount)} {plural(amount, one, many)}"


def capital(text: str) -> str:
    """First letter large; the rest as it is."""
    return text[:1].upper() + text[1:]


def listed(items: Sequence[str], last: str = "and") -> str:
    """`a, b and c`; three or more names that have commas themselves are kept apart by semicolons."""
    if len(items) < 3:
        return f" {last} ".join(items)
    if any(", " in item for item in items):
        return f"{'; '.join(items[:-1])}; {last} {items[-1]}"
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def named(names: Sequence[str]) -> str:
    """Names that may have commas, in one sentence: `Payments (German), E-mail (Spanish) and Safety line`."""
    return listed([f"{name} ({rest})" if rest else name for name, _, rest in (item.partition(", ") for item in names)])


def spaced(identifier: str) -> str:
    """`quality_drift` or `cost-creep` → `quality drift`, `cost creep`."""
    return identifier.replace("_", " ").replace("-", " ")


def reading(value: float, unit: str, currency: str) -> str:
    """A measured value with its unit, as the metric declares it."""
    if unit == "share":
        return f"{number(value * 100)}{NBSP}%"
    if unit == "money":
        # Costs per contact are small amounts: a rounded one would hide the change.
        return money(value, currency) if abs(value) >= 100 else f"{money(0, currency)[:-1]}{value:.2f}"
    if unit == "seconds":
        return f"{number(value)}{NBSP}s"
    return number(value)
