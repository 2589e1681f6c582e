"""Values in words: what pages, playbooks and packs write for amounts, money, times and names, always in the same way."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from riskreg.model.times import TENTHS, say_duration, say_positions

NBSP = "\u00a0"
_SIGNS = {"EUR": "€", "GBP": "£", "INR": "₹", "JPY": "¥", "PHP": "₱", "PLN": "PLN\u00a0", "USD": "$", "ZAR": "R"}
_ACTIVE = {character: f"&#{ord(character)};" for character in "\\`*_{}[]<>|~^\"'"} | {"&": "&amp;"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_LEADING = re.compile(r"^(\d+(?=[.)](?:\s|$))|[-+=:!?#%])")


def plain_text(value: object) -> str:
    """Data as text that Markdown and HTML leave alone: every active character becomes an entity, line breaks become blanks.

    Safe in a paragraph, a table cell, an attribute in quotes and raw HTML; not inside a code span, where entities show.
    """
    line = _CONTROL.sub(" ", str(value)).strip(" ")
    text = "".join(_ACTIVE.get(character, character) for character in line)
    return _LEADING.sub(lambda found: "".join(f"&#{ord(character)};" for character in found[0]), text)


def count(amount: int, noun: str, plural: str | None = None) -> str:
    """`1 site`, `3 sites`: number and noun, held together by a non-breaking space."""
    return f"{amount:,}{NBSP}{noun if amount == 1 else plural or noun + 's'}"


def positions(amount: int) -> str:
    """Tenths of a position → `7.5 positions`, `1 position`, `54 positions`."""
    return f"{say_positions(amount)}{NBSP}{'position' if amount == TENTHS else 'positions'}"


def money(amount: float, currency: str) -> str:
    """`£11,000`, `£1.2m` from one million, `CHF 300`; whole units, because modelled amounts are not exact to the penny."""
    sign = _SIGNS.get(currency, f"{currency}{NBSP}")
    size = abs(amount)
    figure = f"{size / 1e6:,.1f}m" if size >= 999_500 else f"{size:,.0f}"
    return f"{'−' if amount < 0 and figure != '0' else ''}{sign}{figure}"


def percent(share: float, decimals: int = 0) -> str:
    """0.034 → `3 %`, or `3.4 %` with one decimal."""
    return f"{share * 100:.{decimals}f}{NBSP}%"


def day(on: date, year: int | None = None) -> str:
    """`Fri 27 Nov 2026`; without the year where `year` is the same."""
    text = f"{_WEEKDAYS[on.weekday()]}{NBSP}{on.day}{NBSP}{_MONTHS[on.month - 1]}"
    return text if year == on.year else f"{text}{NBSP}{on.year}"


elapsed = say_duration
"""Time after the loss is said like every other duration."""


def place(zone: str) -> str:
    """`Europe/London` → `London`, `America/Argentina/Buenos_Aires` → `Buenos Aires`; `UTC` stays."""
    return zone.rpartition("/")[2].replace("_", " ")


def clock(at: datetime, zone: str, reference: str, name: str | None = None) -> str:
    """An aware time at a place and in the reference zone: `14:00 Manila, 06:00 London`; `(+1 day)` where the dates differ."""
    here, there = at.astimezone(ZoneInfo(zone)), at.astimezone(ZoneInfo(reference))
    local = f"{here:%H:%M}{NBSP}{name or place(zone)}"
    if place(zone) == place(reference) or here.replace(tzinfo=None) == there.replace(tzinfo=None):
        return local
    apart = (here.date() - there.date()).days
    note = f"{NBSP}({'+' if apart > 0 else '−'}{abs(apart)}{NBSP}day)" if apart else ""
    return f"{local}{note}, {there:%H:%M}{NBSP}{place(reference)}"


def weekday_clock(at: datetime, zone: str, name: str | None = None) -> str:
    """`Sat 17:00 New York`: a moment of the coming days at a place."""
    here = at.astimezone(ZoneInfo(zone))
    return f"{_WEEKDAYS[here.weekday()]}{NBSP}{here:%H:%M}{NBSP}{name or place(zone)}"


def tenths(amount: int) -> str:
    """Tenths of a position as a proof states them, never rounded: `20.8`, `6`, `1,204.5`."""
    return f"{amount / TENTHS:,.1f}".removesuffix(".0")


def ahead(at: datetime, zone: str, reference: str) -> str:
    """How far local time is from the reference at that moment: `8 h ahead of London`, `5.5 h ahead of …`, `same time as …`."""
    local, base = (at.astimezone(ZoneInfo(name)).utcoffset() or timedelta() for name in (zone, reference))
    hours = (local - base).total_seconds() / 3600
    if not hours:
        return f"same time as {place(reference)}"
    return f"{abs(hours):g}{NBSP}h {'ahead of' if hours > 0 else 'behind'} {place(reference)}"


def dialled(phone: str) -> str:
    """A phone number as a `tel:` address needs it: a leading plus and digits only; empty where there is no digit."""
    digits = re.sub(r"\D", "", phone)
    return ("+" if phone.strip().startswith("+") else "") + digits if digits else ""


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
