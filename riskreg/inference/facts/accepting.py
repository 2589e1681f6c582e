"""Facts as they come in: what cannot be judged soundly is refused, with the field named."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, get_args

from riskreg.inference.language.meaning import CONCLUDED, MAX_TEXT, MAX_WHOLE, Firing, Item, patterns, tree
from riskreg.model.faults import Fault, Span
from riskreg.model.rule import Place, Rule
from riskreg.model.signal import Fact, as_time, as_utc

MAX_FAULTS = 100
"""Refused facts that are told one by one; the rest is counted."""
PLACES = frozenset(get_args(Place))
PLACE = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
_PLACE, _FIELD = re.compile(PLACE), re.compile(r"^[a-z][a-z0-9_]{0,63}$")
_RESERVED = frozenset({"sid"})

Wrong = tuple[str, str, str]
"""Code, message, hint."""
DUPLICATE: Wrong = ("fact-duplicate", "another fact has the same id; the first one is used", "Give every fact an id of its own.")


def accept(facts: Sequence[Fact]) -> tuple[tuple[Item, ...], tuple[Fault, ...]]:
    """Facts that can be judged, sorted by id, and a fault for each that cannot, at most a hundred and how many more there are.
    The facts themselves are not changed."""
    seen: set[str] = set()
    items: list[Item] = []
    faults: list[Fault] = []
    refused = 0
    for number, fact in enumerate(facts):
        if found := wrong(fact, seen):
            refused += 1
            if refused <= MAX_FAULTS:
                faults.append(refusal(fact, number, found))
            continue
        seen.add(fact["id"])
        items.append(item(fact))
    return tuple(sorted(items, key=lambda one: one.id)), (*faults, *further(refused))


def item(fact: Fact) -> Item:
    """A fact without its empty fields, its time in UTC."""
    kept = {field: value for field, value in fact.items() if value is not None}
    at = kept.get("at")
    return Item(fact["id"], as_utc(at) if at is not None else None, kept)


def refusal(fact: Fact, number: int, found: Wrong) -> Fault:
    """The fault of one fact; `number` counts from 0 and stands for an id that is not there."""
    code, message, hint = found
    name = str(fact.get("id") or f"number {number + 1}")[:80]
    return Fault(code=code, message=f"fact {name}: {message}", hint=hint, span=Span(path="facts", cell=name))


def further(refused: int) -> tuple[Fault, ...]:
    """How many facts were refused beyond those that are told one by one."""
    if refused <= MAX_FAULTS:
        return ()
    message = f"{refused - MAX_FAULTS:,} more facts cannot be judged either ({refused:,} in all)"
    return (Fault(code="facts-refused", message=message, hint="Correct those above first.", span=Span(path="facts")),)


def conclusions(rules: Mapping[str, Rule], firings: Iterable[Firing], items: Mapping[str, Item]) -> tuple[Item, ...]:
    """The facts that firings conclude: id `concluded:<rule>:<key>`, the join key, and the time of the latest fact under it
    (none where all are standing facts)."""
    found = []
    for firing in firings:
        then = rules[firing.rule].then
        if then.conclude:
            fact: Fact = {
                "id": _name(firing),
                "fact": then.conclude.fact,
                "rule": firing.rule,
                **dict(firing.key),
            }
            if at := latest(firing, items):
                fact["at"] = at
            found.append(item(fact))
    return tuple(sorted(found, key=lambda one: one.id))


def _name(firing: Firing) -> str:
    values = [value.replace("%", "%25").replace("/", "%2F") for _, value in firing.key]
    return CONCLUDED + firing.rule + (f":{'/'.join(values)}" if values else "")


def latest(firing: Firing, items: Mapping[str, Item]) -> datetime | None:
    """Time of the latest dated fact of a firing; None where all are standing facts."""
    return max((at for fact in firing.facts if (at := items[fact].at)), default=None)


def deadline(rule: Rule, firing: Firing, items: Mapping[str, Item]) -> date | None:
    """The earliest of the dates (in UTC) that `raise.due` names, over every fact that matched there; None where there is none.
    ValueError where a value is neither a time nor a date as text."""
    if rule.then.raises is None or (due := rule.then.raises.deadline) is None:
        return None
    alias, field, after = due
    numbers = {number for number, pattern in patterns(tree(rule.when)).items() if pattern.alias == alias}
    values = [items[fact].fact.get(field) for number, fact in firing.taken if number in numbers]
    try:
        return min(((as_time(value) + timedelta(seconds=after)).date() for value in values if value is not None), default=None)
    except OverflowError as error:
        raise ValueError("no calendar reaches so far") from error


def plain(fact: Mapping[str, Any]) -> dict[str, Any]:
    """A fact as JSON keeps it: times become text in UTC (`2026-11-16T00:00:00Z`), so that a stored finding reads back equal."""
    return {
        field: as_utc(value).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for field, value in fact.items()
    }


def wrong(fact: Fact, seen: set[str]) -> Wrong | None:
    """Why a fact cannot be judged; None where it can. `seen`: ids of the facts accepted before it."""
    ident = fact.get("id")
    if not isinstance(ident, str) or not 0 < len(ident) <= MAX_TEXT:
        return "fact-id", "it needs an id: a text of at most 1000 characters", "Give every fact an id of its own."
    if ident.startswith(CONCLUDED):
        return "fact-reserved", f"ids that start with '{CONCLUDED}' are for what rules conclude", "Choose another id."
    kinds = [name for name in ("signal", "fact") if fact.get(name) is not None]
    if len(kinds) != 1 or not isinstance(fact[kinds[0]], str):
        return "fact-kind", "it needs either a signal or a fact, as text", "Write signal: quality_drift or fact: cover."
    if fact.get("at") is not None and not isinstance(fact["at"], datetime):
        return _timeless("at")
    for field, value in fact.items():
        if found := _wrong_field(field, value):
            return found
    if ident in seen:
        return DUPLICATE
    return None


def sound_name(field: Any) -> bool:
    """Whether a field may have this name."""
    return isinstance(field, str) and _FIELD.fullmatch(field) is not None and field not in _RESERVED


def _wrong_field(field: Any, value: Any) -> Wrong | None:
    if not sound_name(field):
        return "fact-reserved", f"'{field}' cannot be the name of a field", "Use lower case letters, digits and underscores."
    if value is None:
        return None
    if field in PLACES and not (isinstance(value, str) and (len(value) > MAX_TEXT or _PLACE.fullmatch(value))):
        return "fact-place", f"{field} is not an id", "An id has letters, digits, dots, dashes and underscores, 64 at most."
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            return "fact-too-long", f"{field} is longer than {MAX_TEXT} characters", "Keep long texts out of facts."
        return None
    if isinstance(value, bool):
        return None
    if isinstance(value, datetime):
        return None if value.tzinfo is not None else _timeless(field)
    if isinstance(value, (int, float)):
        if not math.isfinite(value) or abs(value) > MAX_WHOLE:
            return "fact-number", f"{field} is {value}, which cannot be compared exactly", "Leave the field out, or scale it."
        return None
    return "fact-type", f"{field} is neither text, a number, true or false, nor a time", "Facts are flat: one value a field."


def _timeless(field: str) -> Wrong:
    return "fact-time", "its time needs a zone", f"Give `{field}` as a time with its zone, 2026-11-16T00:00:00Z, or leave it out."
