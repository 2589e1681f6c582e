"""Who answers at which hour: the hours that a role states, and who is on duty in its place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from riskreg.model.role import Role

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"^(?P<days>.+?)\s+(?P<start>\d{2}:\d{2})\s*[–-]\s*(?P<end>\d{2}:\d{2})$")
_ALWAYS = ("round the clock", "always reachable")


def on_duty(role: Role, at: datetime) -> bool | None:
    """Whether a role's stated hours cover a moment; None where it states none that can be read.

    Read are `round the clock`, `always reachable` and days with hours in the role's own zone: `mon–fri 08:00–18:00`,
    `all days 05:00–24:00`, `sat, sun 20:00–04:00` (into the next day).
    """
    hours = role.hours.strip().lower()
    if hours in _ALWAYS:
        return True
    found = _HOURS.match(hours)
    days = _days(found["days"]) if found else None
    if found is None or days is None:
        return None
    local = at.astimezone(ZoneInfo(role.time_zone))
    now, start, end, today = f"{local:%H:%M}", found["start"], found["end"], local.weekday()
    if start < end:
        return today in days and start <= now < end
    return (today in days and now >= start) or ((today - 1) % 7 in days and now < end)


def _days(text: str) -> frozenset[int] | None:
    if text in ("all days", "daily"):
        return frozenset(range(7))
    found: set[int] = set()
    for part in re.split(r"\s*,\s*", text):
        ends = [_DAYS.index(name) if name in _DAYS else None for name in re.split(r"\s*[–-]\s*", part)]
        first, last = ends[0], ends[-1]
        if first is None or last is None or len(ends) > 2:
            return None
        found |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return frozenset(found)


def desk(people: Iterable[Role], party: str, at: datetime) -> Role | None:
    """The desk of a party that is on duty at a moment: first one that an escalation tier reaches, then any, by id."""
    awake = [role for role in people if role.party == party and on_duty(role, at)]
    return min(awake, key=lambda role: ("tier-1" not in role.tiers, role.id), default=None)
