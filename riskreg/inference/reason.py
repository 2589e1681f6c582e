"""The reason of a finding: a tree of lines that a risk owner can follow from the rule down to each condition."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from riskreg.inference.candidates import Ready
from riskreg.inference.conditions import held, wanted
from riskreg.inference.facts import CONCLUDED
from riskreg.inference.meaning import Firing, Item, Node, speak
from riskreg.inference.wording import day, measured, period, say, words
from riskreg.model.finding import Step
from riskreg.model.times import say_duration

_STANDING = {
    "site": "{site} is a site of {vendor}",
    "served": "{function} is served at {site}",
    "contract": "{title} with {vendor} ends {ends}; notice must be given by {notice_by}",
}
_COVER = {
    "met": "without {site}, {function} is covered",
    "late": "without {site}, {function} has its minimum back too late: up to {short} positions short until then",
    "breach": "without {site}, {function} is not covered: up to {short} positions short",
    "not-known": "without {site}, {function} rests on cover that was never tested: up to {short} positions short if it fails",
}
_DATES = ("ends", "notice_by")


def reason(given: Ready, firing: Firing, items: Mapping[str, Item], names: Mapping[str, str]) -> Step:
    """The proof of a firing: each line is true because of the lines under it. Branches that did not hold are left out."""
    below = _steps(given.node, given, firing, items, names)
    window = _window(given, firing, items)
    title = given.rule.title
    where = ", ".join(map(str, speak(dict(firing.key), names).values()))
    text = f"{where}: {title[0].lower()}{title[1:]}" if where else title
    return Step(kind="rule", holds=True, text=text, below=(*below, *window))


def place(firing: Firing, names: Mapping[str, str] | None = None) -> str:
    """The join key in words: `site Manila, vendor Altura`; ids where there are no names."""
    return ", ".join(f"{field} {value}" for field, value in speak(dict(firing.key), names or {}).items()) or "anywhere"


def _steps(node: Node, given: Ready, firing: Firing, items: Mapping[str, Item], names: Mapping[str, str]) -> tuple[Step, ...]:
    if node.kind == "not":
        return (_absent(node, firing, names),)
    if node.pattern is not None:
        facts = sorted((fact for number, fact in firing.taken if number == node.number), key=lambda fact: _order(items[fact]))
        return tuple(_fact(node, items[fact]) for fact in facts)
    # Two patterns that ask for the same (two exposures at one site) would each tell the same facts.
    below = tuple(
        dict.fromkeys(
            step
            for part in node.below
            if node.kind == "all" or _holds(part, given, firing)
            for step in _steps(part, given, firing, items, names)
        )
    )
    if len(below) == 1:
        return below
    text = "all of these hold" if node.kind == "all" else "at least one of these holds"
    return (Step(kind="all" if node.kind == "all" else "any", holds=True, text=text, below=below),)


def _holds(node: Node, given: Ready, firing: Firing) -> bool:
    """Whether a part of an `any` was among the ways in which the rule held."""
    if node.kind == "not":
        key = dict(firing.key)
        return not any(key.items() >= item.place(given.rule.join).items() for item in given.facts[node.number])
    if node.kind == "pattern":
        return any(number == node.number for number, _ in firing.taken)
    every = [_holds(part, given, firing) for part in node.below]
    return all(every) if node.kind == "all" else any(every)


def _fact(node: Node, item: Item) -> Step:
    assert node.pattern is not None
    conditions = tuple(
        Step(kind="condition", holds=True, text=held(node.pattern.kind, field, condition, item.fact.get(field)))
        for field, condition in node.pattern.where.items()
    )
    kind = "signal" if node.pattern.signal else "fact"
    return Step(kind=kind, holds=True, text=_told(node.pattern.kind, item), fact=item.id, below=conditions)


def _told(kind: str, item: Item) -> str:
    """One fact in words: what, where, when, how much."""
    fact = item.fact
    if item.id.startswith(CONCLUDED):
        return f"{words(kind)} at {_where(fact)}, concluded by the rule {fact['rule']}"
    told = _COVER.get(str(fact.get("outcome"))) if kind == "cover" else _STANDING.get(kind)
    if told and "fact" in fact:
        return told.format_map(_Known((field, _date(value) if field in _DATES else say(value)) for field, value in fact.items()))
    text = words(kind)
    if where := _where(fact):
        text += f" {'for' if 'function' in fact else 'at'} {where}"
    if item.at:
        counted = kind in ("attrition_spike", "forecast_miss") and "from" in fact
        text += f", {period(fact) if counted else day(item.at)}"
    if numbers := measured(fact):
        text += f": {numbers}"
    return text


def _date(value: Any) -> str:
    try:
        return day(value)
    except ValueError:
        return say(value)


def _absent(node: Node, firing: Firing, names: Mapping[str, str]) -> Step:
    assert node.pattern is not None
    such = f" ({wanted(node.pattern)})" if node.pattern.where else ""
    where = f" for {place(firing, names)}" if firing.key else " anywhere"
    return Step(kind="not", holds=True, text=f"no {words(node.pattern.kind)}{such}{where}")


def _window(given: Ready, firing: Firing, items: Mapping[str, Item]) -> tuple[Step, ...]:
    times = [at for _, fact in firing.chosen if (at := items[fact].at)]
    within = given.rule.within
    if within is None or len(times) < 2:
        return ()
    apart = round((max(times) - min(times)) / timedelta(seconds=1))
    allowed = f"the rule allows {say_duration(within)} between them"
    text = f"they lie {say_duration(apart)} apart; {allowed}" if apart else f"they come at the same time; {allowed}"
    return (Step(kind="condition", holds=True, text=text),)


def _where(fact: Mapping[str, Any]) -> str:
    """The narrowest places that a fact names; the vendor only where there is nothing narrower."""
    narrow = [str(fact[field]) for field in ("function", "site", "pool", "system") if field in fact]
    return ", ".join(narrow) or str(fact.get("vendor", ""))


def _order(item: Item) -> tuple[float, str]:
    return (item.at.timestamp() if item.at else float("-inf"), item.id)


class _Known(dict[str, str]):
    """Fields of a standing fact for a sentence; one that is not there is said to be so."""

    def __missing__(self, key: str) -> str:
        return f"(no {words(key)} given)"
