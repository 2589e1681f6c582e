"""Facts in words: one alone, a few and how many others, and what a counted pattern counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from riskreg.inference.language.meaning import CONCLUDED, Item
from riskreg.inference.words.conditions import Voice, held
from riskreg.inference.words.wording import MISSING, day, many, measured, period, say, words
from riskreg.model.finding import Step
from riskreg.model.rule import Pattern, Rule
from riskreg.model.times import say_duration

FOLD = 5
"""How many facts of one pattern are told; the others are counted."""
_STANDING = {
    "site": "{site} is a site of {vendor}",
    "served": "{function} is served at {site}",
    "function": "{function} is work of tier {tier}",
    "vendor": "{vendor} serves {functions} functions at {sites} sites",
    "pool": "{pool} is a pool of {positions} positions at {site}",
    "depends": "{function} needs {system} at {site}",
    "contract": "{title} with {vendor} ends {ends}; notice must be given by {notice_by}",
    "risk": "the register has a risk ‘{category}’ for {where}, {state}, likelihood {likelihood} and impact {impact}",
    MISSING: "no {metric} from {where} since {last}, {days_late} days late",
}
_COVER = {
    "met": "without {site}, {function} is covered",
    "late": "without {site}, {function} has its minimum back too late: up to {short} positions short until then",
    "breach": "without {site}, {function} is not covered: up to {short} positions short",
    "not-known": "without {site}, {function} rests on cover that was never tested: up to {short} positions short if it fails",
}
_DATES = ("ends", "notice_by", "last", "due")


def fact_step(pattern: Pattern, item: Item, voice: Voice, *, conditions: bool = True) -> Step:
    """One fact that matched, with the conditions that it met."""
    if item.fact.get("fact") == MISSING and pattern.kind != MISSING:
        text = f"{told(MISSING, item, voice)}; missing data counts as ‘{words(pattern.kind)}’ here"
        return Step(kind="missing", holds=True, text=text, fact=item.id)
    below = tuple(
        Step(kind="condition", holds=True, text=held(pattern, field, item.fact, voice)) for field in pattern.where if conditions
    )
    kind = "signal" if pattern.signal else "fact"
    return Step(kind=kind, holds=True, text=told(pattern.kind, item, voice), fact=item.id, below=below)


def folded(newest: Sequence[Item], step: Callable[[Item], Step]) -> tuple[Step, ...]:
    """A line for each of the first few facts, and one for all others."""
    shown, rest = newest[: FOLD if len(newest) > FOLD + 1 else None], newest[FOLD:] if len(newest) > FOLD + 1 else []
    steps = tuple(step(item) for item in shown)
    if not rest:
        return steps
    dated = [item.at for item in rest if item.at]
    text = f"and {len(rest)} earlier, the first on {day(min(dated))}" if dated else f"and {len(rest)} more"
    return (*steps, Step(kind="more", holds=True, text=text))


def in_order(items: Iterable[Item]) -> list[Item]:
    """Newest first, standing facts last, then by id."""
    return sorted(items, key=lambda item: (-item.at.timestamp() if item.at else float("inf"), item.id))


def counted(rule: Rule, pattern: Pattern, newest: Sequence[Item], voice: Voice) -> str:
    """`quality drift at 2 sites of Altura: Cebu and Manila, within 28 days; the rule asks for at least 2`."""
    within = pattern.within if pattern.within is not None else rule.within
    best = densest(newest, within, pattern.different)
    window = f" within {say_duration(within)}" if within is not None else ""
    asked = f"the rule asks for at least {pattern.at_least}"
    subject = words(pattern.kind)
    if pattern.different:
        return f"{subject} {different(rule, pattern.different, best, voice)}{window and ','}{window}; {asked}"
    if len(best) == len(newest):
        return f"{subject} {times(len(best))}{window}; {asked}"
    first = min(item.at for item in newest if item.at)
    return f"{subject} {times(len(newest))} since {day(first)}, up to {len(best)}{window}; {asked}"


def different(rule: Rule, field: str, items: Iterable[Item], voice: Voice) -> str:
    """`at 2 sites of Altura: Cebu and Manila`, `of 3 different metrics: …`."""
    said = sorted({str(voice.name(field, item.fact[field])) for item in items if field in item.fact})
    shown = [*said[:FOLD], f"{len(said) - FOLD} more"] if len(said) > FOLD + 1 else said
    of = ""
    if "vendor" in rule.join and field != "vendor":
        vendors = sorted({str(voice.name("vendor", item.fact["vendor"])) for item in items if "vendor" in item.fact})
        of = f" of {vendors[0]}" if len(vendors) == 1 else ""
    word = "at" if field in ("site", "pool") else "for" if field in ("function", "vendor", "client", "system") else "of"
    noun = words(field) if len(said) == 1 else many(field)
    kinds = "" if word != "of" or len(said) == 1 else "different "
    names = " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
    return f"{word} {len(said)} {kinds}{noun}{of}" + (f": {names}" if names else "")


def times(number: int) -> str:
    return "once" if number == 1 else "twice" if number == 2 else f"{number} times"


def worth(value: Any) -> tuple[bool, Any]:
    """A value as rules tell values apart: 1 is 1.0, and is not true."""
    return isinstance(value, bool), value


def densest(items: Iterable[Item], within: int | None, field: str | None) -> list[Item]:
    """The most facts (or different values of `field`) that lie in one window of `within` seconds, standing facts always among
    them; the newest such window. One pass over the facts in the order of time."""
    found = [item for item in in_order(items) if field is None or field in item.fact]
    standing = [item for item in found if item.at is None]
    dated = [item for item in reversed(found) if item.at is not None]
    counts: dict[Any, int] = {}

    def value(item: Item) -> Any:
        return item.id if field is None else worth(item.fact[field])

    for item in standing:
        counts[value(item)] = counts.get(value(item), 0) + 1
    start, best, most = 0, (0, 0), len(counts)
    for end, item in enumerate(dated):
        counts[value(item)] = counts.get(value(item), 0) + 1
        while within is not None and _apart(dated[start], item) > within:
            counts[value(dated[start])] -= 1
            if not counts[value(dated[start])]:
                del counts[value(dated[start])]
            start += 1
        if len(counts) >= most:
            most, best = len(counts), (start, end + 1)
    return [*reversed(dated[slice(*best)]), *standing]


def _apart(one: Item, other: Item) -> float:
    assert one.at is not None
    assert other.at is not None
    return (other.at - one.at).total_seconds()


def told(kind: str, item: Item, voice: Voice) -> str:
    """One fact in words: what, where, when, how much."""
    fact = item.told(voice.names).fact
    if item.id.startswith(CONCLUDED):
        where = _where(fact)
        return f"{words(kind)}{f' at {where}' if where else ''}, concluded by the rule {fact['rule']}"
    line = _COVER.get(str(fact.get("outcome"))) if kind == "cover" else _STANDING.get(kind)
    if line and "fact" in fact:
        known = {field: _date(value) if field in _DATES else say(value) for field, value in fact.items()}
        if kind == "risk":
            known["category"] = known.get("category", "").replace("-", " ")
            line = line if "likelihood" in fact else "the register has a risk ‘{category}’ for {where}, {state}, not yet scored"
        if kind == MISSING:
            known["metric"] = words(fact.get("metric", "readings"))
            if not fact.get("last"):
                line = "no {metric} from {where} yet, {days_late} days late"
        return line.format_map(_Known(known | {"where": _where(fact) or "anywhere"}))
    text = words(kind)
    if where := _where(fact):
        text += f" {'for' if 'function' in fact else 'at'} {where}"
    if item.at:
        by_period = kind in ("attrition_spike", "forecast_miss") and isinstance(fact.get("from"), datetime)
        text += f", {period(fact) if by_period else day(item.at)}"
    if numbers := measured(fact):
        text += f": {numbers}"
    return text


def _date(value: Any) -> str:
    try:
        return day(value)
    except ValueError:
        return say(value)


def _where(fact: Mapping[str, Any]) -> str:
    """The narrowest places that a fact names; the vendor only where there is nothing narrower."""
    narrow = [str(fact[field]) for field in ("function", "site", "pool", "system") if field in fact]
    return ", ".join(narrow) or str(fact.get("vendor", ""))


class _Known(dict[str, str]):
    """Fields of a standing fact for a sentence; one that is not there is said to be so."""

    def __missing__(self, key: str) -> str:
        return f"(no {words(key)} given)"
