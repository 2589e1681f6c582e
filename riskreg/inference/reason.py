"""The reason of a finding: a tree of lines that a risk owner can follow from the rule down to each condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from riskreg.inference.compiled import Ready
from riskreg.inference.conditions import Voice, held, wanted
from riskreg.inference.facts import CONCLUDED
from riskreg.inference.meaning import Firing, Item, Node, speak
from riskreg.inference.wording import MISSING, day, many, measured, period, say, small, words
from riskreg.model.finding import Step
from riskreg.model.metric import Threshold
from riskreg.model.rule import Pattern, Rule, RuleException
from riskreg.model.times import say_duration

FOLD = 5
"""How many facts of one pattern are told; the others are counted."""
_STANDING = {
    "site": "{site} is a site of {vendor}",
    "served": "{function} is served at {site}",
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


def reason(
    given: Ready,
    firing: Firing,
    items: Mapping[str, Item],
    names: Mapping[str, str],
    thresholds: Mapping[str, Mapping[str, Threshold]] | None = None,
) -> Step:
    """The proof of a firing: each line is true because of the lines under it. Branches that did not hold are left out.

    `items` are the facts as they were given, ids and all; `names` what is said instead, from `wording.spoken`.
    """
    told = _Proof(given, firing, items, Voice(names, thresholds or {}))
    title = small(given.rule.title)
    where = ", ".join(map(str, speak(dict(firing.key), names).values()))
    text = f"{where}: {title}" if where else given.rule.title
    return Step(
        kind="rule",
        holds=True,
        text=text,
        below=(*told.steps(given.compiled.node), *told.times(), *outside(given, dict(firing.key), told.voice)),
    )


def place(firing: Firing, names: Mapping[str, str] | None = None) -> str:
    """The join key in words: `site Manila, vendor Altura`; ids where there are no names."""
    return placed(dict(firing.key), names or {}) or "anywhere"


def placed(key: Mapping[str, str], names: Mapping[str, str]) -> str:
    """`site Manila, vendor Altura`; empty for an empty key."""
    return ", ".join(f"{field} {value}" for field, value in speak(key, names).items())


class _Proof:
    def __init__(self, given: Ready, firing: Firing, items: Mapping[str, Item], voice: Voice) -> None:
        self.given, self.rule, self.firing, self.items, self.voice = given, given.rule, firing, items, voice
        self.taken: dict[int, list[Item]] = {}
        for number, fact in firing.taken:
            self.taken.setdefault(number, []).append(items[fact])

    def steps(self, node: Node) -> tuple[Step, ...]:
        if node.kind == "not":
            return (absent(node, dict(self.firing.key), self.voice),)
        if node.pattern is not None:
            return self.matched(node.pattern, self.taken.get(node.number, []))
        # Two patterns that ask for the same (two exposures at one site) would each tell the same facts.
        below = tuple(
            dict.fromkeys(step for part in node.below if node.kind == "all" or self.holds(part) for step in self.steps(part))
        )
        if len(below) == 1:
            return below
        text = "all of these hold" if node.kind == "all" else "at least one of these holds"
        return (Step(kind="all" if node.kind == "all" else "any", holds=True, text=text, below=below),)

    def holds(self, node: Node) -> bool:
        """Whether a part of an `any` was among the ways in which the rule held."""
        if node.kind == "not":
            key = dict(self.firing.key)
            agreeing = [item for item in self.given.denies[node.number] if item.place(self.rule.join).items() <= key.items()]
            return not silences(node.pattern, agreeing)
        if node.kind == "pattern":
            return node.number in self.taken
        every = [self.holds(part) for part in node.below]
        return all(every) if node.kind == "all" else any(every)

    def matched(self, pattern: Pattern, taken: Iterable[Item]) -> tuple[Step, ...]:
        newest = in_order(taken)
        steps = folded(newest, lambda item: fact_step(pattern, item, self.voice))
        if pattern.at_least is None or not newest:
            return steps
        return (Step(kind="count", holds=True, text=counted(self.rule, pattern, newest, self.voice), below=steps),)

    def times(self) -> tuple[Step, ...]:
        """How far apart, for how long, and until when: what the rule says of time and this firing has."""
        return tuple(
            Step(kind="time", holds=True, text=text) for text in (self.within(), self.lasting(), self.open_until()) if text
        )

    def within(self) -> str:
        within, times = self.rule.within, self.spread()
        if within is None or len(self.firing.chosen) < 2 or len(times) < 2:
            return ""
        apart = round((max(times) - min(times)) / timedelta(seconds=1))
        allowed = f"the rule allows {say_duration(within)} between them"
        return f"they lie {say_duration(apart)} apart; {allowed}" if apart else f"they come at the same time; {allowed}"

    def spread(self) -> list[datetime]:
        """The moments of the combination that speaks for all; of a counted pattern the stretch that lies nearest to the others."""
        moments: list[datetime] = []
        for number, fact in sorted(self.firing.chosen, key=lambda pair: self.given.compiled.patterns[pair[0]].at_least is not None):
            at = self.items[fact].at
            if self.given.compiled.patterns[number].at_least is None:
                moments += [at] if at else []
                continue
            stretches = [(one.start, one.end) for one in self.given.takes[number] if one.item.id == fact and one.start and one.end]
            ends = (
                [min(stretches, key=lambda pair: (max([*moments, pair[1]]) - min([*moments, pair[0]]), pair))] if stretches else []
            )
            moments += [moment for pair in ends for moment in pair]
        return moments

    def lasting(self) -> str:
        since, until, asked = self.firing.since, self.firing.until, self.rule.lasting
        if asked is None or since is None or until is None:
            return ""
        return f"it has held since {day(since)}, {_span(since, until)}; the rule asks for {say_duration(asked)}"

    def open_until(self) -> str:
        until, keep = self.firing.until, self.rule.keep_open_for
        if until is None or keep is None:
            return ""
        return f"open until {day(until + timedelta(seconds=keep))}: {say_duration(keep)} after it was last true, {day(until)}"


def absent(node: Node, key: Mapping[str, str], voice: Voice) -> Step:
    """The line of a `not` that holds: `no open action (kind retention-plan) for site Manila`."""
    pattern = node.pattern
    assert pattern is not None
    such = f" ({wanted(pattern, voice)})" if pattern.where else ""
    where = f" for {placed(key, voice.names)}" if key else " anywhere"
    recent = f" in the last {say_duration(pattern.within)}" if pattern.within is not None else ""
    few = ""
    if pattern.at_least is not None:
        of = f" with different {many(pattern.different)}" if pattern.different else ""
        few = f"{pattern.at_least} or more of them{of}: "
    return Step(kind="not", holds=True, text=f"{'not ' if few else 'no '}{few}{words(pattern.kind)}{such}{where}{recent}")


def silences(pattern: Pattern | None, agreeing: Sequence[Item]) -> bool:
    """Whether facts of a negated pattern, which agree with a key, are enough to silence it."""
    assert pattern is not None
    if pattern.different:
        return len({item.fact[pattern.different] for item in agreeing if pattern.different in item.fact}) >= (pattern.at_least or 1)
    return len(agreeing) >= (pattern.at_least or 1)


def outside(given: Ready, key: Mapping[str, str], voice: Voice) -> list[Step]:
    """What the rule does not look at, as far as it could touch this key: its scope, and exceptions in force."""
    rule, told = given.rule, []
    if rule.scope:
        only = wanted(Pattern(fact="any", where=dict(rule.scope)), voice)
        told.append(Step(kind="condition", holds=True, text=f"the rule looks only at {only}"))
    for exception in rule.exceptions:
        if exception.until < given.as_of.astimezone(UTC).date():
            continue
        asks = {name: test.eq for name, test in exception.where.items() if test.model_fields_set == {"eq"}}
        if all(key.get(name, value) == value for name, value in asks.items()):
            told.append(Step(kind="left-out", holds=True, text=left_out(exception, voice)))
    return told


def left_out(exception: RuleException, voice: Voice) -> str:
    """`left out until Wed 31 Mar 2027 by operations: site Bogota (ramp-down)`."""
    what = wanted(Pattern(fact="any", where=dict(exception.where)), voice)
    until = day(exception.until.isoformat())
    return f"left out until {until} by {words(exception.approved_by)}: {what} ({exception.reason})"


def fact_step(pattern: Pattern, item: Item, voice: Voice, *, conditions: bool = True) -> Step:
    """One fact that matched, with the conditions that it met."""
    if item.fact.get("fact") == MISSING and pattern.kind != MISSING:
        text = f"{_told(MISSING, item, voice)}; missing data counts as ‘{words(pattern.kind)}’ here"
        return Step(kind="missing", holds=True, text=text, fact=item.id)
    below = tuple(
        Step(kind="condition", holds=True, text=held(pattern, field, item.fact, voice)) for field in pattern.where if conditions
    )
    kind = "signal" if pattern.signal else "fact"
    return Step(kind=kind, holds=True, text=_told(pattern.kind, item, voice), fact=item.id, below=below)


def folded(newest: Sequence[Item], told: Any) -> tuple[Step, ...]:
    """A line for each of the first few facts, and one for all others."""
    shown, rest = newest[: FOLD if len(newest) > FOLD + 1 else None], newest[FOLD:] if len(newest) > FOLD + 1 else []
    steps = tuple(told(item) for item in shown)
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


def densest(items: Iterable[Item], within: int | None, field: str | None) -> list[Item]:
    """The most facts (or different values of `field`) that lie in one window of `within` seconds, standing facts always among
    them; the newest such window. One pass over the facts in the order of time."""
    found = [item for item in in_order(items) if field is None or field in item.fact]
    standing = [item for item in found if item.at is None]
    dated = [item for item in reversed(found) if item.at is not None]
    counts: dict[Any, int] = {}

    def value(item: Item) -> Any:
        return item.id if field is None else item.fact[field]

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


def _told(kind: str, item: Item, voice: Voice) -> str:
    """One fact in words: what, where, when, how much."""
    fact = item.told(voice.names).fact
    if item.id.startswith(CONCLUDED):
        where = _where(fact)
        return f"{words(kind)}{f' at {where}' if where else ''}, concluded by the rule {fact['rule']}"
    told = _COVER.get(str(fact.get("outcome"))) if kind == "cover" else _STANDING.get(kind)
    if told and "fact" in fact:
        known = {field: _date(value) if field in _DATES else say(value) for field, value in fact.items()}
        if kind == MISSING:
            known["metric"] = words(fact.get("metric", "readings"))
            if not fact.get("last"):
                told = "no {metric} from {where} yet, {days_late} days late"
        return told.format_map(_Known(known | {"where": _where(fact) or "anywhere"}))
    text = words(kind)
    if where := _where(fact):
        text += f" {'for' if 'function' in fact else 'at'} {where}"
    if item.at:
        by_period = kind in ("attrition_spike", "forecast_miss") and "from" in fact
        text += f", {period(fact) if by_period else day(item.at)}"
    if numbers := measured(fact):
        text += f": {numbers}"
    return text


def _date(value: Any) -> str:
    try:
        return day(value)
    except ValueError:
        return say(value)


def _span(start: datetime, end: datetime) -> str:
    return say_duration(round((end - start) / timedelta(seconds=1)))


def _where(fact: Mapping[str, Any]) -> str:
    """The narrowest places that a fact names; the vendor only where there is nothing narrower."""
    narrow = [str(fact[field]) for field in ("function", "site", "pool", "system") if field in fact]
    return ", ".join(narrow) or str(fact.get("vendor", ""))


class _Known(dict[str, str]):
    """Fields of a standing fact for a sentence; one that is not there is said to be so."""

    def __missing__(self, key: str) -> str:
        return f"(no {words(key)} given)"
