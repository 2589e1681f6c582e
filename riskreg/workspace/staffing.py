"""Hours of the week at which a function has demand and nobody who serves it is staffed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from riskreg.model.network import Function
from riskreg.model.times import INTERVAL, WEEK_INTERVALS, from_instant, zone_names
from riskreg.workspace.definitions import Definitions

_WEEKS = {"in winter": datetime(2026, 1, 5, tzinfo=UTC), "in summer": datetime(2026, 7, 6, tzinfo=UTC)}
"""Two weeks on either side of the daylight-saving changes of both hemispheres; none falls within them."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def gaps(found: Definitions, function: Function) -> str:
    """A sentence that names the hours (local to the function), or nothing where there are none or a pool or zone is in doubt."""
    pools = [found.pools.placed.get(served.pool) for served in function.served_by]
    sites = [found.sites.placed.get(pool.noun.site) if pool else None for pool in pools]
    zones = {function.time_zone, *(site.noun.time_zone for site in sites if site)}
    if not all(sites) or not zones <= zone_names():
        return ""
    for season, monday in _WEEKS.items():
        start = monday.replace(tzinfo=ZoneInfo(function.time_zone))
        staffed = [0] * WEEK_INTERVALS
        for pool, site in zip(pools, sites, strict=True):
            if pool and site:
                here = from_instant(pool.noun.positions, start, site.noun.time_zone, WEEK_INTERVALS, most=True)
                staffed = [have + more for have, more in zip(staffed, here, strict=True)]
        empty = [number for number in range(WEEK_INTERVALS) if function.demand[number] and not staffed[number]]
        if empty:
            hours = len(empty) * INTERVAL / 3600
            when = f"{_when(empty)} ({function.time_zone}, {season})"
            return f"nobody is staffed for {function.id} {when}; {hours:g} hours a week in all"
    return ""


def _when(empty: list[int]) -> str:
    first = last = empty[0]
    while last + 1 in empty:
        last += 1
    return f"on {_DAYS[first // 48]} {_clock(first)}–{_clock(last + 1)}"


def _clock(interval: int) -> str:
    minutes = interval % 48 * 30
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
