"""Durations and weekly profiles.

A duration is whole seconds, written `15m`, `4h`, `3d`, `2w` in files. A profile is the week in 336 half-hour intervals (the
field's planning interval), Monday 00:00 first, local time, in tenths of a position, so that all sums are exact integers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

INTERVAL = 1800
WEEK_INTERVALS = 336
TENTHS = 10
SHIFT = 8 * 3600
"""The first shift: how far orders are given one by one, before a summary is enough."""
_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DURATION = re.compile(r"^([0-9]{1,6})(s|m|h|d|w)\Z")


@cache
def zone_names() -> frozenset[str]:
    """Every IANA time zone of this machine; kept, because looking them up walks a folder of six hundred files."""
    return frozenset(available_timezones())


def parse_duration(value: Any) -> int:
    """`4h` → 14400. ValueError for anything that is not a whole number followed by s, m, h, d or w."""
    found = _DURATION.match(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a duration is a whole number and a unit: 15m, 4h, 3d or 2w")
    return int(found[1]) * _UNITS[found[2]]


def write_duration(seconds: int) -> str:
    """14400 → `4h`: the largest unit that leaves no rest; the inverse of `parse_duration`."""
    for unit, size in _UNITS.items():
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return "0s"


def say_duration(seconds: int) -> str:
    """For people, exact to the minute, from two days on to the hour: `15 min`, `4 h`, `24 h`, `4 h 5 min`, `2 days 1 h`."""
    if seconds < 2 * 86400:
        parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "min"))
    else:
        parts = ((seconds // 86400, "days"), (seconds % 86400 // 3600, "h"))
    return " ".join(f"{amount}\u00a0{unit}" for amount, unit in parts if amount) or "0\u00a0min"


Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    PlainSerializer(write_duration, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,6}(s|m|h|d|w)$", "examples": ["15m", "4h", "3d", "2w"]}),
]
"""Seconds as a whole number; in files `15m`, `4h`, `3d`, `2w`."""


def _clock(value: Any) -> int:
    """`08:30` → 17 (intervals since midnight). ValueError off the half hour; `24:00` is the end of a day."""
    found = re.match(r"^([0-9]{2}):(00|30)\Z", value) if isinstance(value, str) else None
    if found is None or int(found[1]) * 2 + (found[2] == "30") > 48:
        raise ValueError('a time of day is written in quotes on the full or half hour: "08:00", "17:30", "24:00"')
    return int(found[1]) * 2 + (found[2] == "30")


def _days(value: Any) -> list[int]:
    """`mon-fri`, `sat`, `fri-mon` or `all` → weekday numbers, Monday 0."""
    first, _, last = ("mon-sun" if value == "all" else str(value)).partition("-")
    if first not in _DAYS or (last or first) not in _DAYS:
        raise ValueError("days are one of mon tue wed thu fri sat sun, a range such as mon-fri, or all")
    start, end = _DAYS.index(first), _DAYS.index(last or first)
    return [(start + step) % 7 for step in range((end - start) % 7 + 1)]


def tenths(value: Any) -> int:
    """Positions as written (at most one decimal, 0 to 100,000) → tenths of a position."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("positions are a number such as 12 or 7.5")
    if not 0 <= value <= 100_000 or abs(round(value * TENTHS) - value * TENTHS) > 1e-6:
        raise ValueError("positions are 0 to 100000 with at most one decimal, such as 12 or 7.5")
    return round(value * TENTHS)


def parse_profile(value: Any) -> tuple[int, ...]:
    """A profile from one of its three forms: a number (all week), a list of bands (which add up), or 336 numbers.

    A band is `{days: mon-fri, from: "08:00", to: "20:00", positions: 46}`; one that ends before it starts runs past midnight.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (tenths(value),) * WEEK_INTERVALS
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError("a weekly profile is a number, a list of bands, or 336 half-hour values")
    if not isinstance(value[0], dict):
        if len(value) != WEEK_INTERVALS:
            raise ValueError(f"a weekly profile in full has {WEEK_INTERVALS} half-hour values, not {len(value)}")
        return tuple(tenths(item) for item in value)
    week = [0] * WEEK_INTERVALS
    for band in value:
        if not isinstance(band, dict) or set(band) - {"days", "from", "to", "positions"} or "positions" not in band:
            raise ValueError('a band has days, from, to and positions: {days: mon-fri, from: "08:00", to: "20:00", positions: 46}')
        start, end = _clock(band.get("from", "00:00")), _clock(band.get("to", "24:00"))
        amount, length = tenths(band["positions"]), (end - start) % 48 or 48
        for day in _days(band.get("days", "all")):
            for step in range(length):
                week[(day * 48 + start + step) % WEEK_INTERVALS] += amount
    return tuple(week)


def _profile_in(value: Any) -> tuple[int, ...]:
    return parse_profile(value)


def _profile_out(value: Sequence[int]) -> list[float] | float:
    numbers = [item / TENTHS for item in value]
    return numbers[0] if len(set(numbers)) == 1 else numbers


_BAND_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["positions"],
    "properties": {
        "days": {"type": "string", "examples": ["mon-fri", "sat", "all"]},
        "from": {"type": "string", "pattern": "^[0-2][0-9]:(00|30)$"},
        "to": {"type": "string", "pattern": "^[0-2][0-9]:(00|30)$"},
        "positions": {"type": "number", "minimum": 0},
    },
}

Profile = Annotated[
    tuple[int, ...],
    BeforeValidator(_profile_in),
    PlainSerializer(_profile_out, when_used="json"),
    WithJsonSchema(
        {
            "description": "Positions through the week, local time",
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "array", "minItems": 1, "items": _BAND_SCHEMA},
                {"type": "array", "minItems": 336, "maxItems": 336, "items": {"type": "number"}},
            ],
        }
    ),
]
"""336 half-hour values in tenths of a position, Monday 00:00 local time first."""


def week_interval(at: datetime, zone: str) -> int:
    """The interval of the week (0 to 335) in which `at` (aware) falls, in the local time of `zone`."""
    local = at.astimezone(ZoneInfo(zone))
    return local.weekday() * 48 + local.hour * 2 + local.minute // 30


def from_instant(profile: Sequence[int], start: datetime, zone: str, intervals: int, *, most: bool) -> tuple[int, ...]:
    """`profile` as it unfolds from `start` (aware) in the local time of `zone`, one value per interval of 30 minutes.

    Daylight-saving changes on the way are followed. Where an instant does not fall on a half hour of the local clock (a zone at
    a quarter hour, a start at ten past), the larger (`most=True`, for demand) or smaller (for capacity) of the two
    neighbouring intervals is taken, so that a plan never rests on rounding.
    """
    pick = max if most else min
    out = []
    for step in range(intervals):
        instant = start + timedelta(seconds=INTERVAL * step)
        local = instant.astimezone(ZoneInfo(zone))
        here = week_interval(instant, zone)
        exact = local.minute % 30 == 0 and local.second == 0
        out.append(profile[here] if exact else pick(profile[here], profile[(here + 1) % WEEK_INTERVALS]))
    return tuple(out)


def say_positions(amount: int) -> str:
    """Tenths → for people: whole, one decimal below ten where it is not whole (`54`, `7.5`)."""
    if amount % TENTHS == 0 or amount >= 10 * TENTHS:
        return f"{round(amount / TENTHS):,}"
    return f"{amount / TENTHS:.1f}"
