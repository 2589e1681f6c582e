"""What people type: checked, cleaned, and every fault of one form told at once."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import get_args

from riskreg.model.base import unprintable
from riskreg.model.faults import Fault, FaultError, Span, in_order
from riskreg.model.rule import Category

LIMITS = {"actor": 120, "owner": 64, "title": 200, "reason": 2000, "text": 2000}
"""Longest text of each field, in characters."""

_LINES = ("reason", "text")
_SCOPE = re.compile(r"(client|(site|system|vendor|pool|function):[A-Za-z0-9][A-Za-z0-9_.-]{0,63})")
_EXAMPLES = {
    "actor": "quality-lead",
    "owner": "workforce-lead",
    "title": "Talent attrition at site MNL",
    "reason": "Two team leads left in October; hiring is behind by 14.",
    "text": "Vendor asked for the exit interviews on Monday.",
}


class Entry:
    """One form as it is being checked. Ask for each field, then call `done`."""

    def __init__(self, place: str) -> None:
        self._span = Span(path=place)
        self._faults: list[Fault] = []

    def text(self, field: str, value: str) -> str:
        """`value` without blanks around it and with plain line ends; a fault if empty, too long, or not printable."""
        clean = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
        limit, example = LIMITS[field], _EXAMPLES[field]
        if not clean:
            self._fault(f"{field}-missing", f"the {field} is empty", f"Say the {field} in a few words.", example)
        elif len(clean) > limit:
            longer = f"the {field} has {len(clean)} characters; at most {limit} are kept"
            self._fault(f"{field}-too-long", longer, "Shorten it, and put the rest where the evidence is kept.", example)
        elif strange := unprintable(clean, lines=field in _LINES):
            message = f"the {field} has a character in it that cannot be shown: {strange}"
            self._fault(f"{field}-not-printable", message, "Type the text again instead of pasting it.", example)
        return clean

    def category(self, value: str) -> str:
        """One of the closed list of categories."""
        if value not in get_args(Category):
            known = ", ".join(get_args(Category))
            self._fault("unknown-category", f"{value[:64]!r} is not a category", f"Choose one of: {known}.", "talent-attrition")
        return value

    def scope(self, value: str) -> str:
        """`client`, or a reference to one thing of the network."""
        if not _SCOPE.fullmatch(value):
            hint = "Write client, or site:, function:, vendor:, system: or pool: and the id of one."
            self._fault("scope-not-readable", f"{value[:64]!r} does not say what the risk is about", hint, "site:MNL")
        return value

    def done(self) -> None:
        """FaultError with every fault that was found."""
        if self._faults:
            raise FaultError(in_order(self._faults))

    def _fault(self, code: str, message: str, hint: str, example: str) -> None:
        self._faults.append(Fault(code=code, message=message, hint=hint, example=example, span=self._span))


def aware(at: datetime) -> datetime:
    """`at`; ValueError for a time without its zone."""
    if at.tzinfo is None:
        raise ValueError("a time needs its zone: 2026-11-21T06:00:00+00:00")
    return at
